"""Classification, multi-label and soft metrics against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as oracle

from tunewheel.evaluation.metrics import classification_scores, indicators, multi_label_scores, soft_scores

LABELS = ["a", "b", "c", "退款"]
PAIRS = st.lists(st.tuples(st.sampled_from(LABELS), st.sampled_from(LABELS)), min_size=1, max_size=40)
SETS = st.lists(st.tuples(st.frozensets(st.sampled_from(LABELS)), st.frozensets(st.sampled_from(LABELS))), min_size=1)


@given(PAIRS)
@settings(max_examples=40, deadline=None)
def test_single_label_scores_agree_with_sklearn(pairs: list[tuple[str, str]]) -> None:
    predicted, actual = zip(*pairs, strict=True)
    scores = classification_scores(predicted, actual, LABELS)
    assert scores["accuracy"] == pytest.approx(oracle.accuracy_score(actual, predicted))
    assert scores["macro_f1"] == pytest.approx(oracle.f1_score(actual, predicted, average="macro", zero_division=0))
    assert scores["weighted_f1"] == pytest.approx(
        oracle.f1_score(actual, predicted, average="weighted", zero_division=0)
    )
    if len({*predicted, *actual}) > 1:  # scikit-learn warns about a single label
        assert scores["mcc"] == pytest.approx(oracle.matthews_corrcoef(actual, predicted))
    recall = oracle.recall_score(actual, predicted, average="macro", labels=sorted(set(actual)), zero_division=0)
    assert scores["balanced_accuracy"] == pytest.approx(recall)


@given(SETS)
@settings(max_examples=40, deadline=None)
def test_multi_label_scores_agree_with_sklearn(pairs: list[tuple[frozenset[str], frozenset[str]]]) -> None:
    predicted, actual = zip(*pairs, strict=True)
    scores = multi_label_scores(predicted, actual, LABELS)
    said, true = indicators(predicted, LABELS), indicators(actual, LABELS)
    occurs = np.flatnonzero((said | true).any(axis=0))
    assert scores["micro_f1"] == pytest.approx(oracle.f1_score(true, said, average="micro", zero_division=0))
    assert scores["subset_accuracy"] == pytest.approx(oracle.accuracy_score(true, said))
    assert scores["hamming_loss"] == pytest.approx(oracle.hamming_loss(true, said))
    if len(occurs):
        macro = oracle.f1_score(true, said, average="macro", labels=occurs, zero_division=0)
        assert scores["macro_f1"] == pytest.approx(macro)


def test_the_per_row_parts_give_the_same_number_as_the_metric() -> None:
    scores = multi_label_scores([{"a"}, {"a", "b"}, set()], [{"a"}, {"b", "c"}, set()], LABELS)
    assert scores.rows["micro_f1"].value == pytest.approx(scores["micro_f1"]) == pytest.approx(4 / 6)
    assert scores.rows["subset_accuracy"].numerator.tolist() == [1, 0, 1]


def test_a_label_that_training_never_saw_counts_as_wrong() -> None:
    scores = classification_scores(["a", "b"], ["a", "new"], ["a", "b"])
    assert scores["accuracy"] == 0.5
    assert scores["macro_f1"] == pytest.approx(1 / 3)


def test_no_rows_score_zero_without_a_warning() -> None:
    assert set(classification_scores([], [], LABELS).values.values()) == {0.0}
    assert multi_label_scores([], [], LABELS)["micro_f1"] == 0.0


def test_soft_scores_agree_with_sklearn_on_hard_targets() -> None:
    said = np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6], [0.2, 0.5, 0.3]])
    scores = soft_scores(said, np.eye(3)[[0, 2, 2]])
    assert scores["cross_entropy_loss"] == pytest.approx(oracle.log_loss([0, 2, 2], said, labels=[0, 1, 2]))
    assert scores["brier_loss"] == pytest.approx(((said - np.eye(3)[[0, 2, 2]]) ** 2).sum(1).mean())


def test_a_certain_wrong_answer_has_a_finite_loss() -> None:
    assert np.isfinite(soft_scores([[1.0, 0.0]], [[0.0, 1.0]])["cross_entropy_loss"])


def test_unequal_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="2 predictions for 1 rows"):
        classification_scores(["a", "b"], ["a"], LABELS)
    with pytest.raises(ValueError, match="shape"):
        soft_scores(np.ones((2, 2)), np.ones((2, 3)))
