"""Entity metrics against seqeval, for valid and invalid tag sequences."""

from __future__ import annotations

import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval import metrics as oracle
from seqeval.metrics.sequence_labeling import get_entities

from tunewheel.evaluation.metrics_entities import Found, entities, entity_counts, entity_scores

TAG = st.sampled_from(["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-人名", "I-人名", "B-a-b", "I-a-b", "B", "I"])
SENTENCE = st.lists(st.tuples(TAG, TAG), min_size=1, max_size=12)


@given(st.lists(TAG, max_size=15))
@settings(max_examples=300, deadline=None)
def test_any_tag_sequence_is_read_as_seqeval_reads_it(tags: list[str]) -> None:
    expected = [(first, last, kind) for kind, first, last in get_entities(list(tags))]
    assert [tuple(entity) for entity in entities(tags)] == expected


@given(st.lists(SENTENCE, min_size=1, max_size=6))
@settings(max_examples=150, deadline=None)
def test_scores_agree_with_seqeval(sentences: list[list[tuple[str, str]]]) -> None:
    predicted = [[said for said, _ in sentence] for sentence in sentences]
    actual = [[true for _, true in sentence] for sentence in sentences]
    scores = entity_scores(predicted, actual)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # seqeval warns where a ratio is 0 / 0
        assert scores["entity_f1"] == pytest.approx(oracle.f1_score(actual, predicted))
        assert scores["entity_precision"] == pytest.approx(oracle.precision_score(actual, predicted))
        assert scores["entity_recall"] == pytest.approx(oracle.recall_score(actual, predicted))
        assert scores["token_accuracy"] == pytest.approx(oracle.accuracy_score(actual, predicted))
        if entity_counts(predicted, actual):
            assert scores["macro_entity_f1"] == pytest.approx(oracle.f1_score(actual, predicted, average="macro"))
    assert scores.rows["entity_f1"].value == pytest.approx(scores["entity_f1"])


def test_counts_by_type_are_exact_span_and_type() -> None:
    counts = entity_counts([["B-LOC", "I-LOC", "O", "B-PER"]], [["B-LOC", "O", "O", "B-PER"]])
    assert counts == {"LOC": Found(0, 1, 1), "PER": Found(1, 1, 1)}
    assert counts["PER"].f1 == 1.0


def test_a_sentence_with_a_tag_too_few_is_refused() -> None:
    with pytest.raises(ValueError, match="1 predicted tags for 2 words"):
        entity_scores([["O"]], [["O", "O"]])


def test_no_sentences_score_zero() -> None:
    assert entity_scores([], [])["entity_f1"] == 0.0
