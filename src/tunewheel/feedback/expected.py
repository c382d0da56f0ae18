"""How likely an answer is right, learnt from a few labelled ones: the confidences, put right by what people found.

A logistic regression on the log-odds of the confidence (Platt 1999), on how far the row is from what the version learnt
from, and on whether a rival answers differently. It is drawn towards a map that is known before: that the confidences
mean what they say, or what earlier audits of the same version found.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit
from scipy.stats import rankdata

Floats = NDArray[np.float64]

_SURE = 0.998  # what a confidence of 1 is taken for: no answer is beyond doubt
_STEPS = 25
# The spread of each coefficient around what was known before: constant, log-odds, their square, drift, its square,
# drift x log-odds, disagreement, disagreement x log-odds.
_SPREAD = np.array([1.0, 0.7, 0.3, 2.0, 2.0, 0.7, 1.0, 0.7])
_BEFORE = np.array([0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])


@dataclass(frozen=True)
class Expected:
    """The map from what is known of a row to the chance that its answer is right: eight coefficients."""

    coefficients: tuple[float, ...] = tuple(_BEFORE.tolist())

    def at(self, known: Floats) -> Floats:
        """The chance at rows `known` (N, 8) as `signs` gives them, shape (N,)."""
        return np.asarray(expit(known @ np.array(self.coefficients)), float)


def signs(
    confidences: ArrayLike, drifted: ArrayLike | None = None, disagree: ArrayLike | None = None,
    weights: Floats | None = None,
) -> Floats:  # fmt: skip
    """What is known of each of N rows before anybody labels it, as columns, shape (N, 8).

    `drifted` (N,) are scores >= 0, of which only the order among the rows counts; `disagree` (N,) bool. `weights` (N,)
    say for how many of all rows each stands, where the rows are only those that were drawn.
    """
    odds = logit(np.clip(np.asarray(confidences, float), 1 - _SURE, _SURE))
    apart = np.zeros(len(odds)) if disagree is None else np.asarray(disagree, float)
    far = np.zeros(len(odds)) if drifted is None else ranks(np.asarray(drifted, float), weights)
    square = (odds / 2) ** 2
    return np.column_stack([np.ones(len(odds)), odds, square, far, far**2, far * odds, apart, apart * odds])


def learn(
    known: Floats, right: Floats, weights: Floats, before: Expected | None = None, start: Expected | None = None
) -> Expected:
    """The map that fits `right` (n,), shares of 1, at rows `known` (n, 8), drawn towards `before`; no rows: `before`.

    `weights` (n,) sum to about n. Penalised likelihood by Newton's method; `start` only
    saves steps.
    """
    centre = np.array((before or Expected()).coefficients)
    found, pull = np.array(start.coefficients) if start else centre.copy(), 1 / _SPREAD**2

    def loss(at: Floats) -> float:
        odds = known @ at
        return float(weights @ (np.logaddexp(0, odds) - right * odds) + pull @ (at - centre) ** 2 / 2)

    for _ in range(_STEPS):
        chance = expit(known @ found)
        slope = known.T @ (weights * (right - chance)) - pull * (found - centre)
        curve = (known * (weights * chance * (1 - chance))[:, None]).T @ known + np.diag(pull)
        step = np.linalg.solve(curve, slope)
        # The full step can overshoot where the odds are steep: it is halved until it leads downhill.
        while loss(found + step) > loss(found) + 1e-9:
            step /= 2
        found += step
        if np.abs(step).max() < 1e-6:
            break
    return Expected(tuple(found.tolist()))


def ranks(scores: Floats, weights: Floats | None = None) -> Floats:
    """The mean rank among all, as a share of 1; 0 for scores of 0. With `weights` all are those that the rows stand
    for."""
    if weights is None:
        return np.where(scores > 0, rankdata(scores) / max(len(scores), 1), 0.0)
    _, place = np.unique(scores, return_inverse=True)
    alike = np.bincount(place, weights)
    return np.where(scores > 0, (alike.cumsum() - alike / 2)[place] / weights.sum(), 0.0)
