"""A year of each arm: what goes live when, and what that is truly worth. The arms have the same labels to spend."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from . import turn as wheel
from .drifting import Watch
from .plan import ALARM, ALWAYS, GATED, NEVER, ORACLE
from .streams import Stream, Turn
from .version import Rows, Version, fitted


@dataclass
class Diary:
    """What the judge wrote down of an arm, turn by turn; nobody who decides can read it."""

    live: list[float] = field(default_factory=list)
    estimates: list[Mapping[str, float]] = field(default_factory=list)
    promotions: list[tuple[int, float]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    alarms: list[int] = field(default_factory=list)
    labels: int = 0
    seconds: float = 0.0

    def promoted(self, number: int, gain: float) -> None:
        """A version went live in turn `number`; `gain` is what it is truly worth on that turn's distribution."""
        self.promotions.append((number, gain))


def worth(stream: Stream, turn: Turn, version: Version) -> float:
    """The accuracy on held-out rows of the turn's distribution."""
    return float(version.right(stream.pool, turn.held) @ turn.weights)


def live_accuracy(stream: Stream, turn: Turn, version: Version) -> float:
    """The accuracy on all of the turn's traffic."""
    return float(version.right(stream.pool, turn.traffic).mean())


def begun(stream: Stream) -> Version:
    """The version that all arms start with, from the first file."""
    return fitted(stream.pool, Rows(stream.initial, stream.pool.labels[stream.initial]))


def never(stream: Stream, live: Version, seed: int) -> Diary:
    """The first version serves all year."""
    return Diary(live=[live_accuracy(stream, turn, live) for turn in stream.turns])


def always(stream: Stream, live: Version, seed: int) -> Diary:
    """Every turn trains on all rows that are labelled, this turn's audit among them, and goes live unjudged."""
    return _without_gate(stream, live, seed, lambda watch, turn: True)


def on_alarm(stream: Stream, live: Version, seed: int) -> Diary:
    """The same, but only in turns whose traffic looks changed."""
    return _without_gate(stream, live, seed, lambda watch, turn: watch.look(turn.traffic, seed).alarm)


def _without_gate(
    stream: Stream, live: Version, seed: int, wanted: Callable[[Watch, Turn], bool]
) -> Diary:  # fmt: skip
    diary, rows, watch = Diary(), live.rows, Watch(stream.pool, live)
    for number, turn in enumerate(stream.turns):
        diary.live.append(live_accuracy(stream, turn, live))
        started = time.perf_counter()
        audit = wheel.audited(stream, turn, live, None, None, seed + number)
        rows = rows.with_more(turn.corrected, turn.said).with_more(audit.rows, audit.labels)
        diary.labels += len(turn.corrected) + len(audit.rows)
        if wanted(watch, turn):
            fresh = fitted(stream.pool, rows)
            diary.promoted(number, worth(stream, turn, fresh) - worth(stream, turn, live))
            live, watch = fresh, Watch(stream.pool, fresh)
        diary.seconds += time.perf_counter() - started
    return diary


def tunewheel(stream: Stream, live: Version, seed: int) -> dict[str, Diary]:
    """The wheel as it turns, and an oracle that is shown the same candidates and knows which of them are better."""
    gated, oracle = Diary(), Diary()
    best, rows = live, live.rows
    books, watch = wheel.Books(), Watch(stream.pool, live)
    for number, turn in enumerate(stream.turns):
        gated.live.append(live_accuracy(stream, turn, live))
        oracle.live.append(live_accuracy(stream, turn, best))
        started = time.perf_counter()
        turned = wheel.turned(stream, turn, live, rows, books, watch, seed + number)
        gated.seconds += time.perf_counter() - started
        gated.labels += len(turned.rows.positions) - len(rows.positions)
        gated.estimates.append(turned.estimate)
        gated.said.append(turned.decision.sentence)
        gated.alarms += [number] if turned.alarm else []
        rows, gains = turned.rows, worth(stream, turn, turned.candidate)
        if gains > worth(stream, turn, best):
            oracle.promoted(number, gains - worth(stream, turn, best))
            best = turned.candidate
        if turned.decision.promote:
            gated.promoted(number, gains - worth(stream, turn, live))
            live, watch = turned.candidate, Watch(stream.pool, turned.candidate)
    oracle.labels, oracle.seconds = gated.labels, gated.seconds
    return {GATED: gated, ORACLE: oracle}


def arms(stream: Stream, seed: int) -> dict[str, Any]:
    """All arms of one year."""
    first = begun(stream)
    alone = {NEVER: never, ALWAYS: always, ALARM: on_alarm}
    return {**{name: arm(stream, first, seed) for name, arm in alone.items()}, **tunewheel(stream, first, seed)}


def error(estimates: list[Mapping[str, float]], truth: list[float]) -> dict[str, float]:
    """Root mean square error and bias of estimates in points, and the share of intervals that hold the truth."""
    if not estimates:
        return {}
    apart = 100 * (np.array([each["value"] for each in estimates]) - truth)
    held = [each["low"] <= actual <= each["high"] for each, actual in zip(estimates, truth, strict=True)]
    return {
        "rmse": round(float(np.sqrt((apart**2).mean())), 2),
        "bias": round(float(apart.mean()), 2),
        "covered": round(float(np.mean(held)), 3),
    }
