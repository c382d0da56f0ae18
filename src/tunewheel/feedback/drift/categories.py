"""Categories: the mix of what every row belongs to (the classes it was answered with, its language), as distances."""

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
from .tails import CHANCE


@dataclass(frozen=True)
class Categories:
    """Names of C categories and the reference's shares of them, (C + 1,); the last is what has no name here."""

    names: tuple[str, ...]
    shares: Floats
    reference: Reference

    @classmethod
    def learn(cls, names: Sequence[str], flags: Floats, generator: np.random.Generator) -> Categories:
        """From which of them each row belongs to, `flags` (m, C + 1)."""
        shares = flags.mean(0)
        return cls(tuple(names), shares, distance.learn(_scaled(flags, shares), generator))

    def flags(self, values: Sequence[Any]) -> Floats:
        """Which of them each value belongs to, (N, C + 1)."""
        return indicators(values, self.names)

    def measure(self, flags: Floats, chance: float = CHANCE) -> Apart:
        """How far the window's mix is from the reference's."""
        return distance.measure(self.reference, _scaled(flags, self.shares), chance)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {"names": list(self.names), "shares": pack(self.shares), "reference": self.reference.to_json()}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Categories:
        return cls(tuple(kept["names"]), unpack(kept["shares"]), Reference.from_json(kept["reference"]))


def _scaled(flags: Floats, shares: Floats) -> Floats:
    """Rare categories count as much as common ones: the distance between means is then that of chi-squared, with a
    quarter of an even share added to each, so that what the reference hardly knew does not count without bounds."""
    return np.asarray(flags / np.sqrt(shares + 0.25 / flags.shape[1]), float)
