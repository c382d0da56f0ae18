import dataclasses
import json

import numpy as np
import pytest
from keyword_task import predictor, softmax

from tunewheel.errors import CertificateMismatch
from tunewheel.records import Example, Prediction, Scores, Source, Span
from tunewheel.serving import Certificate, certify, check
from tunewheel.serving.certificate import differing, evenly, largest_difference

EXAMPLES = [
    Example(text, label, Source("test.csv", row))
    for row, (text, label) in enumerate([("a card", "cards"), ("fee!", "fees"), ("refund", "refunds")] * 100, start=2)
]


@pytest.fixture
def evaluated():
    return predictor().predict_examples(EXAMPLES)


@pytest.fixture
def scores(evaluated):
    return predictor().task.score(evaluated, EXAMPLES)


def test_the_same_path_holds(evaluated, scores):
    certificate = certify(predictor(), EXAMPLES, evaluated, scores)
    check(certificate)
    assert certificate.holds
    assert (certificate.rows, certificate.same_answers, certificate.share) == (300, 300, 1.0)
    assert (certificate.alone_rows, certificate.alone_same) == (50, 50)
    assert certificate.scores_served == certificate.scores_evaluated == {"accuracy": 1.0}


def test_a_changed_answer_is_named_by_its_row(evaluated, scores):
    evaluated[7] = dataclasses.replace(evaluated[7], value="cards")
    certificate = certify(predictor(), EXAMPLES, evaluated, scores)
    assert certificate.same_answers == 299
    with pytest.raises(CertificateMismatch, match=r"test\.csv row 9: evaluated 'cards', served 'fees'"):
        check(certificate)


def test_answers_that_depend_on_their_company_are_found(evaluated, scores):
    def engine(batch):
        outputs = softmax(batch)
        return outputs if len(batch) > 1 else {"probabilities": outputs["probabilities"][:, ::-1]}

    certificate = certify(predictor(engine), EXAMPLES, evaluated, scores)
    assert certificate.same_answers == 300
    assert certificate.alone_same < 50
    with pytest.raises(CertificateMismatch, match="one at a time"):
        check(certificate)


def test_equal_answers_with_other_probabilities_do_not_hold(evaluated, scores):
    def engine(batch):
        return {"probabilities": softmax(batch)["probabilities"] * 0.98}

    certificate = certify(predictor(engine), EXAMPLES, evaluated, scores)
    assert certificate.same_answers == 300
    assert certificate.largest_difference > 0.001
    assert not certificate.holds


def test_the_rounding_of_another_order_of_sums_holds(evaluated, scores):
    def engine(batch):
        return {"probabilities": softmax(batch)["probabilities"].astype(np.float32)}

    assert certify(predictor(engine), EXAMPLES, evaluated, scores).holds


def test_other_scores_do_not_hold(evaluated):
    assert not certify(predictor(), EXAMPLES, evaluated, Scores({"accuracy": 0.5})).holds
    assert not certify(predictor(), EXAMPLES, evaluated, Scores({"f1": 1.0})).holds


def test_a_probability_that_is_not_a_number_never_holds(evaluated, scores):
    evaluated[0] = dataclasses.replace(evaluated[0], confidence=float("nan"))
    assert not certify(predictor(), EXAMPLES, evaluated, scores).holds


def test_a_certificate_survives_json(evaluated, scores):
    certificate = certify(predictor(), EXAMPLES, evaluated, scores)
    assert Certificate.from_json(json.loads(json.dumps(certificate.to_json()))) == certificate


def test_spans_are_compared_by_place_and_label():
    one = [Prediction((Span(0, 2, "PER", 0.91),))]
    assert differing(one, [Prediction((Span(0, 2, "PER", 0.92),))]) == []
    assert differing(one, [Prediction((Span(0, 3, "PER", 0.91),))]) == [0]


def test_a_label_that_is_missing_on_one_side_counts_as_zero():
    assert largest_difference([Prediction("a", 0.9, {"a": 0.9})], [Prediction("a", 0.9, {})]) == 0.9


@pytest.mark.parametrize(("count", "most", "size"), [(0, 50, 0), (3, 50, 3), (1000, 50, 50)])
def test_a_sample_is_spread_evenly_without_repeats(count, most, size):
    sample = evenly(count, most)
    assert len(sample) == len(set(sample)) == size
    assert all(0 <= position < count for position in sample)
