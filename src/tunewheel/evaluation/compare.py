"""Is one better than the other? Bootstrap intervals, paired tests, power, and the sentence that says it."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binomtest, norm

from ..records import Ratio
from .bootstrap import units_of, whole_groups

Floats = NDArray[np.float64]
Alternative = Literal["two-sided", "greater"]
Rival = Literal["floor", "before", "after"]

DRAWS = 10_000
_RIVALS: dict[Rival, str] = {
    "floor": "the best floor", "before": "the model before fine-tuning", "after": "the fine-tuned model",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Interval:
    """A value and the ends of its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Difference:
    """a - b with its interval, the p-value of "there is no difference" and how that was found."""

    value: float
    low: float
    high: float
    p_value: float
    method: str
    level: float = 0.95

    @property
    def proved(self) -> bool:
        """True when the test rejects "no difference" and the interval leaves zero out."""
        return self.p_value < 1 - self.level + 1e-12 and (self.low > 0 or self.high < 0)


def interval(
    ratio: Ratio, *, draws: int = DRAWS, seed: int = 0, groups: Sequence[Hashable] | None = None, level: float = 0.95
) -> Interval:
    """Percentile bootstrap interval over rows, or over whole `groups` (one group name a row) where there are enough.

    When every row is right (or every row wrong) all draws are equal and the bootstrap would claim certainty;
    then the exact Clopper-Pearson bound for as many rows (or groups) is given instead.
    """
    units = units_of([ratio], groups)
    total = int(units.counts.sum())
    tail = (1 - level) / 2
    if total == 0 or ratio.value in (0.0, 1.0):
        reach = float(tail ** (1 / total)) if total else 0.0
        return Interval(ratio.value, reach, 1.0) if ratio.value else Interval(0.0, 0.0, 1 - reach)
    low, high = np.quantile(units.resampled(draws, seed)[:, 0], [tail, 1 - tail])
    return Interval(ratio.value, float(low), float(high))


def difference(
    a: Ratio,
    b: Ratio,
    *,
    draws: int = DRAWS,
    seed: int = 0,
    groups: Sequence[Hashable] | None = None,
    level: float = 0.95,
    alternative: Alternative = "two-sided",
) -> Difference:
    """a - b on the same rows. The interval is a paired bootstrap; so is the p-value, unless both are right-or-wrong
    per row and there are no groups: then it is exact McNemar. `alternative="greater"` asks only whether a is better.
    The interval is two-sided in both cases.
    """
    groups = whole_groups(groups)
    units = units_of([a, b], groups)
    if not len(units.counts):
        return Difference(0.0, -1.0, 1.0, 1.0, "no rows", level)
    drawn = units.resampled(draws, seed)
    deltas = drawn[:, 0] - drawn[:, 1]
    tail = (1 - level) / 2
    low, high = np.quantile(deltas, [tail, 1 - tail])
    if groups is None and right_or_wrong(a) and right_or_wrong(b):
        p_value, method = mcnemar(a.numerator > 0, b.numerator > 0, alternative), "exact McNemar"
    else:
        p_value, method = _bootstrap_p(deltas, alternative), "paired bootstrap"
    return Difference(a.value - b.value, float(low), float(high), p_value, method, level)


def mcnemar(a_correct: ArrayLike, b_correct: ArrayLike, alternative: Alternative = "two-sided") -> float:
    """p-value of exact McNemar: of the rows where only one of the two is right, are half won by each?

    A binomial test on the discordant rows; McNemar (1947), Psychometrika 12:153, in the exact form of
    Dietterich (1998), Neural Computation 10:1895, section 3.1. `"greater"`: is a better than b. Shapes (N,).
    """
    a, b = np.asarray(a_correct, bool), np.asarray(b_correct, bool)
    only_a, only_b = int((a & ~b).sum()), int((b & ~a).sum())
    if only_a + only_b == 0:
        return 1.0
    return float(binomtest(only_a, only_a + only_b, 0.5, alternative=alternative).pvalue)


def detectable(
    a: Ratio, b: Ratio, *, groups: Sequence[Hashable] | None = None, power: float = 0.8, level: float = 0.95
) -> float:
    """The smallest gain of a over b that this test set can be expected to see, as a share of 1 (0.021: 2.1 points).

    (z of the two-sided level + z of the power) x the standard error of the paired difference by the delta method,
    Connor (1987), Biometrics 43:207; and never less than the few rows that exact McNemar needs at the least.
    """
    units = units_of([a, b], groups)
    total = int(units.counts.sum())
    if total == 0:
        return 1.0
    pull = units.influence()
    spread = float(units.counts @ (pull[:, 0] - pull[:, 1]) ** 2) / total
    needed = np.ceil(1 - np.log2(1 - level))
    reach = float(norm.ppf((1 + level) / 2) + norm.ppf(power))
    return min(1.0, max(reach * float(np.sqrt(spread / total)), float(needed) / total))


def points(share: float) -> str:
    """A share of 1 as points: 0.0231 is "2.3"."""
    return f"{100 * share + 0.0:.1f}".replace("-0.0", "0.0")


def sentence(result: Difference, rival: str, metric: str, role: Rival = "floor") -> str:
    """What the difference to `rival` (its name) means, in plain words. `metric` is the metric's name."""
    named = f"{_RIVALS[role]} ({rival})"
    spread = f"{100 * result.level:g} % interval {points(result.low)} to {points(result.high)}"
    if result.proved and result.value > 0:
        return f"better than {named} by {points(result.value)} points of {metric}, {spread}"
    if result.value > 0:
        return f"no difference proved: {points(result.value)} points of {metric} above {named}, {spread}"
    if points(-result.value) == "0.0":
        ahead = f"level with {named}, {spread}"
    else:
        ahead = f"{named} is {points(-result.value)} points of {metric} ahead, {spread} of the difference"
    if role == "floor":
        return f"the plain floor wins; you do not need a fine-tuned model here: {ahead}"
    worse = "worse than before" if role == "before" else "worse than fine-tuned"
    return f"{worse if result.proved else 'no difference proved'}: {ahead}"


def right_or_wrong(ratio: Ratio) -> bool:
    """Is it 0 or 1 for every row, so that exact tests apply?"""
    return bool(np.all(ratio.denominator == 1) and np.isin(ratio.numerator, (0.0, 1.0)).all())


def _bootstrap_p(deltas: Floats, alternative: Alternative) -> float:
    """Share of draws on the other side of zero, counted so that it is never 0; Davison and Hinkley (1997), 4.2."""
    not_above = (1 + int((deltas <= 0).sum())) / (1 + len(deltas))
    if alternative == "greater":
        return not_above
    not_below = (1 + int((deltas >= 0).sum())) / (1 + len(deltas))
    return min(1.0, 2 * min(not_above, not_below))
