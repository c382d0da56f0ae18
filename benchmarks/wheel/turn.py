"""One turn of the wheel in a replay, in the product's order and with its pieces: candidate, audit, estimate, gate.

The labels are there at once, so the turn that draws an audit also decides by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tunewheel.feedback.audit import draw
from tunewheel.feedback.estimate import live_accuracy
from tunewheel.feedback.gate import Decision, Evidence, decide
from tunewheel.records import Ratio

from .drifting import Watch
from .pools import Ints
from .streams import Stream, Turn
from .version import Rows, Version, fitted


@dataclass
class Books:
    """What the ledger knows of the frozen rows: how often they judged, and how often they promoted."""

    looks: int = 0
    promotions: int = 0


@dataclass(frozen=True)
class Audit:
    """Positions in the pool and in the window, true labels, inclusion probabilities; shapes (n,). The window is the
    turn's traffic without the rows that users corrected: those are labelled already."""

    window: Ints
    places: Ints
    labels: Ints
    probabilities: NDArray[np.float64]

    @property
    def rows(self) -> Ints:
        """Positions in the pool."""
        return self.window[self.places]


@dataclass(frozen=True)
class Turned:
    """What came of a turn: all rows that are labelled now, the candidate, and what was decided of it."""

    rows: Rows
    candidate: Version
    decision: Decision
    estimate: Mapping[str, float]
    alarm: bool


def turned(
    stream: Stream, turn: Turn, live: Version, rows: Rows, books: Books, watch: Watch, seed: int
) -> Turned:  # fmt: skip
    """The wheel turns once: `rows` are those that were labelled before this turn's traffic."""
    rows = rows.with_more(turn.corrected, turn.said)
    candidate = fitted(stream.pool, rows)
    drift = watch.look(turn.traffic, seed)
    region = drift.region[~np.isin(turn.traffic, turn.corrected)] if drift.alarm else None
    audit = audited(stream, turn, live, candidate, region, seed)
    decision = judged(stream, live, candidate, audit, books)
    return Turned(
        rows.with_more(audit.rows, audit.labels), candidate, decision, estimated(stream, live, audit), drift.alarm
    )


def audited(
    stream: Stream, turn: Turn, live: Version, candidate: Version | None, region: NDArray[np.float64] | None, seed: int
) -> Audit:
    """Rows for a person to label, and their true labels."""
    window = turn.traffic[~np.isin(turn.traffic, turn.corrected)]
    apart = candidate.answers[window] != live.answers[window] if candidate else None
    drawn = draw(stream.size.audited, live.confidences[window], disagree=apart, drifted=region, seed=seed)
    places = np.array([each.position for each in drawn], dtype=np.int64)
    probabilities = np.array([each.probability for each in drawn])
    return Audit(window, places, stream.pool.labels[window[places]], probabilities)


def estimated(stream: Stream, live: Version, audit: Audit) -> dict[str, float]:
    """What the audit says of the live accuracy."""
    right = live.right(stream.pool, audit.rows)
    found = live_accuracy(live.confidences[audit.window], audit.places, right, audit.probabilities)
    return {"value": found.value, "low": found.low, "high": found.high}


def judged(stream: Stream, live: Version, candidate: Version, audit: Audit, books: Books) -> Decision:
    """The gate's decision on the candidate, from the audit and from the frozen test rows."""
    fresh = _answered(stream, live, candidate, audit.rows)
    frozen = _answered(stream, live, candidate, stream.frozen)
    decision = decide([
        Evidence("audited", *fresh, weights=1 / audit.probabilities),
        Evidence("frozen", *frozen, looks=books.looks, promotions=books.promotions),
    ])  # fmt: skip
    books.looks += 1
    frozen_look = next(look for look in decision.looks if look.name == "frozen")
    books.promotions += decision.promote and frozen_look.better
    return decision


def _answered(stream: Stream, live: Version, candidate: Version, rows: Ints) -> tuple[Ratio, Ratio]:
    """Right or wrong on these rows, the candidate first."""
    one = np.ones(len(rows))
    return Ratio(candidate.right(stream.pool, rows), one), Ratio(live.right(stream.pool, rows), one)
