"""Tails: which value a statistic exceeds by chance as rarely as we can bear, from its moments over resampled windows.

All detectors together may be wrong once a year when somebody looks every day. What chance hardly ever does is an alarm
at once; what it does a few times a year is one when a look at other rows has found the same. A few hundred resampled
windows do not show so rare an event, so the tail is that of a gamma distribution with their mean, spread and skewness
(Pearson's type III).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, pearson3

Floats = NDArray[np.float64]

LOOKS_A_YEAR = 365
DETECTORS = 7
# How often all detectors together are beyond the limit by chance, in a year: a small part of the one false alarm that
# is promised, for traffic is never quite as even as resampled rows.
SURE_A_YEAR, LIKELY_A_YEAR = 0.05, 3.0
CHANCE = SURE_A_YEAR / LOOKS_A_YEAR / DETECTORS
LIKELY = LIKELY_A_YEAR / LOOKS_A_YEAR / DETECTORS


def upper(mean: float, spread: float, skew: float, chance: float = CHANCE) -> float:
    """What a statistic with these moments exceeds with this chance."""
    if spread <= 0:
        return mean
    quantile = pearson3.ppf(1 - chance, skew) if abs(skew) > 1e-3 else norm.ppf(1 - chance)
    return mean + spread * float(max(quantile, norm.ppf(1 - chance)))


def moments(values: Floats) -> tuple[float, float, float]:
    """Mean, spread and skewness of resampled values; all of them alike have no spread."""
    mean, spread = float(values.mean()), float(values.std())
    if spread < 1e-12:
        return mean, 0.0, 0.0
    return mean, spread, float((((values - mean) / spread) ** 3).mean())
