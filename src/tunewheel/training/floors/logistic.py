"""Logistic regression for all floors: class numbers, shares of classes, or independent labels."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold
from threadpoolctl import threadpool_limits

from ...records import Array
from .floor import IMPOSSIBLE

FEW_CLASSES = 10
SMALL_PRODUCT = 100_000_000
Floats = NDArray[np.float32]
Linear = tuple[Floats, Floats]


def fit(
    features: Any, targets: Array, classes: int, *, exclusive: bool, strength: float, closely: bool = False
) -> Linear:  # fmt: skip
    """Weights (C, D) and bias (C,) of a logistic regression on `features` (N, D), dense or sparse.

    `targets` is (N,) class numbers, or (N, C): shares of classes when `exclusive`, else 0/1 indicators.
    `strength` is scikit-learn's C, the inverse of the L2 penalty; `closely` goes on for longer. Classes never seen
    cannot win.
    """
    how = strength, closely
    if targets.ndim == 1:
        return _multinomial(features, targets, None, classes, *how)
    if exclusive:
        rows, columns = np.nonzero(targets)
        return _multinomial(features[rows], columns, targets[rows, columns], classes, *how)
    fitted = [_multinomial(features, targets[:, c].astype(int), None, 2, *how) for c in range(classes)]
    weights = np.stack([w[1] - w[0] for w, _ in fitted])
    return weights, np.array([b[1] - b[0] for _, b in fitted], dtype=np.float32)


def best_strength(features: Any, targets: Array, held_out: Any, answers: Array, classes: int, *, exclusive: bool,
                  strengths: tuple[float, ...]) -> tuple[Linear, float]:  # fmt: skip
    """The fit whose answers agree best with `answers` on the `held_out` features, and its strength.

    Strengths are compared in a hurry. On dense features a few tenths of a point of accuracy are worth a closer fit of
    the best one (figures in docs/log.md); on sparse ones it takes too long.
    """
    dense = not issparse(features)
    if len(strengths) == 1 and dense:
        return fit(features, targets, classes, exclusive=exclusive, strength=strengths[0], closely=True), strengths[0]
    tried = []
    for strength in strengths:
        linear = fit(features, targets, classes, exclusive=exclusive, strength=strength)
        tried.append((agreement(apply(held_out, linear), answers), strength, linear))
    _, strength, linear = max(tried, key=lambda entry: entry[0])
    if dense and classes > FEW_CLASSES:
        linear = fit(features, targets, classes, exclusive=exclusive, strength=strength, closely=True)
    return linear, strength


def cross_validated(features: Array, targets: Array, classes: int, *, exclusive: bool, strengths: Sequence[float],
                    folds: int = 3) -> float:  # fmt: skip
    """The one of `strengths` whose fits agree best with rows that they have not seen, each row once among those."""
    parts = list(KFold(folds, shuffle=True, random_state=0).split(features))

    def score(strength: float) -> float:
        fits = [fit(features[a], targets[a], classes, exclusive=exclusive, strength=strength) for a, _ in parts]
        agreements = [
            agreement(apply(features[b], linear), targets[b]) for linear, (_, b) in zip(fits, parts, strict=True)
        ]
        return float(np.mean(agreements))

    return max(strengths, key=score)


def apply(features: Any, linear: Linear) -> Floats:
    """Scores (N, C)."""
    weights, bias = linear
    return np.asarray(features @ weights.T + bias, dtype=np.float32)


def agreement(logits: Array, answers: Array) -> float:
    """Share of right answers; of right yes/no decisions by F1 where labels are independent."""
    if answers.ndim == 1:
        return float((logits.argmax(1) == answers).mean())
    if np.allclose(answers.sum(1), 1):
        return float((logits.argmax(1) == answers.argmax(1)).mean())
    chosen = np.asarray(logits, dtype=np.float64) > 0
    return float(2 * (chosen * answers).sum() / max(chosen.sum() + answers.sum(), 1))


def _multinomial(
    features: Any, targets: Array, shares: Array | None, classes: int, strength: float, closely: bool
) -> Linear:  # fmt: skip
    weights = np.zeros((classes, features.shape[1]), dtype=np.float32)
    bias = np.full(classes, IMPOSSIBLE, dtype=np.float32)
    seen = np.unique(targets)
    if len(seen) == 1:
        bias[seen[0]] = 0.0
        return weights, bias
    # The gradient is a mean over rows: with few classes a looser end leaves two points of accuracy to chance.
    model = LogisticRegression(C=strength, max_iter=300, tol=1e-4 if closely or classes <= FEW_CLASSES else 1e-3)
    # Threads that share a small product spend their time waiting for each other.
    small = not issparse(features) and features.size * classes < SMALL_PRODUCT
    with warnings.catch_warnings(), threadpool_limits(1) if small else nullcontext():
        warnings.simplefilter("ignore", ConvergenceWarning)
        # The doctor says it better: labels that look like identifiers.
        warnings.filterwarnings("ignore", message="The number of unique classes")
        model.fit(features, targets, sample_weight=shares)
    if len(seen) == 2:  # scikit-learn keeps one row of weights for two classes
        weights[seen[1]], bias[seen[0]], bias[seen[1]] = model.coef_[0], 0.0, model.intercept_[0]
    else:
        weights[seen], bias[seen] = model.coef_, model.intercept_
    return weights, bias
