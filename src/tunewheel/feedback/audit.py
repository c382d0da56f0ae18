"""The audit: which rows a person should label next, each with the exact probability with which it was to be drawn.

Sampling without replacement, of fixed size, with probabilities proportional to size, by one systematic pass: Madow
(1949), "On the theory of systematic sampling, II". The rows lie in the order of their confidence, within bands of drift
and of disagreement, and rows alike in random order: the probabilities are the same in any order, and in this one every
sample is spread over all kinds of rows, as if each kind were a stratum (Sarndal, Swensson and Wretman 1992, 3.4). Rows
whose outcome is uncertain are drawn more often, after Neyman (1934): the best probability goes with the deviation
sqrt(c (1 - c)) of what is to be found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .expected import ranks
from .journal import Reason

Floats = NDArray[np.float64]
Positions = NDArray[np.int64]

# A random share bounds every weight: no row counts for more than 1 / 0.3 times as much as in an even sample.
SHARES: Mapping[Reason, float] = {"random": 0.35, "uncertain": 0.55, "drifted": 0.1, "disagreement": 0.5}
_FAR = 0.95  # drift scores above this quantile of those above 0 count as it does
_BANDS = 5  # of drift


@dataclass(frozen=True, slots=True)
class Draw:
    """A row to be labelled: its position, the probability with which it was to be drawn, and the share it came by."""

    position: int
    probability: float
    why: Reason


def draw(
    count: int,
    confidences: ArrayLike,
    *,
    disagree: ArrayLike | None = None,
    drifted: ArrayLike | None = None,
    taken: ArrayLike | None = None,
    seed: int = 0,
) -> list[Draw]:
    """Draw `count` of N rows, in random order: whoever labels only the first of them has labelled a fair part.

    `confidences` (N,); `disagree` (N,) bool, where a rival answers differently; `drifted` (N,) scores >= 0;
    `taken` (N,) bool, rows that are not drawn again: the others' probabilities are those of a drawing among the rest.
    With fewer rows than `count` all are drawn, with probability 1. Raises ValueError where shapes do not fit.
    """
    free = _free(confidences, taken)
    parts = _sizes(*(_among(free, each) for each in (confidences, disagree, drifted)))
    if len(free) == 0 or count <= 0:
        return []
    generator = np.random.default_rng(seed)
    apart = _among(free, disagree)
    chance = _probabilities(count, _total(parts), apart)
    order = _order(np.asarray(confidences, float)[free], apart, _among(free, drifted), generator)
    chosen = _systematic(chance, order, generator)
    return [Draw(int(free[i]), float(chance[i]), _why(parts, i, generator)) for i in chosen]


def allocation(
    count: int,
    confidences: ArrayLike,
    *,
    disagree: ArrayLike | None = None,
    drifted: ArrayLike | None = None,
    taken: ArrayLike | None = None,
) -> Mapping[Reason, float]:
    """How many of `count` rows are to be expected from each share, with the arguments of `draw`.

    The shares are those of `SHARES` that have rows to draw from, made to sum to 1; a disagreement stratum smaller than
    its share is drawn whole, and the others get the rest.
    """
    free = _free(confidences, taken)
    parts = _sizes(*(_among(free, each) for each in (confidences, disagree, drifted)))
    if len(free) == 0 or count <= 0:
        return dict.fromkeys(parts, 0.0)
    total = _total(parts)
    chance = _probabilities(count, total, _among(free, disagree))
    return {reason: float((chance * size / total).sum()) for reason, size in parts.items()}


def _free(confidences: ArrayLike, taken: ArrayLike | None) -> Positions:
    """The positions that may be drawn."""
    size = len(np.asarray(confidences))
    return np.arange(size) if taken is None else np.flatnonzero(~np.asarray(taken, bool))


def _among(free: Positions, values: ArrayLike | None) -> Floats | None:
    return None if values is None else np.asarray(values, float)[free]


def _sizes(confidences: Floats | None, disagree: Floats | None, drifted: Floats | None) -> dict[Reason, Floats]:
    """The measure of size by share, each (M,), together of sum 1; a share without rows is not there."""
    assert confidences is not None
    sizes: dict[Reason, Floats] = {"random": np.ones(len(confidences)), "uncertain": _doubt(confidences)}
    if disagree is not None:
        sizes["disagreement"] = disagree
    if drifted is not None:
        sizes["drifted"] = _far(drifted)
    there = {reason: size for reason, size in sizes.items() if size.sum() > 0}
    whole = sum(SHARES[reason] for reason in there)
    parts = {reason: size / size.sum() * SHARES[reason] / whole for reason, size in there.items()}
    return parts


def _doubt(confidences: Floats) -> Floats:
    """The deviation of right or wrong at this confidence."""
    sure = np.clip(confidences, 0, 1)
    return np.sqrt(sure * (1 - sure))


def _far(drifted: Floats) -> Floats:
    above = drifted[drifted > 0]
    return np.minimum(drifted, np.quantile(above, _FAR)) if len(above) else np.zeros(len(drifted))


def _probabilities(count: int, size: Floats, disagree: Floats | None) -> Floats:
    """Inclusion probabilities of sum `count`, proportional to `size` and at most 1; alike where versions disagree."""
    if count >= len(size):
        return np.ones(len(size))
    if disagree is not None and disagree.any():
        size = np.where(disagree > 0, size[disagree > 0].mean(), size)
    chance, sure = np.zeros(len(size)), np.zeros(len(size), bool)
    while True:
        left = count - int(sure.sum())
        chance = np.where(sure, 1.0, size * left / size[~sure].sum())
        over = (chance >= 1) & ~sure
        if not over.any():
            return chance
        sure |= over


def _order(confidences: Floats, disagree: Floats | None, drifted: Floats | None, by: np.random.Generator) -> Positions:
    """Rows alike side by side: by disagreement, band of drift and confidence, up and down in turn; ties at random."""
    size = len(confidences)
    apart = np.zeros(size) if disagree is None else disagree
    band = np.zeros(size) if drifted is None else np.floor(ranks(drifted) * _BANDS)
    falling = (band + apart) % 2 == 1
    return np.lexsort((by.random(size), np.where(falling, -confidences, confidences), band, apart))


def _systematic(chance: Floats, order: Positions, by: np.random.Generator) -> Positions:
    """Rows drawn with these probabilities, of which the sum is whole: every row under a tick of a ruler that is laid
    along the rows with a random start. In random order."""
    edges = np.cumsum(chance[order])
    count = round(float(edges[-1]))
    ticks = (by.random() + np.arange(count)) * (edges[-1] / count)
    drawn = order[np.minimum(np.searchsorted(edges, ticks, side="right"), len(order) - 1)]
    return by.permutation(drawn)


def _why(parts: Mapping[Reason, Floats], row: int, generator: np.random.Generator) -> Reason:
    """The share that a row came by: chosen with the parts that the shares have in its size."""
    sizes = np.array([size[row] for size in parts.values()])
    return list(parts)[int(np.searchsorted(np.cumsum(sizes), generator.random() * sizes.sum(), side="right"))]


def _total(parts: Mapping[Reason, Floats]) -> Floats:
    return np.asarray(sum(parts.values()), float)
