"""Draw: from the traffic since the last audit to the rows that a person should label."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from ...feedback.audit import Draw, draw
from ...feedback.journal import Asked, Drawn
from ...registry import CANDIDATE, LIVE, utc_now
from ...serving import Predictor
from ...workspace import Workspace
from ..load import load
from .drifted import drift_of
from .traffic import Answers, Traffic, answers, apart, traffic

# What servers answered may reach the journal so much later.
LATE = timedelta(seconds=5)
# An audit of less traffic than this would say little about it.
FEWEST_ROWS = 50


@dataclass(frozen=True)
class Audit:
    """What was drawn from how many requests (at least `fewest`); on how many of them the candidate answers differently
    (None: there is no candidate)."""

    drawn: list[Drawn]
    rows: int
    apart: int | None
    fewest: int = FEWEST_ROWS


def draw_audit(workspace: Workspace, labels: int, seed: int = 0, now: datetime | None = None) -> Audit:
    """Draw so many rows of the traffic between the last audit and `now` into the queue, in random order.

    Where live and candidate answer differently a row is likelier to be drawn, as is one that the live version is not
    sure of or that is unlike what it learnt from; how likely is kept with the row.
    """
    live = load(workspace, LIVE)
    until = ((now or datetime.now(UTC)) - LATE).isoformat(timespec="microseconds")
    window = traffic(workspace, live.task, last_audit(workspace), until)
    if len(window) < FEWEST_ROWS or labels <= 0:
        return Audit([], len(window), None)
    rival = _candidate(workspace, live)
    mine, theirs = answers(live, window), answers(rival, window) if rival else None
    differ = apart(mine.values, theirs.values) if theirs else None
    drift = drift_of(workspace, live.version, window.examples, mine)
    region = drift.region if drift else None
    chosen = draw(labels, mine.confidences, disagree=differ, drifted=region, seed=seed)
    order = np.random.default_rng(seed).permutation(len(chosen)).tolist()
    rows = [_drawn(chosen[i], until, window, live, rival, mine, theirs) for i in order]
    workspace.journal.draw(rows)
    return Audit(rows, len(window), int(differ.sum()) if differ is not None else None)


def audits(workspace: Workspace) -> list[str]:
    """The ends of the stretches of traffic that audits were drawn from, oldest first; each is an audit's name."""
    return sorted({row.audit for row in workspace.journal.drawn()})


def last_audit(workspace: Workspace) -> str:
    """The end of the stretch of the last audit; empty when there was none."""
    return next(reversed(audits(workspace)), "")


def waiting(workspace: Workspace) -> list[Drawn]:
    """The rows that were drawn and that nobody has labelled, in the order of the queue; not those that were erased."""
    labelled = {said.asked for said in workspace.journal.said(kind="label", rows=False) if said.origin == "audit"}
    return [row for row in workspace.journal.drawn() if row.row and row.asked not in labelled]


def _candidate(workspace: Workspace, live: Predictor) -> Predictor | None:
    version = workspace.versions.aliases().get(CANDIDATE)
    if version is None or version == live.version or workspace.versions.get(version).task != live.task.name:
        return None
    return load(workspace, version)


def _drawn(
    draw: Draw, until: str, window: Traffic, live: Predictor, rival: Predictor | None, mine: Answers,
    theirs: Answers | None,
) -> Drawn:  # fmt: skip
    asked: Asked = window.asked[draw.position]
    return Drawn(
        at=utc_now(), audit=until, population=len(window), asked=asked.id, key=asked.key, row=asked.row,
        version=live.version, answer=_plain(mine.values[draw.position]),
        confidence=float(mine.confidences[draw.position]), rival=rival.version if rival else "",
        rival_answer=_plain(theirs.values[draw.position]) if theirs else None,
        probability=draw.probability, why=draw.why,
    )  # fmt: skip


def _plain(value: Any) -> Any:
    return [list(part) if isinstance(part, tuple) else part for part in value] if isinstance(value, tuple) else value
