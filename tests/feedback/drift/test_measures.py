"""The parts of a look against plain oracles: distances, tails, shares, prevalence, words, and what a profile keeps."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import gamma, multivariate_normal, norm
from sklearn.metrics.pairwise import linear_kernel
from traffic import CLASSES, answer, rows, version

from tunewheel.feedback.drift import Profile, look, profile
from tunewheel.feedback.drift.answers import indicators, labels_of, single
from tunewheel.feedback.drift.distance import learn, measure
from tunewheel.feedback.drift.features import WIDTH, counted, rarity, weighted, word_bins, words
from tunewheel.feedback.drift.packing import pack, unpack
from tunewheel.feedback.drift.prevalence import adjusted_count, smoothed
from tunewheel.feedback.drift.shares import Usual, move
from tunewheel.feedback.drift.tails import AGREED, likely, moments, upper
from tunewheel.records import Span


def test_words_are_runs_of_letters_and_pairs_of_chinese_characters() -> None:
    assert words("Where's my CARD no. 12?") == ["where", "s", "my", "card", "no", "12"]
    assert words("我的银行卡 PIN 卡") == ["我的", "的银", "银行", "行卡", "pin", "卡"]
    assert words("...") == []


def test_the_bin_of_a_word_is_the_same_on_every_machine() -> None:
    assert word_bins(["refund", "退款"]).tolist() == [65451, 15476]


def test_vectors_have_length_one_and_stand_for_shared_words() -> None:
    counts = counted([words(text) for text in ("pay the fee", "pay the fees", "innings of a bowler", "")])
    vectors = weighted(counts, rarity(counts)).toarray()
    assert vectors.shape == (4, WIDTH)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1, 1, 0])
    assert vectors[0] @ vectors[1] > 0.2 > vectors[0] @ vectors[2]


def test_the_distance_is_the_unbiased_discrepancy_of_all_pairs() -> None:
    chance = np.random.default_rng(0)
    reference, window = chance.normal(size=(60, 5)), chance.normal(size=(30, 5)) + 0.7
    within, inside = linear_kernel(reference), linear_kernel(window)
    np.fill_diagonal(within, 0)
    np.fill_diagonal(inside, 0)
    left, right = within.sum() / (60 * 59), inside.sum() / (30 * 29)
    apart = left + right - 2 * linear_kernel(window, reference).mean()
    found = measure(learn(reference, chance), window)
    assert found.effect == pytest.approx(np.sqrt(apart / max(left + right, apart)))


@pytest.mark.parametrize("size", [25, 150, 800])
def test_the_distances_of_fresh_windows_stay_below_their_threshold(size: int) -> None:
    chance = np.random.default_rng(size)

    def vectors(count: int) -> np.ndarray:
        return np.eye(40)[chance.choice(40, count, p=np.arange(1, 41) / 820)]

    over = [found.effect > found.threshold for found in _distances(vectors, size, chance)]
    assert sum(over) <= 1
    far = measure(learn(vectors(600), chance), np.eye(40)[chance.integers(0, 10, size)])
    assert far.effect > far.threshold


def _distances(vectors, size, chance):
    for _ in range(5):
        reference = learn(vectors(600), chance)
        yield from (measure(reference, vectors(size)) for _ in range(40))


def test_the_upper_tail_is_that_of_a_gamma_distribution() -> None:
    mean, spread, skew = gamma(4).stats("mvs")
    assert upper(float(mean), float(np.sqrt(spread)), float(skew), 1e-4) == pytest.approx(
        gamma(4).ppf(1 - 1e-4), rel=1e-6
    )
    assert upper(0.0, 1.0, 0.0, 1e-3) == pytest.approx(norm.ppf(1 - 1e-3))
    assert upper(2.0, 0.0, 0.0) == 2.0
    assert moments(np.full(9, 3.0)) == (3.0, 0.0, 0.0)


def test_two_looks_that_share_a_reference_are_both_likely_as_rarely_as_is_meant() -> None:
    for sizes in ((400, 400), (50, 400), (2_000, 200)):
        limits = [norm.isf(likely(size, 300)) for size in sizes]
        shared = np.sqrt(np.prod([size / (size + 300) for size in sizes]))
        pair = multivariate_normal([0, 0], [[1, shared], [shared, 1]], abseps=1e-10, releps=1e-6)
        both = pair.cdf([-limit for limit in limits])
        assert AGREED * (0.99 if sizes[0] == sizes[1] else 0.4) < both < 1.01 * AGREED  # of two sizes: rarer


def test_a_larger_reference_lets_two_looks_find_smaller_changes() -> None:
    assert (
        AGREED < likely(400, 300) < likely(400, 1_500) < likely(400, 10**9) == pytest.approx(np.sqrt(AGREED), rel=1e-3)
    )


def test_the_limits_of_a_mean_are_those_of_windows_drawn_again_and_again() -> None:
    chance = np.random.default_rng(0)
    reference = chance.beta(5, 1, 2_000)
    drawn = np.array([chance.choice(reference, 60).mean() for _ in range(40_000)]) - reference.mean()
    moved = move(Usual.of(reference, 10**9), chance.choice(reference, 60))
    assert -moved.low > moved.high  # the tail of confidences is on the left
    assert (drawn < moved.low).mean() < 4e-4
    assert (drawn > moved.high).mean() < 4e-4
    assert moved.low > 1.4 * drawn.min()
    assert moved.effect == pytest.approx(moved.now - reference.mean())


def test_a_small_reference_makes_wider_limits() -> None:
    values = np.linspace(0, 1, 50)
    small, large = move(Usual.of(values, 50), values), move(Usual.of(values, 5_000), values)
    assert small.high > 1.3 * large.high


def test_prevalence_undoes_known_errors() -> None:
    confusion = np.array([[800.0, 200.0], [300.0, 700.0]])
    truth = np.array([0.2, 0.8])
    answered = 1_000 * truth @ (confusion / 1_000)
    found = adjusted_count(answered, confusion, np.array([0.5, 0.5]))
    assert found == pytest.approx(truth, abs=0.01)


def test_prevalence_is_the_most_likely_one() -> None:
    chance = np.random.default_rng(3)
    confusion = np.diag([60.0, 40, 50]) + chance.integers(1, 15, (3, 3))
    answered, rates = np.array([70.0, 20, 30]), smoothed(confusion)
    found = adjusted_count(answered, confusion, np.full(3, 1 / 3))

    def against(free: np.ndarray) -> float:
        shares = np.exp([*free, 0.0]) / np.exp([*free, 0.0]).sum()
        return -float(answered @ np.log(shares @ rates))

    best = minimize(against, np.zeros(2), method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-10}).x
    assert found == pytest.approx(np.exp([*best, 0.0]) / np.exp([*best, 0.0]).sum(), abs=2e-3)
    assert adjusted_count(np.zeros(3), confusion, np.full(3, 1 / 3)) == pytest.approx(np.full(3, 1 / 3))


def test_answers_of_every_task_are_read_as_labels() -> None:
    assert labels_of("card") == ("card",)
    assert labels_of(("card", "fee", "card")) == ("card", "fee")
    assert labels_of([(0, 4, "PER"), (6, 9, "LOC"), (10, 12, "PER")]) == ("PER", "LOC")
    assert labels_of([Span(0, 4, "PER")]) == ("PER",)
    assert labels_of([{"start": 0, "end": 4, "label": "PER"}]) == ("PER",)
    assert labels_of(()) == labels_of(None) == ()
    assert single(["a", "b"]) and not single(["a", ("a", "b")])
    assert indicators(["a", ("a", "b"), "c", ()], ["a", "b"]).tolist() == [[1, 0, 0], [1, 1, 0], [0, 0, 1], [0, 0, 1]]


@given(st.lists(st.floats(-1e6, 1e6), max_size=50))
def test_packed_numbers_come_back_within_a_step(values: list[float]) -> None:
    spread = max(values, default=0) - min(values, default=0)
    again = unpack(json.loads(json.dumps(pack(values))))
    assert again.shape == (len(values),)
    assert np.abs(again - values).max(initial=0) <= spread / 65_535 + 1e-9


@pytest.mark.parametrize("chinese", [False, True])
def test_a_profile_kept_as_json_looks_alike_and_holds_no_text(chinese: bool) -> None:
    made = version(chinese=chinese)
    kept = json.dumps(made.profile.to_json())
    window = rows(100, 9, chinese=chinese)
    said, sure = answer(made.model, window.texts)
    first = look(made.profile, window.texts, said, sure)
    again = look(Profile.from_json(json.loads(kept)), window.texts, said, sure)
    assert [change.alarm for change in first.changes] == [change.alarm for change in again.changes]
    assert [one.effect for one in first.changes] == pytest.approx([one.effect for one in again.changes], abs=0.01)
    assert len(kept) < 200_000
    for word in ("iban", "merchant", "swallowed", "银行", "退款"):
        assert word not in kept and json.dumps(word) not in kept


def test_a_profile_of_many_rows_and_classes_stays_small() -> None:
    chance = np.random.default_rng(0)
    classes = [f"class number {i}" for i in range(150)]
    texts = [" ".join(f"w{word}" for word in chance.zipf(1.3, 12) % 40_000) for _ in range(6_000)]
    labels = [classes[i] for i in chance.integers(0, 150, 6_000)]
    made = profile(texts, labels, labels, chance.uniform(size=6_000), classes=classes)
    assert made.rows == 5_000
    assert len(json.dumps(made.to_json())) < 200_000


def test_rows_that_do_not_fit_together_are_refused() -> None:
    with pytest.raises(ValueError, match="there are 30 texts, but labels has 29, confidences has 2"):
        profile(["a"] * 30, ["x"] * 29, ["x"] * 30, [0.5, 0.5], classes=["x"])
    with pytest.raises(ValueError, match="a profile needs 20 validation rows or more, not 3"):
        profile(["a"] * 3, ["x"] * 3, ["x"] * 3, [0.5] * 3, classes=["x"])


def test_a_profile_of_the_fewest_rows_of_one_class_works() -> None:
    made = profile(["pay the fee"] * 20, ["fee"] * 20, ["fee"] * 20, [0.9] * 20, classes=["fee"])
    assert not look(made, ["pay the fee"] * 30, ["fee"] * 30, [0.9] * 30).alarm
    assert look(made, ["innings of a bowler"] * 30, ["fee"] * 30, [0.4] * 30).alarm


def test_training_rows_make_words_known() -> None:
    held = rows(60, 1)
    said, sure = held.labels, np.full(60, 0.9)
    alone = profile(held.texts, held.labels, said, sure, classes=CLASSES)
    more = rows(500, 2)
    taught = profile(
        held.texts, held.labels, said, sure, classes=CLASSES, trained=more.texts, trained_labels=more.labels
    )
    assert alone.sample[:, 1].mean() > 3 * taught.sample[:, 1].mean()
