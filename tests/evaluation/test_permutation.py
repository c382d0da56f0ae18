"""Exchanging pairs and betting on rows, against exact references."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from tunewheel.evaluation.compare import mcnemar
from tunewheel.evaluation.permutation import bet, exchanged, flipped
from tunewheel.records import Ratio


def right(values: object) -> Ratio:
    flags = np.asarray(values, float)
    return Ratio(flags, np.ones(len(flags)))


@pytest.mark.parametrize(("only_a", "only_b"), [(9, 1), (12, 10), (3, 8), (30, 12)])
def test_exchanging_right_or_wrong_rows_is_exact_mcnemar(only_a: int, only_b: int) -> None:
    a, b = [1] * only_a + [0] * only_b + [1] * 50, [0] * only_a + [1] * only_b + [1] * 50
    assert exchanged(right(a), right(b)) == pytest.approx(mcnemar(a, b, "greater"), abs=0.01)


def test_rows_that_are_alike_prove_nothing() -> None:
    assert exchanged(right([1, 0, 1]), right([1, 0, 1])) == 1.0


def test_where_nothing_is_gained_one_in_twenty_weighted_looks_is_below_5_per_cent() -> None:
    generator = np.random.default_rng(0)
    below = 0
    for seed in range(400):
        weights = generator.uniform(1, 10, 60)
        a, b = (generator.random(60) < 0.7) * weights, (generator.random(60) < 0.7) * weights
        below += exchanged(Ratio(a, weights), Ratio(b, weights), draws=400, seed=seed) < 0.05
    assert 0.02 <= below / 400 <= 0.08


def test_the_order_in_which_draws_are_held_changes_nothing() -> None:
    generator = np.random.default_rng(1)
    a, b = (right(generator.random(3_000) < share) for share in (0.80, 0.78))
    assert exchanged(a, b, draws=4_000) == exchanged(a, b, draws=4_000)


def test_signs_of_rows_alike_and_of_earlier_ones_are_one_exact_sign_test() -> None:
    wanted = mcnemar([1] * 22 + [0] * 11, [0] * 22 + [1] * 11, "greater")
    assert flipped(np.full(8, 3.0), np.full(4, 3.0), [(1.0, 14, 7)]) == pytest.approx(wanted, abs=0.01)
    assert flipped(np.ones(22), np.ones(11), []) == pytest.approx(wanted, abs=0.01)
    assert flipped(np.ones(0), np.ones(0), []) == 1.0


def test_rows_of_little_weight_say_little() -> None:
    now, against = np.ones(6), (0, 9)
    assert flipped(now, np.ones(1), [(0.05, *against)]) < 0.1 < 0.8 < flipped(now, np.ones(1), [(1.0, *against)])


@pytest.mark.parametrize("rows", [1, 7, 40])
def test_a_bet_has_expectation_one_where_each_side_wins_half(rows: int) -> None:
    chances = binom.pmf(np.arange(rows + 1), rows, 0.5)
    assert sum(chance * bet(wins, rows - wins) for wins, chance in enumerate(chances)) == pytest.approx(1.0)


def test_a_bet_pays_for_wins_and_nothing_without_rows() -> None:
    assert bet(0, 0) == 1.0
    assert bet(30, 10) > 20 > 1 > bet(10, 30)
    assert np.isfinite(bet(100_000, 10))
