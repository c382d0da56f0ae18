"""Trigger: what to do next, and why: by stated rules, the most urgent first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from .estimate import Estimate

Action = Literal["label", "turn", "re-tune", "add a class", "look", "nothing"]
# Live accuracy this far below the evaluated score (shares of 1), proved, is worth a training.
LOST = 0.02
# As many labels as this make an interval of a few points.
FEWEST_LABELS = 40
FEWEST_NEW = 10
DRAW = f"tunewheel audit --draw {FEWEST_LABELS}"


@dataclass(frozen=True, slots=True)
class Advice:
    """Something to do, the command for it (empty: none), and why."""

    action: Action
    why: str
    command: str = ""


@dataclass(frozen=True)
class Known:
    """What is known of a version at work.

    `requests` since it went live; `waiting` rows that an audit drew and nobody has labelled; `decidable` rows labelled
    for a candidate that waits; `new_rows` that people taught since the last training; `evaluated` its score on the
    frozen test, in shares of 1, where that is an accuracy; `drift` the decision and the sentence of the last look.
    """

    requests: int
    waiting: int
    decidable: int
    candidate: str | None
    new_rows: int
    evaluated: float | None
    estimate: Estimate | None
    drift: tuple[str, str] | None


def advise(known: Known) -> list[Advice]:
    """All that is worth doing, the most urgent first; never empty."""
    advice = list(_advice(known))
    return advice or [Advice("nothing", _quiet(known))]


def _advice(known: Known) -> Iterator[Advice]:
    if known.candidate and known.decidable:
        why = f"{known.decidable} rows were labelled since {known.candidate} learnt, and can decide on it"
        yield Advice("turn", why, "tunewheel turn")
    if known.waiting:
        why = f"{known.waiting} rows are drawn for a person to label"
        yield Advice("label", why, "tunewheel audit --export FILE, then --import FILE")
    if known.new_rows >= FEWEST_NEW:
        yield Advice("turn", f"{known.new_rows} rows are new since the last training", "tunewheel turn")
    if known.estimate and known.evaluated is not None and known.estimate.high < known.evaluated - LOST:
        yield _of_loss(known, _lost(known.estimate, known.evaluated))
    if known.drift and known.drift[0] != "nothing":
        yield _of_drift(*known.drift)
    if not known.waiting and known.requests >= 50 and (known.estimate is None or _loose(known.estimate)):
        labels = known.estimate.labels if known.estimate else 0
        yield Advice("label", f"live accuracy rests on {labels} labelled rows", DRAW)


def _of_loss(known: Known, why: str) -> Advice:
    """A candidate that has learnt all there is waits for rows that can decide on it."""
    if known.candidate and not known.new_rows:
        return Advice("label", f"{why}; {known.candidate} waits for audited rows that decide on it", DRAW)
    return Advice("re-tune", why, "tunewheel turn --force")


def _of_drift(decision: str, sentence: str) -> Advice:
    if decision == "label":
        return Advice("label", sentence, DRAW)
    if decision == "add a class":
        return Advice("add a class", sentence, DRAW)
    return Advice("re-tune", sentence, "tunewheel turn --force")


def _loose(estimate: Estimate) -> bool:
    return estimate.labels < FEWEST_LABELS


def _lost(estimate: Estimate, evaluated: float) -> str:
    return (
        f"live accuracy is {100 * estimate.value:.1f} [{100 * estimate.low:.1f}, {100 * estimate.high:.1f}], "
        f"and {100 * evaluated:.1f} was evaluated"
    )


def _quiet(known: Known) -> str:
    if not known.requests:
        return "nothing was asked since it went live"
    return "nothing has changed that would be worth a training"
