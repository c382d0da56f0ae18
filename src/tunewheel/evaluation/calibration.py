"""Confidences that mean what they say: temperature, thresholds, and how far off they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp

Floats = NDArray[np.float64]

_RANGE = 0.05, 20.0
_PRIOR = 10  # a label needs this many positives for its own threshold to weigh as much as 0.5


@dataclass(frozen=True, slots=True)
class Bin:
    """The answers with a confidence in (low, high]: their mean confidence, their accuracy, how many."""

    low: float
    high: float
    confidence: float
    accuracy: float
    count: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """Expected calibration error on the test set before and after the temperature, and the bins after it."""

    ece_before: float
    ece_after: float
    temperature: float
    bins: Sequence[Bin]


def calibration(before: ArrayLike, after: ArrayLike, correct: ArrayLike, temperature: float) -> Calibration:
    """`Calibration` from test confidences before and after the temperature was applied. Shapes (N,)."""
    return Calibration(
        expected_calibration_error(before, correct),
        expected_calibration_error(after, correct),
        temperature,
        reliability(after, correct),
    )


def fit_temperature(logits: ArrayLike, targets: ArrayLike) -> float:
    """The T that minimises the cross-entropy of softmax(logits / T); Guo et al. (2017), arXiv:1706.04599.

    `logits` (N, C); `targets` (N,) class numbers or (N, C) shares. 1.0 when there is nothing to learn from:
    no rows, or no row wrong (the optimum would then be a certainty that nobody has earned).
    """
    scores, shares = np.asarray(logits, float), _shares(targets, np.shape(logits))
    certain = (shares.max(axis=1, initial=0) == 1).all()
    if len(scores) == 0 or (certain and (scores.argmax(1) == shares.argmax(1)).all()):
        return 1.0

    def loss(log_temperature: float) -> float:
        scaled = scores * np.exp(-log_temperature)
        return float(np.mean(logsumexp(scaled, axis=1) - (shares * scaled).sum(1)))

    found = minimize_scalar(loss, bounds=tuple(np.log(_RANGE)), method="bounded", options={"xatol": 1e-5})
    return float(np.exp(found.x))


def match_temperature(logits: ArrayLike, shares: ArrayLike) -> float | None:
    """The T with which softmax(logits / T) is nearest to the `shares` of another form of the same module.

    Both are (N, C). Nearest by cross-entropy, as in `fit_temperature`, with calibrated probabilities in the place of
    labels, as in distillation (Hinton et al. 2015, arXiv:1503.02531): they say more of a row than its one label does,
    and are not swayed by labels that the module has learnt. None when there is nothing to learn from: no rows, or none
    that leaves a doubt.
    """
    wanted = np.asarray(shares, float)
    return fit_temperature(logits, wanted) if (wanted.max(axis=1, initial=0) < 1).any() else None


def fit_thresholds(probabilities: ArrayLike, targets: ArrayLike) -> Floats:
    """For each of C labels the probability from which it should be said, by F1 on (N, C) validation rows.

    Drawn towards 0.5 for rare labels: with n positives the label's own optimum weighs n / (n + 10). Shape (C,).
    """
    said, true = np.asarray(probabilities, float), np.asarray(targets, bool)
    best = np.array([_best_threshold(p, t) for p, t in zip(said.T, true.T, strict=True)])
    weight = true.sum(0) / (true.sum(0) + _PRIOR)
    return np.asarray(weight * best + (1 - weight) * 0.5, float)


def reliability(confidence: ArrayLike, correct: ArrayLike, bins: int = 15) -> list[Bin]:
    """Answers sorted into `bins` of equal width by confidence; empty bins are left out. Shapes (N,)."""
    sure, right = np.asarray(confidence, float), np.asarray(correct, float)
    place = np.clip(np.ceil(sure * bins) - 1, 0, bins - 1).astype(int)
    return [
        Bin(b / bins, (b + 1) / bins, float(sure[place == b].mean()), float(right[place == b].mean()), int(n))
        for b, n in enumerate(np.bincount(place, minlength=bins))
        if n
    ]


def expected_calibration_error(confidence: ArrayLike, correct: ArrayLike, bins: int = 15) -> float:
    """Mean gap between confidence and accuracy over the bins, weighted by rows; Naeini et al. (2015), AAAI 29."""
    table = reliability(confidence, correct, bins)
    rows = sum(b.count for b in table)
    return sum(b.count * abs(b.confidence - b.accuracy) for b in table) / rows if rows else 0.0


def _shares(targets: ArrayLike, shape: tuple[int, ...]) -> Floats:
    given = np.asarray(targets)
    return given.astype(float) if given.ndim == 2 else np.eye(shape[1])[given.astype(int)]


def _best_threshold(probabilities: Floats, true: NDArray[np.bool_]) -> float:
    """Midway between the last answer worth saying and the next; 0.5 when the label never occurs."""
    if not true.any():
        return 0.5
    order = np.argsort(-probabilities, kind="stable")
    ranked, hits = probabilities[order], np.cumsum(true[order])
    f1 = 2 * hits / (np.arange(1, len(ranked) + 1) + true.sum())
    following = np.append(ranked[1:], 0.0)
    f1[ranked == following] = -1  # a threshold cannot part equal probabilities
    last = int(f1.argmax())
    return float(ranked[last] + following[last]) / 2
