"""Logistic regression for all floors: class numbers, shares of classes, or independent labels."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold
from threadpoolctl import threadpool_limits

from ...models.estimate import cores
from ...records import Array
from .floor import IMPOSSIBLE

FEW_CLASSES = 10
SMALL_PRODUCT = 1_000_000_000
Floats = NDArray[np.float32]
Linear = tuple[Floats, Floats]
T = TypeVar("T")


def fit(
    features: Any, targets: Array, classes: int, *, exclusive: bool, strength: float, closely: bool = False,
    start: Linear | None = None,
) -> Linear:  # fmt: skip
    """Weights (C, D) and bias (C,) of a logistic regression on `features` (N, D), dense or sparse.

    `targets` is (N,) class numbers, or (N, C): shares of classes when `exclusive`, else 0/1 indicators.
    `strength` is scikit-learn's C, the inverse of the L2 penalty; `closely` goes on for longer. With a `start` that is
    near, the way is short. Classes never seen cannot win.
    """
    how = strength, closely, start
    if targets.ndim == 1:
        return _multinomial(features, targets, None, classes, *how)
    if exclusive:
        rows, columns = np.nonzero(targets)
        return _multinomial(features[rows], columns, targets[rows, columns], classes, *how)
    how = strength, closely, None
    fitted = [_multinomial(features, targets[:, c].astype(int), None, 2, *how) for c in range(classes)]
    weights = np.stack([w[1] - w[0] for w, _ in fitted])
    return weights, np.array([b[1] - b[0] for _, b in fitted], dtype=np.float32)


def best_strength(features: Any, targets: Array, held_out: Any, answers: Array, classes: int, *, exclusive: bool,
                  strengths: tuple[float, ...], start: Linear | None = None) -> tuple[Linear, float]:  # fmt: skip
    """The fit whose answers agree best with `answers` on the `held_out` features, and its strength.

    On dense features each fit is a close one: fits in a hurry differ by more than penalties do, and the wrong one is
    chosen (figures in docs/log.md). On sparse ones that takes too long.
    """

    def fitted(strength: float) -> tuple[float, float, Linear]:
        linear = fit(
            features, targets, classes, exclusive=exclusive, strength=strength, closely=not issparse(features),
            start=start,
        )  # fmt: skip
        agreed = agreement(apply(held_out, linear), answers) if len(strengths) > 1 else 1.0
        return agreed, strength, linear

    _, strength, linear = max(_side_by_side(fitted, strengths), key=lambda entry: entry[0])
    return linear, strength


def _side_by_side(work: Callable[[float], T], strengths: Sequence[float]) -> list[T]:
    """`work` of each strength, a core each. Number of threads and warnings belong to the whole process: they are put
    back when all is done."""
    if len(strengths) == 1:
        return [work(strengths[0])]
    with (
        warnings.catch_warnings(),
        threadpool_limits(1),
        ThreadPoolExecutor(min(len(strengths), cores())) as pool,
    ):
        return list(pool.map(work, strengths))


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
    features: Any, targets: Array, shares: Array | None, classes: int, strength: float, closely: bool,
    start: Linear | None,
) -> Linear:  # fmt: skip
    weights = np.zeros((classes, features.shape[1]), dtype=np.float32)
    bias = np.full(classes, IMPOSSIBLE, dtype=np.float32)
    seen = np.unique(targets)
    if len(seen) == 1:
        bias[seen[0]] = 0.0
        return weights, bias
    # The gradient is a mean over rows: with few classes a looser end leaves two points of accuracy to chance.
    model = LogisticRegression(C=strength, max_iter=300, tol=1e-4 if closely or classes <= FEW_CLASSES else 1e-3)
    if start is not None:
        _start_at(model, start, seen)
    # Threads that share a small product spend their time waiting for each other; sparse ones are not shared at all.
    small = issparse(features) or features.size * classes < SMALL_PRODUCT
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


def _start_at(model: LogisticRegression, start: Linear, seen: Array) -> None:
    """Let a fit begin at weights and biases; scikit-learn keeps one row of them for two classes."""
    weights, bias = start[0][seen], start[1][seen]
    if len(seen) == 2:
        weights, bias = weights[1:] - weights[:1], bias[1:] - bias[:1]
    model.set_params(warm_start=True)
    model.coef_, model.intercept_ = np.ascontiguousarray(weights), np.ascontiguousarray(bias)
