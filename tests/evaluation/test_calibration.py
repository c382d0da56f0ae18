"""Temperature, thresholds, expected calibration error."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.calibration import calibration_curve
from sklearn.metrics import f1_score

from tunewheel.evaluation.calibration import (
    calibration,
    expected_calibration_error,
    fit_temperature,
    fit_thresholds,
    reliability,
)


def drawn(temperature: float, rows: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Logits that are `temperature` times too bold, and labels drawn from the honest probabilities."""
    generator = np.random.default_rng(0)
    honest = generator.normal(size=(rows, 5)) * 1.5
    labels = np.array([generator.choice(5, p=p) for p in softmax(honest, axis=1)])
    return honest * temperature, labels


@pytest.mark.parametrize("temperature", [0.4, 1.0, 3.0])
def test_the_temperature_that_was_put_in_is_found(temperature: float) -> None:
    logits, labels = drawn(temperature)
    assert fit_temperature(logits, labels) == pytest.approx(temperature, rel=0.08)
    assert fit_temperature(logits, np.eye(5)[labels]) == pytest.approx(fit_temperature(logits, labels))


def test_a_temperature_mends_the_calibration_error() -> None:
    logits, labels = drawn(3.0)
    bold, mended = softmax(logits, axis=1), softmax(logits / fit_temperature(logits, labels), axis=1)
    found = calibration(bold.max(1), mended.max(1), logits.argmax(1) == labels, 3.0)
    assert found.ece_after < 0.03 < 0.2 < found.ece_before


def test_nothing_wrong_or_nothing_there_leaves_the_confidences_alone() -> None:
    assert fit_temperature(np.eye(3) * 5, [0, 1, 2]) == 1.0
    assert fit_temperature(np.zeros((0, 3)), np.zeros(0)) == 1.0


def test_thresholds_of_frequent_labels_are_the_best_for_f1() -> None:
    generator = np.random.default_rng(0)
    true = generator.random((3000, 2)) < [0.5, 0.2]
    said = np.clip(0.25 * true + generator.random((3000, 2)) * 0.5, 0, 1)
    thresholds = fit_thresholds(said, true)
    for label in range(2):
        tried = [f1_score(true[:, label], said[:, label] >= t) for t in np.linspace(0.05, 0.95, 91)]
        assert f1_score(true[:, label], said[:, label] >= thresholds[label]) > max(tried) - 0.005


def test_thresholds_of_rare_labels_stay_near_a_half() -> None:
    said, true = np.array([[0.02], [0.01], [0.0]] * 5), np.array([[1], [0], [0]] + [[0]] * 12)
    assert 0.4 < fit_thresholds(said, true)[0] < 0.5
    assert fit_thresholds(said, np.zeros_like(true))[0] == 0.5


def test_equal_probabilities_are_not_parted() -> None:
    said, true = np.full((40, 1), 0.3), np.ones((40, 1))
    assert fit_thresholds(said, true)[0] < 0.3


def test_bins_agree_with_sklearn() -> None:
    generator = np.random.default_rng(0)
    confidence = generator.random(500)
    correct = generator.random(500) < confidence
    accuracy, mean = calibration_curve(correct, confidence, n_bins=10)
    table = reliability(confidence, correct, bins=10)
    assert [b.accuracy for b in table] == pytest.approx(accuracy)
    assert [b.confidence for b in table] == pytest.approx(mean)
    assert sum(b.count for b in table) == 500


def test_the_calibration_error_by_hand() -> None:
    assert expected_calibration_error([0.9, 0.9, 0.6, 0.6], [1, 1, 0, 1]) == pytest.approx(0.5 * 0.1 + 0.5 * 0.1)
    assert expected_calibration_error([0.0, 1.0], [0, 1]) == 0.0
    assert expected_calibration_error([], []) == 0.0
