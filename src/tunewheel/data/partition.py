"""Dividing whole units (clusters of near duplicates, groups) among train, validation and test."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..records import Example
from .minhash import Groups, Pairs
from .targets import LabelTable

TRAIN, VALIDATION, TEST = range(3)
Sides = NDArray[np.int8]
Sizes = tuple[int, int]  # rows wanted in validation and in test


@dataclass(frozen=True)
class Units:
    """What must stay on one side: `of_row` (N,) unit numbers, `sizes` (U,) rows in each, `rank` (U,) their order,
    `stratum` (U,) the number of the label each unit is balanced by, `holds` (E, 2) pairs of a unit and the number of
    a label in it, each once, ascending."""

    of_row: Groups
    sizes: NDArray[np.int64]
    rank: NDArray[np.int64]
    stratum: NDArray[np.int64]
    holds: Pairs

    @property
    def count(self) -> int:
        return len(self.sizes)

    @staticmethod
    def of(examples: Sequence[Example], groups: Groups, ranks: NDArray[np.int64]) -> Units:
        """Units of the rows that share a group; a unit's rank is the least of its rows' `ranks` (N,)."""
        of_row = np.unique(groups, return_inverse=True)[1].astype(np.int64)
        sizes = np.bincount(of_row).astype(np.int64)
        rank = np.full(len(sizes), np.iinfo(np.int64).max)
        np.minimum.at(rank, of_row, ranks)
        table = LabelTable.of(examples)
        holds, _ = _counted_pairs(np.repeat(of_row, table.counts), table.numbers)
        return Units(of_row, sizes, rank, _most_frequent(of_row, table.strata()), holds)


def stratified(units: Units, sizes: Sizes) -> Sides:
    """Side (N,) of each row, every label divided in the same proportion; train first, then test, then validation."""
    _, label = np.unique(units.stratum, return_inverse=True)
    rows = np.bincount(label, weights=units.sizes).astype(np.int64)
    test = _quotas(rows, sizes[1], least_rows=2)
    validation = np.minimum(_quotas(rows, sizes[0], least_rows=4), np.maximum(rows - test - 1, 0))
    sides = np.full(units.count, TRAIN, dtype=np.int8)
    by_label = np.lexsort((units.rank, label))
    for number, members in enumerate(np.split(by_label, np.cumsum(np.bincount(label))[:-1])):
        # The largest unit stays in train: so every label is learnt, and big clusters of copies do not judge.
        rest = np.delete(members, np.argmax(units.sizes[members]))
        _fill(sides, units, rest, TEST, int(test[number]))
        _fill(sides, units, rest, VALIDATION, int(validation[number]))
    _teach_every_label(sides, units)
    return sides[units.of_row]


def by_group(units: Units, sizes: Sizes) -> Sides:
    """Side (N,) of each row, whole units in random order, test first; the largest unit stays in train."""
    order = np.argsort(units.rank, kind="stable")
    rest = np.delete(order, np.argmax(units.sizes[order]))
    sides = np.full(units.count, TRAIN, dtype=np.int8)
    for side, wanted in ((TEST, sizes[1]), (VALIDATION, sizes[0])):
        _fill(sides, units, rest, side, wanted)
        free = rest[sides[rest] == TRAIN]
        if wanted and len(free) and not (sides == side).any():
            sides[free[np.argmin(units.sizes[free])]] = side
    _teach_every_label(sides, units)
    return sides[units.of_row]


def by_time(units: Units, stamps: NDArray[np.float64], sizes: Sizes) -> Sides:
    """Side (N,) of each row: the newest units are the test, those before them validation, the oldest train.

    A unit is as old as its oldest row, so that no text of the test was seen before.
    """
    oldest = np.full(units.count, np.inf)
    np.minimum.at(oldest, units.of_row, stamps)
    newest_first = np.lexsort((units.rank, -oldest))
    filled = np.cumsum(units.sizes[newest_first])
    sides = np.full(units.count, TRAIN, dtype=np.int8)
    sides[newest_first[filled <= sum(sizes)]] = VALIDATION
    sides[newest_first[filled <= sizes[1]]] = TEST
    return sides[units.of_row]


def _quotas(rows: NDArray[np.int64], total: int, least_rows: int) -> NDArray[np.int64]:
    """Share `total` among labels in proportion to their `rows` (largest remainders); labels with at least
    `least_rows` rows get one at least."""
    exact = rows * (total / max(int(rows.sum()), 1))
    quotas = np.floor(exact).astype(np.int64)
    by_remainder = np.argsort(quotas - exact, kind="stable")
    quotas[by_remainder[: total - int(quotas.sum())]] += 1
    if total:
        quotas = np.where(rows >= least_rows, np.maximum(quotas, 1), quotas)
    return np.asarray(np.minimum(quotas, np.maximum(rows - 1, 0)), dtype=np.int64)


def _fill(sides: Sides, units: Units, queue: Groups, side: int, wanted: int) -> None:
    """Move units of `queue` from train to `side` while they fit into `wanted` rows."""
    for unit, size in zip(queue.tolist(), units.sizes[queue].tolist(), strict=True):
        if wanted <= 0:
            return
        if sides[unit] == TRAIN and size <= wanted:
            sides[unit] = side
            wanted -= size


def _teach_every_label(sides: Sides, units: Units) -> None:
    """Move units back to train until it holds every label, as long as no part is emptied."""
    unit_of, label_of = units.holds[:, 0], units.holds[:, 1]
    taught = set(label_of[sides[unit_of] == TRAIN].tolist())
    strange: dict[int, set[int]] = defaultdict(set)
    for unit, label in units.holds[~np.isin(label_of, list(taught))].tolist():
        strange[unit].add(label)
    for unit in sorted(strange, key=lambda unit: units.rank[unit]):
        if strange[unit] - taught and (sides == sides[unit]).sum() > 1:
            sides[unit] = TRAIN
            taught |= strange[unit]


def _most_frequent(of_row: Groups, values: Groups) -> Groups:
    """The most frequent value (U,) among each unit's rows, the least of several."""
    pairs, counts = _counted_pairs(of_row, values)
    order = np.lexsort((pairs[:, 1], -counts, pairs[:, 0]))
    _, firsts = np.unique(pairs[order, 0], return_index=True)
    return np.asarray(pairs[order[firsts], 1], dtype=np.int64)


def _counted_pairs(left: Groups, right: Groups) -> tuple[Pairs, Groups]:
    """The different pairs (P, 2) of what stands side by side, ascending, and how often each does (P,)."""
    low = int(right.min(initial=0))
    width = int(right.max(initial=0)) - low + 1
    codes, counts = np.unique(left * width + (right - low), return_counts=True)
    return np.column_stack([codes // width, codes % width + low]), counts
