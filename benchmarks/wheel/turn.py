"""One turn of the wheel in a replay, in the product's order and with its pieces: candidate, audit, estimate, gate.

The labels are there at once, so the turn that draws an audit also decides by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from tunewheel.feedback.gate import Decision, Evidence, decide
from tunewheel.records import Example, Ratio
from tunewheel.workflows.rows.judged import Paired
from tunewheel.workflows.wheel.evidence import slices_guard

from .audits import Audit, History, Window, drawn, told
from .drifting import Watch
from .pools import Ints
from .streams import Stream, Turn
from .version import Rows, Version, fitted


@dataclass
class Live:
    """The live version with what is known of it: its profile, its audits, what each candidate mended and broke;
    and how often the frozen rows have judged and promoted."""

    version: Version
    watch: Watch
    history: History = field(default_factory=History)
    looks: int = 0
    promotions: int = 0
    earlier: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, stream: Stream, version: Version) -> Live:
        """The version with which a year begins."""
        return cls(version, Watch(stream.pool, version))

    def promote(self, stream: Stream, version: Version) -> None:
        """Another one takes its place; the frozen rows stay the same."""
        self.version, self.watch, self.history = version, Watch(stream.pool, version), History()
        self.earlier = ()


@dataclass(frozen=True)
class Turned:
    """What came of a turn: all rows that are labelled now, the candidate, and what was decided of it."""

    rows: Rows
    candidate: Version
    decision: Decision
    estimate: Mapping[str, float]
    alarm: bool


def turned(stream: Stream, turn: Turn, live: Live, rows: Rows, seed: int) -> Turned:
    """The wheel turns once: `rows` are those that were labelled before this turn's traffic."""
    rows = rows.with_more(turn.corrected, turn.said)
    candidate = fitted(stream.pool, rows)
    audit, labelled, alarm = audited(stream, turn, live.version, live.watch, candidate, seed)
    decision = judged(stream, live, candidate, audit, labelled)
    estimate = live.history.estimate(audit, live.version.right(stream.pool, labelled))
    more = rows.with_more(labelled, stream.pool.labels[labelled])
    return Turned(more, candidate, decision, told(estimate), alarm)


def audited(
    stream: Stream, turn: Turn, live: Version, watch: Watch, candidate: Version | None, seed: int
) -> tuple[Audit, Ints, bool]:
    """An audit of the turn's traffic, without the rows that users corrected: those are labelled already. Gives the
    positions in the pool of its rows, too, and whether the traffic has changed."""
    rows = turn.traffic[~np.isin(turn.traffic, turn.corrected)]
    seen = watch.look(rows)
    apart = candidate.answers[rows] != live.answers[rows] if candidate else None
    audit = drawn(Window(live.confidences[rows], seen.region, apart), stream.size.audited, seed)
    return audit, rows[audit.places], seen.alarm


def judged(stream: Stream, live: Live, candidate: Version, audit: Audit, labelled: Ints) -> Decision:
    """The gate's decision on the candidate, from the audit and from the frozen test rows."""
    fresh = _answered(stream, live.version, candidate, labelled)
    frozen = _answered(stream, live.version, candidate, stream.frozen)
    evidence = [
        Evidence("audited", *fresh, weights=1 / audit.probabilities, earlier=live.earlier),
        Evidence("frozen", *frozen, looks=live.looks, promotions=live.promotions),
    ]
    decision = decide(evidence, [slices_guard(_examples(stream), Paired(*frozen, [], _keys(stream)))])
    mine = next(look for look in decision.looks if look.name == "audited")
    live.earlier = (*live.earlier, (mine.mended, mine.broken))
    live.looks += 1
    live.promotions += decision.promote and any(look.name == "frozen" and look.better for look in decision.looks)
    return decision


def _answered(stream: Stream, live: Version, candidate: Version, rows: Ints) -> tuple[Ratio, Ratio]:
    """Right or wrong on these rows, the candidate first."""
    one = np.ones(len(rows))
    return Ratio(candidate.right(stream.pool, rows), one), Ratio(live.right(stream.pool, rows), one)


def _examples(stream: Stream) -> list[Example]:
    return [Example(stream.pool.texts[row]) for row in stream.frozen]


def _keys(stream: Stream) -> list[str]:
    return [example.key for example in _examples(stream)]
