"""The audit: which rows a person should label next, each with the exact probability with which it was to be drawn.

Sampling without replacement, of fixed size, with probabilities proportional to size, by a systematic pass over a random
order: Madow (1949), "On the theory of systematic sampling, II"; Hartley and Rao (1962). Rows whose outcome is uncertain
are drawn more often, after Neyman (1934): the best probability goes with the deviation sqrt(c (1 - c)) of what is to be
found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .journal import Reason

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

# A random share bounds every weight: no row counts for more than 1 / 0.3 times as much as in an even sample.
SHARES: Mapping[Reason, float] = {"random": 0.3, "uncertain": 0.5, "disagreement": 0.25, "drifted": 0.1}
_FAR = 0.95  # drift scores above this quantile of those above 0 count as it does


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
    chance = _probabilities(count, _total(parts), _among(free, disagree))
    chosen = _systematic(chance, generator)
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


def _free(confidences: ArrayLike, taken: ArrayLike | None) -> NDArray[np.int64]:
    """The positions that may be drawn."""
    size = len(np.asarray(confidences))
    return np.arange(size) if taken is None else np.flatnonzero(~np.asarray(taken, bool))


def _among(free: NDArray[np.int64], values: ArrayLike | None) -> Floats | None:
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


def _systematic(chance: Floats, generator: np.random.Generator) -> NDArray[np.int64]:
    """Rows drawn with these probabilities, of which the sum is whole: every row under a tick of a ruler that is laid
    along the rows in random order with a random start."""
    order = generator.permutation(len(chance))
    edges = np.cumsum(chance[order])
    count = round(float(edges[-1]))
    ticks = (generator.random() + np.arange(count)) * (edges[-1] / count)
    drawn = order[np.minimum(np.searchsorted(edges, ticks, side="right"), len(order) - 1)]
    return generator.permutation(drawn)


def _why(parts: Mapping[Reason, Floats], row: int, generator: np.random.Generator) -> Reason:
    """The share that a row came by: chosen with the parts that the shares have in its size."""
    sizes = np.array([size[row] for size in parts.values()])
    return list(parts)[int(np.searchsorted(np.cumsum(sizes), generator.random() * sizes.sum(), side="right"))]


def _total(parts: Mapping[Reason, Floats]) -> Floats:
    return np.asarray(sum(parts.values()), float)
