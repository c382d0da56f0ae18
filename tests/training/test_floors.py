"""Floors against scikit-learn as the oracle."""

import json
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load, save
from scipy.special import log_softmax, softmax
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from small_texts import intents

from tunewheel.records import Batch
from tunewheel.task import Plain
from tunewheel.training.floors import FLOORS, FloorState, LinearFloor, MajorityFloor, TreesFloor, logistic
from tunewheel.training.floors.trees import TREES
from tunewheel.training.floors.vectors import from_facts, learn_vectors


def plain(items: Any, targets: Any, kind: str = "text", exclusive: bool = True) -> Plain:
    return Plain(kind, items, None if targets is None else np.asarray(targets), Batch({}), exclusive=exclusive)


def texts(count: int, chinese: bool = False) -> tuple[list[str], np.ndarray]:
    rows = intents(count, chinese=chinese)
    places = {label: place for place, label in enumerate(sorted({row["label"] for row in rows}))}
    return [row["text"] for row in rows], np.array([places[row["label"]] for row in rows])


def digits() -> tuple[np.ndarray, np.ndarray]:
    """400 real pictures of digits as numbers between 0 and 1."""
    from sklearn.datasets import load_digits

    pixels, numbers = load_digits(return_X_y=True)
    return (pixels[:400] / 16).astype(np.float32), numbers[:400]


def again(state: FloorState) -> FloorState:
    """The state by way of safetensors and JSON."""
    arrays = load(save({name: np.ascontiguousarray(array) for name, array in state.arrays.items()}))
    return FloorState(arrays, json.loads(json.dumps(state.facts, ensure_ascii=False)))


# Vectors


@pytest.mark.parametrize("chinese", [False, True], ids=["English", "Chinese"])
def test_tfidf_is_that_of_scikit_learn_before_and_after_it_was_saved(chinese: bool) -> None:
    items, targets = texts(60, chinese)
    views = (
        [{"analyzer": "char", "ngram_range": (1, 3)}]
        if chinese
        else [
            {"analyzer": "word", "ngram_range": (1, 2), "token_pattern": r"(?u)\b\w+\b"},
            {"analyzer": "char_wb", "ngram_range": (2, 4)},
        ]
    )
    made, found = learn_vectors(plain(items, targets), classes=3)
    arrays = load(save({name: np.asarray(array) for name, array in made.arrays.items()}))
    kept = from_facts(made.kind, json.loads(json.dumps(made.facts)), arrays)
    new = [*items[:9], "never seen 从未见过", ""]
    expected = np.hstack(
        [TfidfVectorizer(**view, sublinear_tf=True).fit(items).transform(new).toarray() for view in views]
    )
    for vectors in (made, kept):
        np.testing.assert_allclose(vectors(new).toarray(), expected, atol=1e-6)
    np.testing.assert_allclose(found.toarray(), made(items).toarray(), atol=1e-6)


def test_word_features_are_counted_once_and_unknown_ones_are_ignored() -> None:
    items = [["a", "b"], ["a", "c", "c"], ["b"]]
    made, found = learn_vectors(plain(items, [0, 1, 0], kind="features"), classes=2)
    assert found.toarray().tolist() == made(items).toarray().tolist() == [[1, 1, 0], [1, 0, 1], [0, 1, 0]]
    expected = CountVectorizer(analyzer=list, binary=True).fit(items).transform([["c", "c", "z"], []]).toarray()
    assert made([["c", "c", "z"], []]).toarray().tolist() == expected.tolist() == [[0, 0, 1], [0, 0, 0]]


def test_pixels_are_scaled_as_by_scikit_learn() -> None:
    pixels, targets = digits()
    made, found = learn_vectors(plain(pixels, targets, kind="vectors"), classes=10)
    np.testing.assert_array_equal(found, made(pixels))
    varied = pixels.std(0) > 0.01
    expected = StandardScaler().fit(pixels[:, varied]).transform(pixels[:, varied])
    np.testing.assert_allclose(made(pixels)[:, varied], expected, atol=1e-4)


def test_the_vocabulary_shrinks_with_the_number_of_classes() -> None:
    items, targets = texts(60)
    few, many = (learn_vectors(plain(items, targets), classes=classes)[0] for classes in (3, 5_000))
    assert sum(len(part["vocabulary"]) for part in many.facts["parts"]) <= 5_000
    assert sum(len(part["vocabulary"]) for part in few.facts["parts"]) * 5_000 <= 25_000_000


# Logistic regression


def test_logistic_regression_is_that_of_scikit_learn() -> None:
    pixels, targets = digits()
    scores = logistic.apply(pixels, logistic.fit(pixels, targets, 10, exclusive=True, strength=0.5))
    expected = LogisticRegression(C=0.5, max_iter=300, tol=1e-4).fit(pixels, targets).predict_log_proba(pixels)
    np.testing.assert_allclose(log_softmax(scores, axis=1), expected, atol=1e-4)


def test_two_classes_are_right_way_round() -> None:
    pixels, targets = digits()
    two = targets < 2
    scores = logistic.apply(pixels[two], logistic.fit(pixels[two], targets[two], 2, exclusive=True, strength=1.0))
    expected = LogisticRegression(max_iter=300, tol=1e-4).fit(pixels[two], targets[two]).predict_proba(pixels[two])
    np.testing.assert_allclose(np.exp(log_softmax(scores, axis=1)), expected, atol=1e-4)


def test_a_class_that_was_never_seen_cannot_win() -> None:
    pixels, targets = digits()
    for seen in ([3], [3, 5], [3, 5, 8]):
        chosen = np.isin(targets, seen)
        scores = logistic.apply(pixels, logistic.fit(pixels[chosen], targets[chosen], 10, exclusive=True, strength=1.0))
        assert set(scores.argmax(1).tolist()) <= set(seen)


def test_shares_that_are_certain_teach_what_labels_teach() -> None:
    pixels, targets = digits()
    hard = logistic.apply(pixels, logistic.fit(pixels, targets, 10, exclusive=True, strength=0.5))
    soft = logistic.apply(pixels, logistic.fit(pixels, np.eye(10)[targets], 10, exclusive=True, strength=0.5))
    np.testing.assert_allclose(log_softmax(soft, axis=1), log_softmax(hard, axis=1), atol=1e-4)


def test_independent_labels_are_so_many_regressions() -> None:
    pixels, targets = digits()
    marks = np.stack([targets % 2 == 0, targets < 5, np.zeros(400, bool)], axis=1).astype(np.float32)
    scores = logistic.apply(pixels, logistic.fit(pixels, marks, 3, exclusive=False, strength=1.0))
    for label in (0, 1):
        expected = (
            LogisticRegression(max_iter=300, tol=1e-4)
            .fit(pixels, marks[:, label].astype(int))
            .decision_function(pixels)
        )
        np.testing.assert_allclose(scores[:, label], expected, atol=1e-4)
    assert (scores[:, 2] < 0).all()


def test_the_penalty_that_agrees_best_with_validation_is_kept() -> None:
    pixels, targets = digits()
    (weights, _), strength = logistic.best_strength(
        pixels[:200], targets[:200], pixels[200:], targets[200:], 10, exclusive=True, strengths=(1e-6, 1.0)
    )
    assert strength == 1.0 and weights.shape == (10, 64)


@pytest.mark.parametrize("classes", [2, 3, 10])
def test_where_a_fit_ends_does_not_depend_on_where_it_starts(classes: int) -> None:
    pixels, targets = digits()
    chosen = targets < classes
    pixels, targets = pixels[chosen], targets[chosen]
    rows = len(targets) // 2
    near = logistic.fit(pixels[:rows], targets[:rows], classes, exclusive=True, strength=0.5)
    cold, warm = (
        logistic.fit(pixels, targets, classes, exclusive=True, strength=0.5, closely=True, start=start)
        for start in (None, near)
    )
    begun, *ends = (softmax(logistic.apply(pixels, linear), axis=1) for linear in (near, cold, warm))
    np.testing.assert_allclose(ends[1], ends[0], atol=5e-3)
    assert np.abs(begun - ends[0]).max() > 0.05


# Floors


def test_a_forest_of_arrays_answers_as_scikit_learn_does() -> None:
    pixels, targets = digits()
    learnt = TreesFloor.learn(plain(pixels[:300], targets[:300], "vectors"), plain([], None), 10, seed=4)
    forest = ExtraTreesClassifier(TREES, min_samples_leaf=2, random_state=4).fit(pixels[:300], targets[:300])
    new = pixels[300:]
    leaves = np.stack([learnt._leaves(new, int(root)) - root for root in learnt.arrays["roots"]], axis=1)
    np.testing.assert_array_equal(leaves, forest.apply(new))
    shares = np.exp(learnt.logits(plain(new, None, "vectors")))
    # Shares are kept in half precision and never below 1 in 10,000.
    np.testing.assert_allclose(shares, np.maximum(forest.predict_proba(new), 1e-4), atol=5e-4)


def test_a_threshold_is_never_rounded_past_a_pixel() -> None:
    from tunewheel.training.floors.trees import _rounded_down

    wide = np.random.default_rng(0).random(10_000)
    narrow = _rounded_down(wide)
    assert narrow.dtype == np.float32
    assert (narrow <= wide).all() and (np.nextafter(narrow, np.float32(2)) > wide).all()


def test_a_forest_knows_classes_it_never_saw_as_nearly_impossible() -> None:
    pixels, targets = digits()
    seen = targets != 7
    learnt = TreesFloor.learn(plain(pixels[seen], targets[seen], "vectors"), plain([], None), 10, seed=0)
    np.testing.assert_allclose(np.exp(learnt.logits(plain(pixels, None, "vectors")))[:, 7], 1e-4, rtol=1e-4)


def test_the_majority_answers_with_the_shares_of_the_training_rows() -> None:
    floor = MajorityFloor.learn(plain(["x"] * 4, [0, 1, 1, 1]), plain([], None), 3, seed=0)
    logits = floor.logits(plain(["a", "b"], None))
    np.testing.assert_allclose(np.exp(log_softmax(logits.astype(float), axis=1)), [[0.25, 0.75, 0]] * 2, atol=1e-6)


def test_the_majority_of_independent_labels_says_those_of_more_than_half() -> None:
    marks = np.array([[1, 0, 1], [1, 0, 0], [0, 0, 1]], dtype=np.float32)
    floor = MajorityFloor.learn(plain(["x"] * 3, marks, exclusive=False), plain([], None), 3, seed=0)
    shares = 1 / (1 + np.exp(-floor.logits(plain(["a"], None)).astype(float)))
    np.testing.assert_allclose(shares, [[2 / 3, 0, 2 / 3]], atol=1e-6)


@pytest.mark.parametrize("name", FLOORS)
def test_a_floor_comes_back_from_plain_files_with_the_same_answers(name: str) -> None:
    pixels, targets = digits()
    train = plain(pixels[:200], targets[:200], "vectors")
    learnt = FLOORS[name].learn(train, plain(pixels[200:], targets[200:], "vectors"), 10, seed=0)
    kept = FLOORS[name].from_state(again(learnt.state()))
    np.testing.assert_array_equal(kept.logits(train), learnt.logits(train))
    assert kept.title == learnt.title


@pytest.mark.parametrize("chinese", [False, True], ids=["English", "Chinese"])
def test_the_linear_floor_learns_texts(chinese: bool) -> None:
    items, targets = texts(120, chinese)
    learnt = LinearFloor.learn(plain(items[:80], targets[:80]), plain(items[80:100], targets[80:100]), 3, seed=0)
    assert (learnt.logits(plain(items[100:], None)).argmax(1) == targets[100:]).mean() > 0.95


def test_each_floor_knows_what_it_is_meant_for() -> None:
    assert [floor.name for floor in FLOORS.values() if floor.fits(plain(["x"], [0]))] == ["majority", "linear"]
    assert TreesFloor.fits(plain(np.zeros((1, 2)), [0], "vectors"))
    assert not TreesFloor.fits(plain(np.zeros((1, 2)), [[1, 0]], "vectors", exclusive=False))
