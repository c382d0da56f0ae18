"""Dividing whole units (clusters of near duplicates, groups) among train, validation and test."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..records import Example
from .minhash import Groups
from .targets import labels_of, strata

TRAIN, VALIDATION, TEST = range(3)
Sides = NDArray[np.int8]
Sizes = tuple[int, int]  # rows wanted in validation and in test


@dataclass(frozen=True)
class Units:
    """What must stay on one side: `of_row` (N,) unit numbers, `sizes` (U,) rows in each, `rank` (U,) their order,
    `label` the label each unit is balanced by, `labels` all labels in it with their counts."""

    of_row: Groups
    sizes: NDArray[np.int64]
    rank: NDArray[np.int64]
    label: Sequence[str]
    labels: Sequence[Mapping[str, int]]

    @property
    def count(self) -> int:
        return len(self.sizes)

    @staticmethod
    def of(examples: Sequence[Example], groups: Groups, ranks: NDArray[np.int64]) -> Units:
        """Units of the rows that share a group; a unit's rank is the least of its rows' `ranks` (N,)."""
        _, of_row = np.unique(groups, return_inverse=True)
        sizes = np.bincount(of_row)
        rank = np.full(len(sizes), np.iinfo(np.int64).max)
        np.minimum.at(rank, of_row, ranks)
        labels: list[Counter[str]] = [Counter() for _ in sizes]
        balanced: list[Counter[str]] = [Counter() for _ in sizes]
        for unit, example, stratum in zip(of_row.tolist(), examples, strata(examples), strict=True):
            labels[unit].update(labels_of(example))
            balanced[unit][stratum] += 1
        label = [min(found, key=lambda name: (-found[name], name)) for found in balanced]
        return Units(of_row.astype(np.int64), sizes.astype(np.int64), rank, label, labels)


def stratified(units: Units, sizes: Sizes) -> Sides:
    """Side (N,) of each row, every label divided in the same proportion; train first, then test, then validation."""
    members: dict[str, list[int]] = defaultdict(list)
    for unit, label in enumerate(units.label):
        members[label].append(unit)
    labels = sorted(members)
    rows = np.array([units.sizes[members[label]].sum() for label in labels], dtype=np.int64)
    test = _quotas(rows, sizes[1], least_rows=2)
    validation = np.minimum(_quotas(rows, sizes[0], least_rows=4), np.maximum(rows - test - 1, 0))
    sides = np.full(units.count, TRAIN, dtype=np.int8)
    for number, label in enumerate(labels):
        queue = sorted(members[label], key=lambda unit: (-units.sizes[unit], units.rank[unit]))
        # The largest unit stays in train: so every label is learnt, and big clusters of copies do not judge.
        rest = sorted(queue[1:], key=lambda unit: units.rank[unit])
        _fill(sides, units, rest, TEST, int(test[number]))
        _fill(sides, units, rest, VALIDATION, int(validation[number]))
    _teach_every_label(sides, units)
    return sides[units.of_row]


def by_group(units: Units, sizes: Sizes) -> Sides:
    """Side (N,) of each row, whole units in random order, test first; the largest unit stays in train."""
    order = sorted(range(units.count), key=lambda unit: units.rank[unit])
    largest = max(order, key=lambda unit: (units.sizes[unit], -units.rank[unit]))
    rest = [unit for unit in order if unit != largest]
    sides = np.full(units.count, TRAIN, dtype=np.int8)
    for side, wanted in ((TEST, sizes[1]), (VALIDATION, sizes[0])):
        _fill(sides, units, rest, side, wanted)
        free = [unit for unit in rest if sides[unit] == TRAIN]
        if wanted and free and not (sides == side).any():
            sides[min(free, key=lambda unit: (units.sizes[unit], units.rank[unit]))] = side
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


def _fill(sides: Sides, units: Units, queue: Iterable[int], side: int, wanted: int) -> None:
    """Move units of `queue` from train to `side` while they fit into `wanted` rows."""
    for unit in queue:
        size = int(units.sizes[unit])
        if sides[unit] == TRAIN and size <= wanted:
            sides[unit] = side
            wanted -= size


def _teach_every_label(sides: Sides, units: Units) -> None:
    """Move units back to train until it holds every label, as long as no part is emptied."""
    taught = {label for unit in np.flatnonzero(sides == TRAIN).tolist() for label in units.labels[unit]}
    for unit in sorted(np.flatnonzero(sides != TRAIN).tolist(), key=lambda unit: units.rank[unit]):
        if set(units.labels[unit]) - taught and (sides == sides[unit]).sum() > 1:
            sides[unit] = TRAIN
            taught.update(units.labels[unit])
