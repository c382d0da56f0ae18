"""Intervals, paired tests, power and the sentence."""

from __future__ import annotations

import time

import numpy as np
import pytest
from scipy.stats import binomtest
from scipy.stats import bootstrap as scipy_bootstrap

from tunewheel.evaluation.bootstrap import resampled
from tunewheel.evaluation.compare import Difference, detectable, difference, interval, mcnemar, sentence
from tunewheel.records import Ratio


def right(correct: np.ndarray) -> Ratio:
    return Ratio(correct.astype(float), np.ones(len(correct)))


def random_f1(rows: int, seed: int = 0) -> Ratio:
    generator = np.random.default_rng(seed)
    sizes = generator.integers(0, 6, rows).astype(float)
    return Ratio(2 * generator.binomial(sizes.astype(int), 0.4).astype(float), 2 * sizes)


def test_the_interval_of_an_accuracy_is_scipys() -> None:
    correct = np.random.default_rng(0).random(400) < 0.8
    ours = interval(right(correct))
    theirs = scipy_bootstrap(
        (correct.astype(float),), np.mean, method="percentile", n_resamples=10_000, rng=np.random.default_rng(1)
    ).confidence_interval
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.005)
    assert ours.value == correct.mean()


def test_the_interval_of_an_f1_is_scipys() -> None:
    ratio = random_f1(300)
    theirs = scipy_bootstrap(
        (ratio.numerator, ratio.denominator), lambda n, d, axis: n.sum(axis) / d.sum(axis), paired=True,
        method="percentile", n_resamples=10_000, vectorized=True, rng=np.random.default_rng(1),
    ).confidence_interval  # fmt: skip
    ours = interval(ratio)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.005)


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    generator = np.random.default_rng(3)
    found = [interval(right(generator.random(200) < 0.7), draws=1000) for _ in range(300)]
    assert 0.9 < np.mean([i.low <= 0.7 <= i.high for i in found]) < 0.99


def test_whole_groups_are_resampled_so_that_copies_do_not_count_as_evidence() -> None:
    correct = np.random.default_rng(0).random(100) < 0.8
    copied, groups = right(np.repeat(correct, 10)), [f"客户{i}" for i in np.repeat(np.arange(100), 10)]
    single, naive, grouped = interval(right(correct)), interval(copied), interval(copied, groups=groups)
    assert grouped.high - grouped.low == pytest.approx(single.high - single.low, rel=0.05)
    assert naive.high - naive.low < 0.5 * (grouped.high - grouped.low)


@pytest.mark.parametrize("groups", [["one document"] * 400, [n % 9 for n in range(400)], [None] * 400])
def test_of_fewer_than_ten_groups_rows_are_resampled(groups: list[object]) -> None:
    """Of one group every draw is the same: intervals without width, and any gain proved."""
    generator = np.random.default_rng(0)
    a, b = right(generator.random(400) < 0.8), right(generator.random(400) < 0.8)
    assert interval(a, groups=groups) == interval(a)
    assert difference(a, b, groups=groups) == difference(a, b)
    assert difference(a, b, groups=groups).method == "exact McNemar"
    assert detectable(a, b, groups=groups) == detectable(a, b)


@pytest.mark.parametrize("nothing", [None, "", float("nan")])
def test_a_row_without_a_group_is_a_group_of_its_own(nothing: object) -> None:
    ratio = random_f1(300)
    groups = [number // 10 if number < 100 else nothing for number in range(300)]
    alone = [number // 10 if number < 100 else f"row {number}" for number in range(300)]
    assert interval(ratio, groups=groups) == interval(ratio, groups=alone)
    together = interval(ratio, groups=[number // 10 if number < 100 else "others" for number in range(300)])
    assert interval(ratio, groups=groups) != together


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        (None, "test rows"),
        ([1] * 30, "test rows (too few groups to resample: 1)"),
        ([n % 15 for n in range(30)], "15 groups of test rows"),
        ([n % 14 or None for n in range(28)], "13 groups of test rows and 2 rows without one"),
    ],
)
def test_it_is_said_what_was_resampled(groups: list[object] | None, said: str) -> None:
    assert resampled(groups) == said


def test_a_perfect_score_still_has_a_lower_end() -> None:
    perfect = interval(right(np.ones(50)))
    assert perfect.high == 1.0
    assert perfect.low == pytest.approx(binomtest(50, 50).proportion_ci().low)
    hopeless = interval(right(np.zeros(50)))
    assert (hopeless.low, hopeless.high) == (0.0, pytest.approx(1 - perfect.low))


def test_no_rows_know_nothing() -> None:
    nothing = Ratio(np.zeros(0), np.zeros(0))
    assert interval(nothing).high == 1.0
    assert not difference(nothing, nothing).proved
    assert detectable(nothing, nothing) == 1.0


def test_the_same_seed_gives_the_same_interval() -> None:
    assert interval(random_f1(99), seed=5) == interval(random_f1(99), seed=5) != interval(random_f1(99), seed=6)


@pytest.mark.parametrize("continuous", [False, True])
def test_ten_thousand_draws_of_five_thousand_rows_take_seconds_at_most(continuous: bool) -> None:
    generator = np.random.default_rng(0)
    values = generator.random(5000)
    ratio = Ratio(values, np.ones(5000)) if continuous else right(values > 0.2)
    started = time.process_time()
    found = interval(ratio)
    assert time.process_time() - started < 4  # measured 1 s; room for a busy machine
    assert found.low < ratio.value < found.high


def test_mcnemar_is_the_binomial_test_on_discordant_rows() -> None:
    a, b = np.repeat([1, 1, 0, 0], [50, 12, 3, 9]), np.repeat([1, 0, 1, 0], [50, 12, 3, 9])
    assert mcnemar(a, b) == pytest.approx(binomtest(12, 15).pvalue)
    assert mcnemar(a, b, "greater") == pytest.approx(binomtest(12, 15, alternative="greater").pvalue)
    assert mcnemar(a, a) == 1.0


def test_right_or_wrong_metrics_are_tested_by_mcnemar_and_others_by_bootstrap() -> None:
    generator = np.random.default_rng(0)
    a, b = right(generator.random(500) < 0.9), right(generator.random(500) < 0.7)
    exact = difference(a, b)
    assert exact.method == "exact McNemar"
    assert exact.proved
    assert exact.low < exact.value < exact.high
    assert difference(a, b, groups=list(range(500))).method == "paired bootstrap"
    assert difference(random_f1(50), random_f1(50)).p_value == 1.0


def test_bootstrap_and_mcnemar_agree_on_many_rows() -> None:
    generator = np.random.default_rng(1)
    b = generator.random(3000) < 0.8
    a = np.where(generator.random(3000) < 0.05, generator.random(3000) < 0.95, b)
    exact = difference(right(a), right(b))
    drawn = difference(right(a), right(b), groups=list(range(3000)))
    assert drawn.p_value == pytest.approx(exact.p_value, abs=0.02)


def test_one_sided_asks_only_whether_a_is_better() -> None:
    worse, better = right(np.repeat([1, 0], [50, 50])), right(np.repeat([1, 0], [80, 20]))
    assert difference(worse, better, alternative="greater").p_value == pytest.approx(1.0)
    groups = list(range(100))
    assert difference(better, worse, groups=groups, alternative="greater").p_value < 0.001


def test_different_rows_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="same rows"):
        difference(right(np.ones(3)), right(np.ones(4)))


def test_a_detectable_gain_is_detected_four_times_in_five() -> None:
    generator = np.random.default_rng(7)
    rows, discordance = 1000, 0.1
    flips = generator.random(rows)
    a, b = right(flips > discordance / 2), right((flips < discordance / 2) | (flips > discordance))
    gain = detectable(a, b)
    assert gain == pytest.approx(2.8 * np.sqrt(discordance / rows), rel=0.1)
    wins = generator.multinomial(rows, [(discordance + gain) / 2, (discordance - gain) / 2, 1 - discordance], size=400)
    seen = [binomtest(int(w), int(w + lost)).pvalue < 0.05 and w > lost for w, lost, _ in wins]
    assert 0.7 < np.mean(seen) < 0.88


def test_a_tiny_test_set_admits_that_it_sees_nothing() -> None:
    same = right(np.ones(4))
    assert detectable(same, same) == 1.0
    assert detectable(right(np.ones(100)), right(np.ones(100))) == pytest.approx(0.06)


def test_the_sentence_says_what_was_found() -> None:
    better = Difference(0.023, 0.011, 0.034, 0.001, "exact McNemar")
    assert sentence(better, "TF-IDF + logistic regression", "accuracy") == (
        "better than the best floor (TF-IDF + logistic regression) by 2.3 points of accuracy, 95 % interval 1.1 to 3.4"
    )
    worse = sentence(Difference(-0.02, -0.03, -0.01, 0.001, ""), "TF-IDF", "accuracy")
    assert worse.startswith("the plain floor wins; you do not need a fine-tuned model here")
    assert "2.0 points of accuracy ahead" in worse
    unsure = sentence(Difference(0.004, -0.001, 0.01, 0.2, ""), "frozen", "accuracy", "before")
    assert unsure.startswith("no difference proved: 0.4 points of accuracy above the model before fine-tuning (frozen)")
    plain = sentence(Difference(0.004, -0.001, 0.01, 0.2, ""), "Fine-tuned", "accuracy", "after")
    assert plain.startswith("no difference proved: 0.4 points of accuracy above the fine-tuned model (Fine-tuned)")
    assert sentence(Difference(-0.02, -0.03, -0.01, 0.001, ""), "Fine-tuned", "accuracy", "after").startswith(
        "worse than fine-tuned: the fine-tuned model (Fine-tuned) is 2.0 points"
    )
