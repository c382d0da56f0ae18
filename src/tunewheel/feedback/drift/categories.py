"""Categories: the mix of what every row belongs to (the classes it was answered with, its language), as distances.

Rare categories count as much as common ones: the distance between means is that of chi-squared. How common they are the
reference tells, and one with few rows a category tells it badly: those that it happens to have too few of count too
much. What chance does to a window is therefore learnt with other references, too, drawn as this one was (a parametric
bootstrap; figures in docs/log.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import distance
from .answers import indicators
from .distance import SIZES, Apart, Reference
from .features import Floats
from .packing import pack, unpack
from .tails import CHANCE, moments

# So many rows are added to each category, that what the reference hardly knew does not count without bounds. Profiles
# that do not say what was added had this part of an even share.
ADDED_ROWS, ONCE_ADDED = 4.0, 0.25
# Jeffreys' prior: what a category is thought to have beside the rows that were seen.
UNSEEN = 0.5
DRAWN = 2_000


@dataclass(frozen=True)
class Categories:
    """Names of C categories and the reference's shares of them, (C + 1,); the last is what has no name here. So much is
    `added` to each before the inverse is its weight."""

    names: tuple[str, ...]
    shares: Floats
    reference: Reference
    added: float

    @classmethod
    def learn(cls, names: Sequence[str], flags: Floats, generator: np.random.Generator) -> Categories:
        """From which of them each row belongs to, `flags` (m, C + 1)."""
        shares = flags.mean(0)
        exclusive = bool((flags.sum(1) == 1).all())
        table = _calibrate(flags.sum(0), generator) if exclusive else None
        added = ADDED_ROWS / len(flags)
        reference = distance.learn(flags / np.sqrt(shares + added), generator, table)
        return cls(tuple(names), shares, reference, added)

    def flags(self, values: Sequence[Any]) -> Floats:
        """Which of them each value belongs to, (N, C + 1)."""
        return indicators(values, self.names)

    def measure(self, flags: Floats, chance: float = CHANCE) -> Apart:
        """How far the window's mix is from the reference's."""
        return distance.measure(self.reference, flags / np.sqrt(self.shares + self.added), chance)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "names": list(self.names), "shares": pack(self.shares), "reference": self.reference.to_json(),
            "added": self.added,
        }  # fmt: skip

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Categories:
        names, shares = tuple(kept["names"]), unpack(kept["shares"])
        added = kept.get("added", ONCE_ADDED / len(shares))
        return cls(names, shares, Reference.from_json(kept["reference"]), added)


def _calibrate(counts: Floats, generator: np.random.Generator) -> Floats:
    """Moments of the scaled distance between references as large as this one, and windows, by size of the window: rows
    of both in categories as common as those that were counted, (C + 1,)."""
    rows = round(counts.sum())
    likely = (counts + UNSEEN) / (rows + UNSEEN * len(counts))
    return np.array([(size, *moments(_drawn(likely, rows, size, generator))) for size in SIZES], float)


def _drawn(likely: Floats, rows: int, size: int, generator: np.random.Generator) -> Floats:
    """Scaled distances (DRAWN,) of windows of this size, each from a reference of its own."""
    before, now = (generator.multinomial(count, likely, DRAWN).astype(float) for count in (rows, size))
    weights = rows / (before + ADDED_ROWS)
    within, usual = ((weights * (n * n - n)).sum(1) / (k * (k - 1)) for n, k in ((now, size), (before, rows)))
    across = (weights * now * before).sum(1) / (size * rows)
    return np.asarray((within + usual - 2 * across) / (1 / size + 1 / rows), float)
