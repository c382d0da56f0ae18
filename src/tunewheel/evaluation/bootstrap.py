"""Resampling of ratio metrics over rows or whole groups: 10,000 draws in bounded memory."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..records import Ratio
from .metrics import divided

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

FEWEST_GROUPS = 10
_HELD = 2_000_000  # numbers held at once while resampling: 16 MB


@dataclass(frozen=True)
class Units:
    """What is resampled: rows or groups, as `kinds` (K, 2 x ratios) that occur `counts` (K,) times.

    Equal units are exchangeable, so drawing kinds by their counts is the same bootstrap, and for right-or-wrong
    metrics there are at most four kinds.
    """

    kinds: Floats
    counts: Counts

    def resampled(self, draws: int, seed: int) -> Floats:
        """Every ratio in every draw, shape (draws, ratios)."""
        sums = np.concatenate([weights @ self.kinds for weights in self._weights(draws, np.random.default_rng(seed))])
        return divided(sums[:, 0::2], sums[:, 1::2])

    def influence(self) -> Floats:
        """How far each kind pulls each ratio, shape (K, ratios): the delta method, Efron and Tibshirani (1993), 22."""
        means = (self.counts @ self.kinds) / self.counts.sum()
        numerators, denominators = self.kinds[:, 0::2], self.kinds[:, 1::2]
        ratios = divided(means[0::2], means[1::2])
        return divided(numerators - ratios * denominators, means[1::2])

    def standard_errors(self) -> Floats:
        """Of every ratio, by the delta method, shape (ratios,)."""
        total = self.counts.sum()
        return np.asarray(np.sqrt(self.counts @ self.influence() ** 2) / total, float)

    def _weights(self, draws: int, generator: np.random.Generator) -> Iterator[Counts]:
        """How often each kind is drawn, (draws, K) in chunks of bounded size."""
        kinds, total = len(self.counts), int(self.counts.sum())
        few = 8 * kinds <= total
        kind_of = np.repeat(np.arange(kinds), self.counts)
        step = max(1, _HELD // max(kinds if few else total, 1))
        for start in range(0, draws, step):
            size = min(step, draws - start)
            if few:
                yield generator.multinomial(total, self.counts / total, size=size)
            else:  # many kinds: numpy's multinomial costs four times as much as counting drawn row numbers
                drawn = kind_of[generator.integers(0, total, (size, total))] + kinds * np.arange(size)[:, None]
                yield np.bincount(drawn.ravel(), minlength=size * kinds).reshape(size, kinds)


def whole_groups(groups: Sequence[Hashable] | None) -> list[Hashable] | None:
    """The groups that are resampled whole, one a row; a row without one (None, NaN, blank) is one of its own.

    None where rows are resampled instead: nobody has a group, or there are fewer than 10 of them. So few tell nothing
    of what other groups would be like, and of a single one every draw is the same: any gain would look certain.
    """
    if groups is None or all(map(_missing, groups)):
        return None
    units: list[Hashable] = [("row", number) if _missing(group) else group for number, group in enumerate(groups)]
    return units if len(set(units)) >= FEWEST_GROUPS else None


def resampled(groups: Sequence[Hashable] | None) -> str:
    """What is resampled, in words for the report."""
    if groups is None:
        return "test rows"
    named = [group for group in groups if not _missing(group)]
    if whole_groups(groups) is None:
        return f"test rows (too few groups to resample: {len(set(named))})"
    alone = len(groups) - len(named)
    return f"{len(set(named)):,} groups of test rows" + (f" and {alone:,} rows without one" if alone else "")


def _missing(group: Hashable) -> bool:
    return group is None or group != group or group == ""


def units_of(ratios: Sequence[Ratio], groups: Sequence[Hashable] | None) -> Units:
    """The units of `ratios` (all over the same rows): rows, or `whole_groups` where there are enough."""
    groups = whole_groups(groups)
    if len({len(ratio.numerator) for ratio in ratios}) != 1:
        raise ValueError("a paired comparison needs the same rows on both sides")
    columns = np.stack([part for ratio in ratios for part in (ratio.numerator, ratio.denominator)], axis=1)
    if groups is not None:
        number: dict[Hashable, int] = {}
        unit = np.array([number.setdefault(group, len(number)) for group in groups], dtype=np.int64)
        columns = np.stack([np.bincount(unit, weights=column) for column in columns.T], axis=1)
    kinds, counts = np.unique(columns.astype(float), axis=0, return_counts=True)
    return Units(kinds, counts.astype(np.int64))
