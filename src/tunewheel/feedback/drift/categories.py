"""Categories: the mix of what every row belongs to (the classes it was answered with, its language), as distances.

Rare categories weigh more than common ones, and how rare each is, is known from the reference alone. With 77 classes
and a few hundred rows that error is larger than the chance in a window: the calibration draws references and windows
anew (bootstrap, Efron and Tibshirani 1993, 16.2), each reference with weights of its own. With the reference's weights
held fast three windows in ten of 400 rows without any change were "likely", where one in 850 should be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import distance
from .answers import indicators
from .distance import Apart, Reference
from .features import Floats
from .packing import pack, unpack
from .tails import CHANCE, moments

# So much of an even share is added to each category's. Of 0.25, 1 and 3 the second finds most where 10 or 20 % of the
# rows move among 20 or 77 classes, and as much as the others among three; a language that is altogether new shows best
# with the first.
EVEN, FEW_EVEN = 1.0, 0.25
SIZES = (20, 50, 100, 200, 500, 1_000, 2_000, 5_000)
DRAWS = 1_000


@dataclass(frozen=True)
class Categories:
    """Names of C categories and the reference's shares of them, (C + 1,); the last is what has no name here. `even` is
    how much of an even share each has beside its own."""

    names: tuple[str, ...]
    shares: Floats
    reference: Reference
    even: float = EVEN

    @classmethod
    def learn(
        cls, names: Sequence[str], flags: Floats, generator: np.random.Generator, even: float = EVEN
    ) -> Categories:  # fmt: skip
        """From which of them each row belongs to, `flags` (m, C + 1)."""
        shares, table = flags.mean(0), _calibrate(flags, generator, even)
        return cls(tuple(names), shares, distance.calibrated(_scaled(flags, shares, even), table), even)

    def flags(self, values: Sequence[Any]) -> Floats:
        """Which of them each value belongs to, (N, C + 1)."""
        return indicators(values, self.names)

    def measure(self, flags: Floats, chance: float = CHANCE) -> Apart:
        """How far the window's mix is from the reference's."""
        return distance.measure(self.reference, _scaled(flags, self.shares, self.even), chance)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        reference = self.reference.to_json()
        return {"names": list(self.names), "shares": pack(self.shares), "reference": reference, "even": self.even}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Categories:
        even = kept.get("even", FEW_EVEN)  # what profiles had that did not say so
        return cls(tuple(kept["names"]), unpack(kept["shares"]), Reference.from_json(kept["reference"]), even)


def _scaled(flags: Floats, shares: Floats, even: float) -> Floats:
    """Rare categories count nearly as much as common ones: the distance between means is then that of chi-squared, with
    a part of an even share added to each, so that what the reference hardly knew does not count without bounds."""
    return np.asarray(flags * np.sqrt(_weights(shares, even)), float)


def _weights(shares: Floats, even: float) -> Floats:
    return np.asarray(1 / (shares + even / shares.shape[-1]), float)


def _calibrate(flags: Floats, generator: np.random.Generator, even: float) -> Floats:
    """Moments of the scaled distance between references and windows that are drawn anew, by size of the window."""
    rows = len(flags)
    kinds, counts = np.unique(flags, axis=0, return_counts=True)
    drawn = [generator.multinomial(size, counts / rows, DRAWS) @ kinds for size in (rows, *SIZES)]  # (DRAWS, C + 1)
    return np.array(
        [
            (size, *moments(_apart(drawn[0], rows, window, size, even) / (1 / size + 1 / rows)))
            for size, window in zip(SIZES, drawn[1:], strict=True)
        ],
        float,
    )


def _apart(reference: Floats, rows: int, window: Floats, size: int, even: float) -> Floats:
    """What `distance.measure` finds, from how many rows of each category there are, (DRAWS, C + 1)."""
    weights = _weights(reference / rows, even)
    within = (weights * window * (window - 1)).sum(1) / (size * (size - 1))
    outside = (weights * reference * (reference - 1)).sum(1) / (rows * (rows - 1))
    across = (weights * reference * window).sum(1) / (rows * size)
    return np.asarray(within + outside - 2 * across, float)
