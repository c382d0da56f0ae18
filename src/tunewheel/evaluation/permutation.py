"""Evidence from pairs of rows: which of two is better, by exchanging them, and by betting on who wins a row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaln

from ..records import Ratio

Floats = NDArray[np.float64]

DRAWS = 20_000
_HELD = 4_000_000  # numbers held at once: 32 MB


def exchanged(a: Ratio, b: Ratio, *, draws: int = DRAWS, seed: int = 0) -> float:
    """p-value of "a is no better than b" on the same rows: how often would a be so far ahead if the two were exchanged
    in each row by the toss of a coin? For weighted rows pass parts that are multiplied by the weights.

    The paired permutation test, Fisher (1935), The Design of Experiments, 21; with right-or-wrong rows of equal weight
    it is exact McNemar, up to the chance in `draws`.
    """
    apart = (a.numerator != b.numerator) | (a.denominator != b.denominator)
    if not apart.any():
        return 1.0
    alike = np.array([a.numerator[~apart].sum(), a.denominator[~apart].sum()])
    parts = [np.stack([side.numerator[apart], side.denominator[apart]]) for side in (a, b)]  # (2, D) each
    middle, half = (parts[0] + parts[1]).sum(1) / 2 + alike, (parts[0] - parts[1]) / 2
    reached, seen = 0, a.value - b.value - 1e-12
    generator = np.random.default_rng(seed)
    step = max(1, _HELD // half.shape[1])
    for start in range(0, draws, step):
        coins = generator.integers(0, 2, (min(step, draws - start), half.shape[1])) * 2.0 - 1.0
        moved = coins @ half.T
        reached += int((_value(middle + moved) - _value(middle - moved) >= seen).sum())
    return (1 + reached) / (1 + draws)


def flipped(
    wins: Floats, losses: Floats, earlier: Sequence[tuple[float, int, int]], *, draws: int = DRAWS, seed: int = 0
) -> float:
    """p-value of "of the rows where one side wins, no more than half are won by it": how often would it be so far
    ahead if the toss of a coin said who wins each row?

    `wins` and `losses` are the weights of the rows that it won and lost, shapes (W,) and (L,); rows that were judged
    `earlier` come as (weight of a row, won, lost), and count beside rows of mean weight 1. The weighted sign test,
    Dixon and Mood (1946), JASA 41:557, by Fisher's exchange of signs.
    """
    apart = np.concatenate([wins, losses])
    if len(apart):
        wins, losses, apart = (side / apart.mean() for side in (wins, losses, apart))
    seen = wins.sum() - losses.sum() + sum(weight * (won - lost) for weight, won, lost in earlier)
    generator = np.random.default_rng(seed)
    ahead = np.zeros(draws)
    for weight, won, lost in earlier:
        ahead += weight * (2 * generator.binomial(won + lost, 0.5, draws) - (won + lost))
    step = max(1, _HELD // max(len(apart), 1))
    for start in range(0, draws, step):
        coins = generator.integers(0, 2, (min(step, draws - start), len(apart))) * 2.0 - 1.0
        ahead[start : start + step] += coins @ apart
    return (1 + int((ahead >= seen - 1e-9).sum())) / (1 + draws)


def bet(wins: int, losses: int) -> float:
    """The e-value of "of the rows where one side wins, no more than half are won by it".

    The likelihood of so many wins averaged over all shares of wins from a half to one, against a half: a betting score
    whose expectation is at most 1 where nothing is gained, so that 20 is as rare as 1 in 20 however often one looks.
    Shafer (2021), JRSS A 184:407; the uniform mixture is Robbins's.
    """
    total = wins + losses
    upper = 1.0 - float(betainc(wins + 1, losses + 1, 0.5))
    if not total or upper <= 0:
        return 1.0 if not total else 0.0
    return float(np.exp(min(np.log(2 * upper) + betaln(wins + 1, losses + 1) + total * np.log(2), 700.0)))


def _value(parts: Floats) -> Floats:
    """The ratios of (draws, 2) sums."""
    return np.divide(parts[:, 0], parts[:, 1], out=np.zeros(len(parts)), where=parts[:, 1] != 0)
