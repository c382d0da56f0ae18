"""Shares: changes in the mean of a number that every row has, and what chance alone would do to it.

The mean of n rows drawn from the reference has the reference's mean, its spread / sqrt(n) and its skewness / sqrt(n):
what resampling windows would show without end. The reference is a sample, too, which adds spread / sqrt(m).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from .features import Floats
from .tails import CHANCE, moments, upper


@dataclass(frozen=True, slots=True)
class Usual:
    """What a number is usually like: its mean, spread and skewness over rows, and of how many independent rows the mean
    is."""

    mean: float
    spread: float
    skew: float
    rows: float

    @classmethod
    def of(cls, values: Floats, rows: float, weights: Floats | None = None) -> Usual:
        """From a sample (K,) of the reference's rows; `weights` (K,) make it one of another mix."""
        mean, spread, skew = moments(values)
        if weights is None:
            return cls(mean, spread, skew, rows)
        even = weights / weights.sum()
        return cls(float(even @ values), spread, skew, rows / max(float((even**2).sum()) * len(values), 1.0))

    def shifted(self, by: float) -> Usual:
        """The same where the mean is off by about so much for another reason than chance: an error that more rows do
        not make smaller (a random effect, DerSimonian and Laird 1986, "Meta-analysis in clinical trials")."""
        off = by / self.spread if self.spread > 0 else 0.0
        return replace(self, rows=1 / (1 / self.rows + off**2))

    def to_json(self) -> dict[str, float]:
        """Plain JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Usual:
        return cls(**kept)


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

    def beyond(self, floor: float, *, up: bool = True, down: bool = True) -> bool:
        """Whether the move is beyond chance, at least `floor`, and goes where it counts."""
        rose, fell = self.effect > max(self.high, floor), self.effect < -max(-self.low, floor)
        return (up and rose) or (down and fell)


def move(usual: Usual, window: Floats, chance: float = CHANCE) -> Moved:
    """From what is usual to the window (n,). Without change it is beyond each limit with this chance."""
    size = len(window)
    scale, bent = usual.spread * float(np.sqrt(1 / size + 1 / usual.rows)), usual.skew / float(np.sqrt(size))
    low, high = -upper(0.0, scale, -bent, chance), upper(0.0, scale, bent, chance)
    return Moved(usual.mean, float(window.mean()), low, high)
