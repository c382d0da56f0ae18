"""Live accuracy from a few labelled rows and the confidences of all: prediction-powered inference.

Angelopoulos, Bates, Fannjiang, Jordan and Zrnic (2023), "Prediction-powered inference", Science 382:669; the weight of
the predictions: Angelopoulos, Duchi and Zrnic (2023), "PPI++: Efficient prediction-powered inference",
arXiv:2311.01453; predictions learnt from the labelled rows themselves: Zrnic and Candes (2024),
"Cross-prediction-powered inference", PNAS 121(15). With unequal inclusion probabilities it is the difference estimator
of survey sampling: Sarndal, Swensson and Wretman (1992), "Model assisted survey sampling", chapter 6, with Hajek's
(1971) ratio.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import t as student

from .expected import Expected, learn, signs

Floats = NDArray[np.float64]
Positions = NDArray[np.int64]

FOLDS = 10
_UNSEEN = 2.0  # for so many wrong answers the spread of the weights counts as much as that of the errors seen
_Z = 1.959964
_PULL, _CHANGED = 0.4, 2.5  # in standard errors
_NO_LABELS = "no labels: the confidences alone, which overstate accuracy when traffic changes"


@dataclass(frozen=True, slots=True)
class Estimate:
    """Accuracy in shares of 1 with its interval, from how many labels, of how many answers, and by which method."""

    value: float
    low: float
    high: float
    labels: int
    asked: int
    method: str


def live_accuracy(
    confidences: ArrayLike,
    labelled: ArrayLike,
    right: ArrayLike,
    probability: ArrayLike,
    *,
    drifted: ArrayLike | None = None,
    disagree: ArrayLike | None = None,
    earlier: Expected | None = None,
    level: float = 0.95,
) -> Estimate:
    """The accuracy of N answers of which n were labelled.

    `confidences` (N,); `labelled` (n,) positions in it; `right` (n,) 0 or 1, or a share; `probability` (n,) with which
    each was to be drawn. `drifted` (N,) and `disagree` (N,) are what `audit.draw` was given: they make the interval
    shorter. Without `earlier` nothing but these rows counts and the estimate has no bias; with it (what earlier audits
    of the version taught: `expected.learn`) it errs less as long as the traffic stays as it was. Raises ValueError when
    shapes do not fit or a probability is not in (0, 1]. Without labels the interval is [0, 1].
    """
    known = signs(confidences, drifted, disagree)
    at, truth, chance = _checked(known, labelled, right, probability)
    if len(at) == 0:
        return Estimate(confidence_only(confidences).value, 0.0, 1.0, 0, len(known), _NO_LABELS)
    weights, unseen = _weights(chance, len(known))
    overall, own = _predicted(known, at, truth, weights, earlier)
    lead = _lead(truth, own, weights, unseen)
    value = min(max(float(lead * overall.mean() + weights @ (truth - lead * own)), 0.0), 1.0)
    worth = _labels_worth(truth, value, _variance(truth, own, lead, weights, unseen), weights, unseen)
    low, high = _interval(value, worth, 1 / float(weights @ weights) - 1, level)
    method = "prediction-powered inference"
    if earlier is not None:
        value, method = _anchored(value, float(earlier.at(known).mean()), worth), f"{method} with earlier audits"
    return Estimate(value, low, high, len(at), len(known), method)


def confidence_only(confidences: ArrayLike) -> Estimate:
    """What the confidences alone promise: their mean, with no interval that would mean anything, so [0, 1].

    Secondary: it is right only as long as confidences mean what they say, and they overstate accuracy exactly when the
    traffic changes (new topics are answered with the old labels).
    """
    means = np.asarray(confidences, float)
    value = float(means.mean()) if means.size else 0.5
    return Estimate(value, 0.0, 1.0, 0, means.size, "confidences alone: overstates accuracy when traffic changes")


def reach(estimate: Estimate, more: int) -> float:
    """Half the width of the interval when `more` further rows of the same traffic were labelled, in shares of 1.

    The variance goes with 1 / labels - 1 / asked, as in a sample without replacement; for an estimate without labels
    the answers are taken for half right, the worst case. Never more than half of the present width.
    """
    have, total = estimate.labels, max(estimate.asked, 1)
    after = min(have + max(more, 0), total)
    half = (estimate.high - estimate.low) / 2
    if after == 0 or after == have:
        return half
    if have == 0:
        return min(half, float(_Z * np.sqrt(max(1 / after - 1 / total, 0.0)) / 2))
    left, then = 1 / have - 1 / total, 1 / after - 1 / total
    return half * float(np.sqrt(max(then, 0.0) / left))


@dataclass(frozen=True, slots=True)
class Learnt:
    """An earlier turn: how many labelled rows it learnt from that its live version had wrong, and the accuracy that it
    gained, in shares of 1 (negative where it lost)."""

    wrong: int
    gain: float


def gain(estimate: Estimate, more: int, turns: Sequence[Learnt]) -> float | None:
    """The accuracy to be expected of learning from `more` further rows, in shares of 1; None before the first turn.

    A rule of three, no promise: of `more` rows a share of 1 - accuracy is wrong now, and each wrong row brings what one
    brought in the earlier turns taken together. Never below 0, nor above what is wrong now.
    """
    wrong = sum(turn.wrong for turn in turns)
    if wrong == 0:
        return None
    missing = 1 - estimate.value
    return min(max(max(more, 0) * missing * sum(turn.gain for turn in turns) / wrong, 0.0), missing)


def _checked(
    known: Floats, labelled: ArrayLike, right: ArrayLike, probability: ArrayLike
) -> tuple[Positions, Floats, Floats]:
    at, truth, chance = np.asarray(labelled, int), np.asarray(right, float), np.asarray(probability, float)
    if not at.shape == truth.shape == chance.shape or at.ndim != 1:
        raise ValueError(
            f"labelled, right and probability must be of one length: {at.shape}, {truth.shape}, {chance.shape}"
        )
    if len(at) and (at.min() < 0 or at.max() >= len(known) or len(np.unique(at)) < len(at)):
        raise ValueError(f"labelled must be different positions among the {len(known)} answers")
    if len(at) and not (np.all(chance > 0) and np.all(chance <= 1)):
        raise ValueError("every probability must be above 0 and at most 1")
    return at, truth, chance


def _weights(chance: Floats, asked: int) -> tuple[Floats, Floats]:
    """Each row's weight, of sum 1, and the share of the rows like it that were not drawn.

    Where only a part of a drawn queue is labelled, the weights sum to less than `asked`, and the probabilities were
    that much smaller.
    """
    inverse = 1 / chance
    part = min(1.0, float(inverse.sum()) / asked)
    return inverse / inverse.sum(), 1 - chance * part


def _predicted(
    known: Floats, at: Positions, truth: Floats, weights: Floats, before: Expected | None
) -> tuple[Floats, Floats]:
    """The chance of being right for all answers (the mean over the folds), and for the labelled ones by a map that has
    not seen them. Shapes (N,), (n,)."""
    fold = _folds(weights)
    overall, own, scale = np.zeros(len(known)), np.zeros(len(at)), len(at) * weights
    whole = learn(known[at], truth, scale, before)
    for number in range(int(fold.max()) + 1):
        out = fold == number
        found = learn(known[at[~out]], truth[~out], scale[~out], before, whole)
        overall += found.at(known) * out.mean()
        own[out] = found.at(known[at[out]])
    return overall, own


def _folds(weights: Floats) -> Positions:
    """Ten folds, alike in their weights; the order among equal weights is that of the rows."""
    fold = np.empty(len(weights), int)
    fold[np.argsort(weights, kind="stable")] = np.arange(len(weights)) % FOLDS
    return fold


def _lead(truth: Floats, own: Floats, weights: Floats, unseen: Floats) -> float:
    """How far the predictions are followed: the lambda of PPI++ that makes the variance least, in [0, 1]."""
    size = weights**2 * unseen
    off = own - weights @ own
    spread = float(size @ off**2)
    if spread <= 1e-15:
        return 0.0
    return min(max(float(size @ (off * (truth - weights @ truth))) / spread, 0.0), 1.0)


def _variance(truth: Floats, own: Floats, lead: float, weights: Floats, unseen: Floats) -> float:
    """Of the estimate: from the rows' errors, or, where few were seen, what the predictions say of them."""
    n, size = len(truth), weights**2 * unseen
    errors = truth - lead * own
    seen = float(size @ (errors - weights @ errors) ** 2) * n / max(n - 1, 1)
    promised = float(size @ (own * (1 - own)))
    return max(seen, promised)


def _labels_worth(truth: Floats, value: float, variance: float, weights: Floats, unseen: Floats) -> float:
    """How many labels drawn evenly would tell as much (n / design effect).

    The design effect is drawn towards that of the weights alone (Kish 1965), the more the fewer rows are of the rarer
    kind, right or wrong: where none is wrong, the errors say nothing of how they spread.
    """
    n = len(truth)
    plain = n * float(weights**2 @ unseen)
    rarer = min(float(truth.sum()), n - float(truth.sum()))
    even = max(value * (1 - value), 1e-12) / n
    effect = (rarer * min(variance / even, 10 * max(plain, 1e-12)) + _UNSEEN * plain) / (rarer + _UNSEEN)
    return n / max(effect, 1e-12)


def _anchored(value: float, expected: float, worth: float) -> float:
    """Moved towards what earlier audits let expect, by at most 0.4 standard errors; not at all where the two differ so
    much that something has changed.

    Soft thresholding: Donoho and Johnstone (1994), "Ideal spatial adaptation by wavelet shrinkage". For normal errors:
    where nothing has changed the root mean square error falls by up to 27 %; it grows by 19 % at most, where the change
    is about 2.5 standard errors, and hardly where it is 4 or more. The interval
    stays that of this audit alone, so it holds as often as without.
    """
    error = float(np.sqrt(max(value * (1 - value), 0.25 / max(worth, 1.0)) / worth))
    gap = expected - value
    return value if abs(gap) > _CHANGED * error else value + min(max(gap, -_PULL * error), _PULL * error)


def _interval(value: float, worth: float, free: float, level: float) -> tuple[float, float]:
    """Wilson's (1927) interval for `worth` labels with Student's quantile, as Korn and Graubard (1998) for surveys."""
    z = float(student.ppf((1 + level) / 2, max(free, 1.0)))
    share = z * z / worth
    centre = (value + share / 2) / (1 + share)
    half = z / (1 + share) * float(np.sqrt(value * (1 - value) / worth + share / (4 * worth)))
    return max(0.0, min(value, centre - half)), min(1.0, max(value, centre + half))
