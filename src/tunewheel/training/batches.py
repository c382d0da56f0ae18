"""Which examples are read together, in which order: length buckets, a budget of units, a pure function of the seed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..records import Batch

Indices = NDArray[np.int64]
BUCKET = 4096


def sizes(batch: Batch) -> Indices:
    """What each example costs, in units: its tokens, or 1 where examples have no length."""
    return batch["tokens"].astype(np.int64) if "tokens" in batch else np.ones(len(batch), dtype=np.int64)


def order(costs: Indices, budget: int, *, seed: int, epoch: int) -> list[Indices]:
    """Batches of one training epoch: rows are shuffled, sorted by length within buckets of 4,096, cut at
    `budget` units, and the batches shuffled. The same (seed, epoch) always gives the same order."""
    random = np.random.default_rng((seed, epoch))
    shuffled = random.permutation(len(costs))
    batches: list[Indices] = []
    for start in range(0, len(shuffled), BUCKET):
        batches.extend(_cut(shuffled[start : start + BUCKET], costs, budget))
    return [batches[i] for i in random.permutation(len(batches))]


def sorted_batches(costs: Indices, budget: int) -> list[Indices]:
    """All rows, shortest first, cut at `budget` units: for reading without training."""
    return _cut(np.arange(len(costs)), costs, budget)


def padded_batches(costs: Indices, budget: int, call: int) -> list[Indices]:
    """All rows, shortest first, for a reader that pads each batch to its longest row, within `budget` units.

    Cut where all calls together read the fewest units, when what each call costs besides is worth `call` of them: many
    calls pad little and few calls pad much. Dynamic programming over the sorted rows: of all batches that could end
    with a row, the one after the cheapest beginning.
    """
    by_cost = np.argsort(costs, kind="stable")
    ordered = costs[by_cost].astype(np.int64)
    least, begins = np.zeros(len(ordered) + 1, np.int64), np.zeros(len(ordered) + 1, np.int64)
    for end, longest in enumerate(ordered.tolist(), start=1):
        first = max(0, end - max(1, budget // max(1, longest)))
        units = least[first:end] + call + longest * np.arange(end - first, 0, -1)
        begins[end] = first + units.argmin()
        least[end] = units.min()
    runs, end = [], len(ordered)
    while end:
        runs.append(by_cost[begins[end] : end])
        end = int(begins[end])
    return runs[::-1]


def _cut(rows: Indices, costs: Indices, budget: int) -> list[Indices]:
    """`rows` by rising cost, in runs of at most `budget` units (one row at least)."""
    by_cost = rows[np.argsort(costs[rows], kind="stable")]
    runs: list[Indices] = []
    start, filled = 0, 0
    for position, cost in enumerate(costs[by_cost].tolist()):
        if position > start and filled + cost > budget:
            runs.append(by_cost[start:position])
            start, filled = position, 0
        filled += cost
    if start < len(by_cost):
        runs.append(by_cost[start:])
    return runs
