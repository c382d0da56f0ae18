"""A year of each arm: what goes live when, and what that is truly worth. The arms have the same labels to spend."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from . import turn as wheel
from .audits import estimated, told
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
    return _without_gate(stream, live, seed, lambda alarm: True)


def on_alarm(stream: Stream, live: Version, seed: int) -> Diary:
    """The same, but only in turns whose traffic looks changed."""
    return _without_gate(stream, live, seed, lambda alarm: alarm)


def _without_gate(stream: Stream, live: Version, seed: int, wanted: Callable[[bool], bool]) -> Diary:
    """Every turn labels as many rows as the wheel does; a version that learnt from all of them goes live where it is
    `wanted`, given whether the traffic looks changed."""
    diary, rows, watch = Diary(), live.rows, Watch(stream.pool, live)
    for number, turn in enumerate(stream.turns):
        diary.live.append(live_accuracy(stream, turn, live))
        started = time.perf_counter()
        audit, labelled, alarm = wheel.audited(stream, turn, live, watch, None, _seed(seed, number))
        diary.estimates.append(told(estimated(audit, live.right(stream.pool, labelled))))
        diary.alarms += [number] if alarm else []
        rows = rows.with_more(turn.corrected, turn.said).with_more(labelled, stream.pool.labels[labelled])
        diary.labels += len(turn.corrected) + len(labelled)
        if wanted(alarm):
            fresh = fitted(stream.pool, rows)
            diary.promoted(number, worth(stream, turn, fresh) - worth(stream, turn, live))
            live, watch = fresh, Watch(stream.pool, fresh)
        diary.seconds += time.perf_counter() - started
    return diary


def tunewheel(stream: Stream, first: Version, seed: int) -> dict[str, Diary]:
    """The wheel as it turns, and an oracle that is shown the same candidates and knows which of them are better."""
    gated, oracle = Diary(), Diary()
    best, rows, live = first, first.rows, wheel.Live.of(stream, first)
    for number, turn in enumerate(stream.turns):
        gated.live.append(live_accuracy(stream, turn, live.version))
        oracle.live.append(live_accuracy(stream, turn, best))
        started = time.perf_counter()
        turned = wheel.turned(stream, turn, live, rows, _seed(seed, number))
        gated.seconds += time.perf_counter() - started
        gated.estimates.append(turned.estimate)
        gated.alarms += [number] if turned.alarm else []
        rows, candidate = turned.rows, worth(stream, turn, turned.candidate)
        if candidate > worth(stream, turn, best):
            oracle.promoted(number, candidate - worth(stream, turn, best))
            best = turned.candidate
        if turned.decision.promote:
            gated.promoted(number, candidate - worth(stream, turn, live.version))
            live.promote(stream, turned.candidate)
    gated.labels = oracle.labels = len(rows.positions) - len(first.rows.positions)
    oracle.seconds = gated.seconds
    return {GATED: gated, ORACLE: oracle}


def _seed(seed: int, turn: int) -> int:
    return 1_000 * seed + turn


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
