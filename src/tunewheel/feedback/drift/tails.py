"""Tails: which value a statistic exceeds by chance as rarely as we can bear, from its moments over resampled windows.

All detectors together may be wrong once a year when somebody looks every day. What chance hardly ever does is an alarm
at once; what is only likely is one when a look at other rows has found the same. A few hundred resampled windows do not
show so rare an event, so the tail is that of a gamma distribution with their mean, spread and skewness (Pearson's type
III).
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr, owens_t
from scipy.stats import betabinom, norm, pearson3

Floats = NDArray[np.float64]

LOOKS_A_YEAR = 365
# Ways to be wrong: confidence and length may go either way, the five others one.
TAILS = 9
# How often chance raises an alarm in a year, in all ways together: at one look, and at two that agree. Less than half
# of the one false alarm that is promised, for traffic is never quite as even as resampled rows. Even shares: what is to
# be found within the rows of one look has only the first.
SURE_A_YEAR, AGREED_A_YEAR = 0.15, 0.15
CHANCE = SURE_A_YEAR / LOOKS_A_YEAR / TAILS
AGREED = AGREED_A_YEAR / LOOKS_A_YEAR / TAILS


def upper(mean: float, spread: float, skew: float, chance: float = CHANCE) -> float:
    """What a statistic with these moments exceeds with this chance."""
    if spread <= 0:
        return mean
    quantile = pearson3.ppf(1 - chance, skew) if abs(skew) > 1e-3 else norm.ppf(1 - chance)
    return mean + spread * float(max(quantile, norm.ppf(1 - chance)))


def above(usual: float, reference: float, rows: int, chance: float = CHANCE) -> int:
    """How many of n rows may lie above a limit that `usual` of the reference's m rows lie above: where nothing changes
    there are more with at most this chance.

    The limit is one of the reference's own rows, or lies just above one. Of n rows of the same kind, the number above
    the largest but k of m is beta-binomial with n, k + 1 and m - k, whatever the rows are like (Gumbel and von
    Schelling 1950, "The distribution of the number of exceedances"). A normal difference of two shares was exceeded
    four to ten times as often as it said, for the error of a high quantile is skewed to the side of the alarm.
    """
    counts = np.arange(rows + 1)
    chances = betabinom.pmf(counts, rows, usual + 1, max(reference - usual, 1e-9))
    return int((np.cumsum(chances[::-1]) > chance).sum()) - 1


@lru_cache(maxsize=1_024)
def likely(rows: int, reference: float) -> float:
    """With which chance one look at n rows may exceed its limit, so that two of them do with the chance `AGREED`.

    The two share no row, but the reference: what its m rows happen to be like is in both. The differences from it are
    correlated by (1/m) / (1/n + 1/m) = n / (n + m), and the limit is that of two normal variables which are so. Looks
    of different sizes are correlated by the geometric mean of both. (Squared distances are correlated less, unless they
    are all along one direction.)
    """
    shared = rows / (rows + reference)
    limit = brentq(lambda value: _both_above(value, shared) - AGREED, 0.0, 8.0, xtol=1e-6)
    return float(norm.sf(limit))


def _both_above(limit: float, correlation: float) -> float:
    """The chance that two standard normal variables with this correlation are both above the limit (Owen 1956, "Tables
    for computing bivariate normal probabilities")."""
    return float(ndtr(-limit) - 2 * owens_t(limit, math.sqrt((1 - correlation) / (1 + correlation))))


def moments(values: Floats) -> tuple[float, float, float]:
    """Mean, spread and skewness of resampled values; all of them alike have no spread."""
    mean, spread = float(values.mean()), float(values.std())
    if spread < 1e-12:
        return mean, 0.0, 0.0
    return mean, spread, float((((values - mean) / spread) ** 3).mean())
