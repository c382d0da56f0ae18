"""The gate: may a candidate take the place of the live version? Two looks, their guards, and the sentence that says it.

Audited rows of the current traffic are fresh in every turn, so each look at them has the whole of its level. What the
few rows of one turn cannot prove, those of several turns can: each candidate learnt all that the one before it had and
more, so the rows of all of them since the last promotion are tested as one, the older ones at a lower weight. That a
turn promotes what gains nothing has the level as its chance, however many turns came before; where nothing is ever
gained it came to one such promotion in three years of 26 turns (a test of each turn by itself: one in two to three).
The frozen test rows judge again and again; their first look goes by its p-value, every later one by an e-value against
a bar that rises with the number of looks (e-LOND, Xu and Ramdas 2024, "Online multiple testing with e-values").
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..evaluation.compare import detectable, difference, points, right_or_wrong
from ..evaluation.permutation import bet, exchanged, flipped
from ..records import Ratio

Floats = NDArray[np.float64]
Where = Literal["audited", "frozen"]
LEVEL = 0.05
# Fewer audited rows than this show nothing by themselves: of five wins out of five one in 32 is chance.
FEWEST_APART = 5
# What a row counts beside one of the candidate after: the candidates, and the traffic, have changed since.
KEPT = 0.9
SHARES: Mapping[Where, float] = {"audited": 0.8, "frozen": 0.2}
_ALIKE = 1e-12
_NAMED: Mapping[Where, str] = {"audited": "the audited rows of the traffic", "frozen": "the frozen test rows"}


@dataclass(frozen=True)
class Evidence:
    """The same rows as both versions answered them, each row's part of the main metric (see `Ratio`), shapes (N,).

    `weights` (N,) are one over the inclusion probabilities of audited rows. `looks` is how often rows of this name have
    judged before, and `promotions` how many times they promoted. `earlier` are the rows that each candidate before
    this one, oldest first, mended and broke against the same live version, on audited rows that it had not learnt from.
    """

    name: Where
    new: Ratio
    old: Ratio
    weights: Floats | None = None
    groups: Sequence[Hashable] | None = None
    looks: int = 0
    promotions: int = 0
    earlier: Sequence[tuple[int, int]] = ()


@dataclass(frozen=True)
class Guard:
    """Something that must hold whatever is gained, and what was found."""

    name: str
    holds: bool
    sentence: str


@dataclass(frozen=True)
class Look:
    """What one kind of rows says: gain with its 95 % interval, p-values of "not better" and "not worse", e-value of
    "not better", rows where one of the two is better, and the smallest gain that so many rows can be expected to see.

    p-value and e-value of "not better" are with the rows of `earlier` candidates, so many mended and broken.
    """

    name: Where
    rows: int
    value: float
    low: float
    high: float
    p_better: float
    p_worse: float
    e_value: float
    mended: int
    broken: int
    detectable: float
    better: bool
    worse: bool
    earlier: tuple[int, int] = (0, 0)

    @property
    def sentence(self) -> str:
        """The look in words."""
        word = "better" if self.better else "worse" if self.worse else "not proved better"
        spread = f"{points(self.value)} points [{points(self.low)}, {points(self.high)}]"
        return (
            f"{word} on {self.rows:,} {_NAMED[self.name].removeprefix('the ')}: {spread}, {self.mended} mended, "
            f"{self.broken} broken{self._before}, p = {self.p_better:.3f}"
        )

    @property
    def _before(self) -> str:
        mended, broken = self.earlier
        return f" ({mended} and {broken} by the candidates before it)" if mended + broken else ""


@dataclass(frozen=True)
class Decision:
    """Whether the candidate may go live, why, and all that was seen."""

    promote: bool
    sentence: str
    looks: tuple[Look, ...]
    guards: tuple[Guard, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, as the ledger keeps it."""
        return asdict(self)


def decide(evidence: Sequence[Evidence], guards: Sequence[Guard] = (), level: float = LEVEL) -> Decision:
    """Promote when one look proves the candidate better, no look proves it worse, and every guard holds.

    Where both kinds of rows are there, the audited ones, being of today's traffic, have most of the level.
    """
    alone = len(evidence) == 1
    looks = tuple(_look(part, level if alone else SHARES[part.name] * level, level) for part in evidence)
    broken = [guard for guard in guards if not guard.holds]
    worse = [look for look in looks if look.worse]
    better = [look for look in looks if look.better]
    promote = bool(better) and not worse and not broken
    said = [look.sentence for look in (worse or better or looks)] or ["there is no row that both were asked"]
    reasons = [guard.sentence for guard in broken] + said if broken else said
    return Decision(promote, "; ".join(reasons) + _power(looks, promote or bool(worse or broken)), looks, tuple(guards))


def bar(looks: int, promotions: int, level: float) -> float:
    """The e-value that a look must reach after `looks` at the same rows: e-LOND with shares 1 / (t (t + 1)), where
    t = 1 is the second look."""
    return looks * (looks + 1) / (level * (promotions + 1))


def _look(evidence: Evidence, share: float, level: float) -> Look:
    new, old = _weighted(evidence.new, evidence.weights), _weighted(evidence.old, evidence.weights)
    ahead = difference(new, old, groups=evidence.groups, alternative="greater")
    mended, broken = _wins(evidence.new, evidence.old)
    p_better, p_worse = _p_values(evidence, new, old, ahead.p_value)
    before = sum(won for won, _ in evidence.earlier), sum(lost for _, lost in evidence.earlier)
    e_value = bet(mended + before[0], broken + before[1])
    better = ahead.value > 0 and _proved(evidence, mended + broken + sum(before), p_better, e_value, share)
    worse = ahead.value < 0 and mended + broken >= FEWEST_APART and p_worse < level
    reach = detectable(new, old, groups=evidence.groups)
    return Look(
        evidence.name, len(new.numerator), ahead.value, ahead.low, ahead.high, p_better, p_worse, e_value, mended,
        broken, reach, better, worse, before,
    )  # fmt: skip


def _proved(evidence: Evidence, apart: int, p_better: float, e_value: float, share: float) -> bool:
    if evidence.name == "frozen" and evidence.looks:
        return e_value >= bar(evidence.looks, evidence.promotions, share)
    return apart >= FEWEST_APART and p_better < share


def _p_values(evidence: Evidence, new: Ratio, old: Ratio, p_better: float) -> tuple[float, float]:
    """Of "not better" and of "not worse"; weighted rows are exchanged, others tested as `difference` does. With rows of
    earlier candidates "not better" goes by who wins the rows of all."""
    if evidence.weights is not None and evidence.groups is None:
        p_better, p_worse = exchanged(new, old), exchanged(old, new)
    else:
        p_worse = difference(old, new, groups=evidence.groups, alternative="greater").p_value
    return (_p_of_all(evidence) if any(map(any, evidence.earlier)) else p_better), p_worse


def _p_of_all(evidence: Evidence) -> float:
    """The p-value of "not better" by the rows of all candidates, each counting `KEPT` of one of the next."""
    apart = _parts(evidence.new) - _parts(evidence.old)
    weights = np.ones(len(apart)) if evidence.weights is None else evidence.weights
    ages = range(len(evidence.earlier), 0, -1)
    earlier = [(KEPT**age, won, lost) for age, (won, lost) in zip(ages, evidence.earlier, strict=True)]
    return flipped(weights[apart > _ALIKE], weights[apart < -_ALIKE], earlier)


def _weighted(ratio: Ratio, weights: Floats | None) -> Ratio:
    if weights is None or (right_or_wrong(ratio) and len(set(weights.tolist())) == 1):
        return ratio
    return Ratio(ratio.numerator * weights, ratio.denominator * weights)


def _wins(new: Ratio, old: Ratio) -> tuple[int, int]:
    """On how many rows the new one is better, and on how many worse."""
    apart = _parts(new) - _parts(old)
    return int((apart > _ALIKE).sum()), int((apart < -_ALIKE).sum())


def _parts(ratio: Ratio) -> Floats:
    """The value of each row by itself; rows that ask for nothing (no entity found, none there) are right."""
    return np.divide(
        ratio.numerator, ratio.denominator, out=np.ones(len(ratio.numerator)), where=ratio.denominator != 0
    )


def _power(looks: Sequence[Look], settled: bool) -> str:
    if settled or not looks:
        return ""
    finest = min(look.detectable for look in looks)
    return f". These rows can be expected to see a gain of {points(finest)} points or more"
