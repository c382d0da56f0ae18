import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.special import log_softmax

from tunewheel.evaluation.decisions import best_path, choose_many, choose_one, probabilities
from tunewheel.tasks.token_classification import valid_tags

LABELS = ["O", "B-LOC", "I-LOC", "B-PER", "I-PER"]
FIRST, FOLLOWS = valid_tags(LABELS)
LOGITS = arrays.arrays(np.float32, st.tuples(st.integers(0, 5), st.just(5)), elements=st.floats(-8, 8, width=32))


def is_valid(path: tuple[int, ...]) -> bool:
    pairs = itertools.pairwise(path)
    return not path or bool(FIRST[path[0]] and all(FOLLOWS[one, other] for one, other in pairs))


def score(path: tuple[int, ...], logits: np.ndarray) -> float:
    return float(log_softmax(logits.astype(np.float64), axis=1)[np.arange(len(path)), list(path)].sum())


@given(LOGITS)
def test_the_path_is_the_best_of_all_valid_ones(logits: np.ndarray) -> None:
    found = tuple(best_path(logits, FIRST, FOLLOWS))
    every = [path for path in itertools.product(range(5), repeat=len(logits)) if is_valid(path)]
    assert is_valid(found)
    assert score(found, logits) == pytest.approx(max(score(path, logits) for path in every), abs=1e-9)


@given(arrays.arrays(np.float32, st.tuples(st.integers(1, 200), st.just(5)), elements=st.floats(-50, 50, width=32)))
def test_long_texts_have_valid_paths_too(logits: np.ndarray) -> None:
    found = best_path(logits, FIRST, FOLLOWS)
    assert len(found) == len(logits) and is_valid(tuple(found))


def test_a_tag_that_may_not_begin_makes_room_for_the_next_best() -> None:
    logits = np.log(np.array([[0.1, 0.15, 0.7, 0.05, 1e-9], [0.1, 0.05, 0.8, 0.05, 1e-9]]))
    assert [LABELS[tag] for tag in best_path(logits, FIRST, FOLLOWS)] == ["B-LOC", "I-LOC"]


def test_no_words_have_an_empty_path() -> None:
    assert best_path(np.zeros((0, 5)), FIRST, FOLLOWS) == []


def test_one_label_is_chosen_and_a_temperature_changes_only_how_sure_it_is() -> None:
    logits = np.array([[2.0, 0.0, 1.0]])
    cold, warm = (choose_one(logits, ["a", "b", "c"], temperature)[0] for temperature in (1.0, 4.0))
    assert cold.value == warm.value == "a" and cold.confidence > warm.confidence
    assert list(cold.probabilities) == ["a", "b", "c"]
    np.testing.assert_allclose(list(cold.probabilities.values()), np.exp(log_softmax(logits))[0])
    assert sum(warm.probabilities.values()) == pytest.approx(1)


def test_labels_are_chosen_by_their_own_thresholds() -> None:
    logits = np.array([[0.0, 0.0, -30.0]])
    answer = choose_many(logits, ["a", "b", "c"], [0.4, 0.6, 0.5])[0]
    assert answer.value == ("a",)
    assert answer.confidence == pytest.approx(0.25)


def test_huge_scores_do_not_overflow() -> None:
    assert probabilities(np.array([[1e30, -1e30]], dtype=np.float32)).tolist() == [[1.0, 0.0]]
