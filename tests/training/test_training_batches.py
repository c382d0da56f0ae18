import itertools
from collections.abc import Iterator, Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tunewheel.records import Batch
from tunewheel.training import batches
from tunewheel.training.batches import Indices, order, padded_batches, sizes, sorted_batches

COSTS = st.lists(st.integers(1, 60), min_size=1, max_size=200).map(np.array)
BUDGETS = st.integers(1, 300)
SEEDS = st.integers(0, 2**32 - 1)


@given(COSTS, BUDGETS, SEEDS, st.integers(0, 5))
def test_every_row_is_read_once_and_no_batch_is_over_budget(costs, budget: int, seed: int, epoch: int) -> None:
    for found in (order(costs, budget, seed=seed, epoch=epoch), sorted_batches(costs, budget)):
        assert sorted(np.concatenate(found).tolist()) == list(range(len(costs)))
        assert all(costs[rows].sum() <= budget or len(rows) == 1 for rows in found)


@given(COSTS, BUDGETS, SEEDS, st.integers(0, 5))
def test_the_order_depends_on_seed_and_epoch_alone(costs, budget: int, seed: int, epoch: int) -> None:
    first = order(costs, budget, seed=seed, epoch=epoch)
    np.random.default_rng().random(10)
    again = order(costs, budget, seed=seed, epoch=epoch)
    assert [rows.tolist() for rows in first] == [rows.tolist() for rows in again]


def test_another_epoch_and_another_seed_have_another_order() -> None:
    costs = np.full(300, 10)
    orders = [order(costs, 100, seed=seed, epoch=epoch) for seed, epoch in ((0, 0), (0, 1), (1, 0), (1, 1))]
    assert len({str([rows.tolist() for rows in found]) for found in orders}) == 4


def test_rows_of_one_batch_are_of_similar_length_and_batches_are_not_sorted() -> None:
    costs = np.random.default_rng(0).integers(1, 100, 1000)
    found = order(costs, 500, seed=0, epoch=0)
    assert np.mean([np.ptp(costs[rows]) for rows in found]) < 3
    longest = [int(costs[rows].max()) for rows in found]
    assert longest != sorted(longest)


def test_a_large_file_is_shuffled_beyond_one_bucket() -> None:
    rows = 3 * batches.BUCKET
    first = order(np.full(rows, 1), 64, seed=0, epoch=0)[0]
    assert np.ptp(first) > batches.BUCKET


def test_reading_without_training_goes_from_short_to_long() -> None:
    costs = np.array([9, 1, 5, 1])
    assert [rows.tolist() for rows in sorted_batches(costs, 6)] == [[1, 3], [2], [0]]


def test_a_row_costs_its_tokens_or_one() -> None:
    assert sizes(Batch({"tokens": np.array([3, 5])})).tolist() == [3, 5]
    assert sizes(Batch({"pixels": np.zeros((4, 1, 2, 2))})).tolist() == [1, 1, 1, 1]


def test_padded_batches_read_the_fewest_units_that_any_cut_could() -> None:
    random = np.random.default_rng(0)
    for _ in range(20):
        costs = random.integers(1, 12, 9)
        found = padded_batches(costs, budget=20, call=3)
        assert sorted(np.concatenate(found).tolist()) == list(range(9))
        assert _units(found, costs, 3) == min(_units(cut, costs, 3) for cut in _cuts(costs, 20))


def test_a_row_beyond_the_budget_is_a_batch_of_its_own_and_no_rows_are_no_batches() -> None:
    assert [rows.tolist() for rows in padded_batches(np.array([50, 3, 3]), 20, 1)] == [[1, 2], [0]]
    assert padded_batches(np.array([], dtype=np.int64), 20, 1) == []


def _units(cut: Sequence[Indices], costs: Indices, call: int) -> int:
    return sum(call + len(rows) * int(costs[rows].max()) for rows in cut)


def _cuts(costs: Indices, budget: int) -> Iterator[list[Indices]]:
    """All ways to cut the sorted rows into batches within the budget."""
    rows = np.argsort(costs, kind="stable")
    for marks in itertools.product((False, True), repeat=len(rows) - 1):
        cut = np.split(rows, [place for place, mark in enumerate(marks, start=1) if mark])
        if all(len(part) * costs[part].max() <= budget for part in cut):
            yield cut
