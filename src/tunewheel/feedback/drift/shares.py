"""Shares: changes in the mean of a number that every row has, and what chance alone would do to it.

The mean of n rows drawn from the reference has the reference's mean, its spread / sqrt(n) and its skewness / sqrt(n):
what resampling windows would show without end. The reference is a sample, too, which adds spread / sqrt(m).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .features import Floats
from .tails import CHANCE, moments, upper


@dataclass(frozen=True)
class Moved:
    """How far a mean moved (before, now), and the limits (below, above) of what chance does to the difference."""

    before: float
    now: float
    low: float
    high: float

    @property
    def effect(self) -> float:
        """The difference."""
        return self.now - self.before

    def beyond(self, floor: float, *, upwards_only: bool = False) -> bool:
        """Whether the move is beyond chance, and at least `floor`."""
        up = self.effect > max(self.high, floor)
        return up or (not upwards_only and self.effect < -max(-self.low, floor))


def move(
    reference: Floats, rows: int, window: Floats, weights: Floats | None = None, chance: float = CHANCE
) -> Moved:  # fmt: skip
    """From a sample of the `rows` of the reference to the window; `weights` make the sample one of another mix. Without
    change it is beyond each limit with this chance."""
    even = np.full(len(reference), 1 / len(reference)) if weights is None else weights / weights.sum()
    _, spread, skew = moments(reference)
    size, mean = len(window), float(even @ reference)
    effective = rows / max(float((even**2).sum()) * len(reference), 1.0)
    scale, bent = spread * float(np.sqrt(1 / size + 1 / effective)), skew / float(np.sqrt(size))
    return Moved(mean, float(window.mean()), -upper(0.0, scale, -bent, chance), upper(0.0, scale, bent, chance))
