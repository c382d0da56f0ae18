"""A form with noise in its logits gets the temperature that brings its confidences to those of the version."""

import numpy as np
import pytest

from tunewheel.evaluation.calibration import expected_calibration_error
from tunewheel.records import Array, Batch, Example, Prediction, Ratio
from tunewheel.registry.revive import Revived
from tunewheel.serving.recalibrate import confidence_errors, own_temperature
from tunewheel.serving.variant import calibrated
from tunewheel.tasks.text_classification import TextClassification

LABELS = ["fees", "card", "transfer"]


def task(**facts: object) -> TextClassification:
    return TextClassification(TextClassification.Options(), {"labels": LABELS, "soft": False, **facts})


def rows(count: int) -> list[Example]:
    return [Example(f"row {n}") for n in range(count)]


def encode(examples: list[Example]) -> Batch:
    return Batch({"rows": np.array([int(one.content[4:]) for one in examples])})


def version(logits: Array, **facts: object) -> Revived:
    return Revived(task(**facts), encode, lambda batch: {"logits": logits[batch["rows"]]})


def drawn(count: int) -> Array:
    """Logits that are right as often as they say."""
    return np.random.default_rng(7).normal(0, 1.5, (count, len(LABELS)))


def test_a_form_with_the_same_logits_keeps_the_temperature() -> None:
    logits = drawn(300)
    own = own_temperature(version(logits, temperature=1.7), lambda batch: {"logits": logits[batch["rows"]]}, rows(300))
    assert own == pytest.approx(1.7, rel=1e-3)


def test_a_form_that_is_too_sure_is_cooled_by_as_much() -> None:
    logits = drawn(300)
    loud = lambda batch: {"logits": 2 * logits[batch["rows"]]}  # noqa: E731
    assert own_temperature(version(logits, temperature=1.7), loud, rows(300)) == pytest.approx(3.4, rel=1e-3)


def test_noise_costs_confidence_and_no_answer() -> None:
    random, logits = np.random.default_rng(3), drawn(4_000)
    noisy = 1.3 * logits + random.normal(0, 1.0, logits.shape)
    trained = version(logits, temperature=1.0)
    engine = lambda batch: {"logits": noisy[batch["rows"]]}  # noqa: E731
    own = own_temperature(trained, engine, rows(500))
    assert own is not None and own > 1.3
    asked = encode(rows(4_000))
    truth = np.array([random.choice(3, p=p) for p in np.exp(logits) / np.exp(logits).sum(1, keepdims=True)])
    plain, cooled = (calibrated(trained.task, t).decode(engine(asked), asked) for t in (None, own))
    assert [one.value for one in plain] == [one.value for one in cooled]
    right = Ratio((np.array(LABELS)[truth] == [one.value for one in plain]).astype(float), np.ones(4_000))
    before, after = confidence_errors(plain, right), confidence_errors(cooled, right)
    assert after["ece"] < 0.03 < 0.1 < before["ece"] and after["brier"] < before["brier"]


def test_nothing_is_made_up_without_rows_or_doubt_or_temperature() -> None:
    logits = drawn(50)
    engine = lambda batch: {"logits": logits[batch["rows"]]}  # noqa: E731
    assert own_temperature(version(logits, temperature=1.7), engine, []) is None
    assert own_temperature(version(logits, thresholds=[0.5] * 3), engine, rows(50)) is None
    assert own_temperature(version(1e6 * logits, temperature=1.0), engine, rows(50)) is None


def test_the_errors_are_those_of_the_answers_confidence() -> None:
    answers = [Prediction("card", 0.9), Prediction("card", 0.6), Prediction("fees", 0.8)]
    right = Ratio(np.array([1.0, 0.0, 1.0]), np.ones(3))
    errors = confidence_errors(answers, right, "_trained")
    assert errors["brier_trained"] == pytest.approx((0.1**2 + 0.6**2 + 0.2**2) / 3, abs=1e-5)
    assert errors["ece_trained"] == pytest.approx(expected_calibration_error([0.9, 0.6, 0.8], [1, 0, 1]), abs=1e-5)
