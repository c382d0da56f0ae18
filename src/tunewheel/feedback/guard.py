"""Guards of a canary: is it worse than the live version? Asked after every second, and yet nobody is fooled by looking
often.

Each guard is an e-process: under "it is not worse" it starts at 1 and is expected never to grow, so the chance that it
ever reaches 1 / level is at most the level (Ville's inequality), however often one looks.

- `Odds` compares how often something bad happens to requests of both versions. Within a look the number of bad ones is
  taken as given; which of them fell to the canary is then a hypergeometric draw, whatever the rate is at that time. So
  a bad hour that hits both versions alike is no evidence. It is Fisher's exact test, one look after the other, as the
  anytime-valid logrank test does it (ter Schure, Perez-Ortiz, Ly and Gruenwald, 2024, arXiv:2011.06931); Lindon and
  Malek (NeurIPS 2022, arXiv:2011.03567) watch canaries with such counts.
- `Rate` holds one share against a bound (Robbins, 1970; Waudby-Smith and Ramdas, 2024, arXiv:2010.09686).

Both bet on many alternatives at once and average what the bets bring (Robbins' method of mixtures).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from .counts import Counts
from .limits import GuardLimits

Floats = NDArray[np.float64]
Name = Literal["errors", "refusals", "latency", "disagreement", "feedback"]
COMPARED: tuple[Name, ...] = ("errors", "refusals", "latency", "feedback")
# The canary's odds of something bad, as multiples of the live version's; and where between bound and 1 a share may lie.
ODDS = np.geomspace(1.25, 1_000, 20)
PLACES = np.linspace(0.05, 0.95, 19)


class Odds:
    """Evidence against "the canary's odds of something bad are no higher than the live version's"."""

    def __init__(self) -> None:
        self._bets: Floats = np.zeros(len(ODDS))

    def see(self, counts: Counts) -> None:
        """One look more: requests that were not in a look before."""
        self._bets += log_ratios(counts)

    @property
    def e_value(self) -> float:
        """Expected to be at most 1 under the null hypothesis, at any time."""
        return _mean(self._bets)


class Rate:
    """Evidence against "the share of bad ones is at most `bound`"."""

    def __init__(self, bound: float) -> None:
        self._bound = bound
        self._shares = bound + (1 - bound) * PLACES
        self._bets: Floats = np.zeros(len(PLACES))

    def see(self, asked: int, bad: int) -> None:
        """So many more, of which so many were bad."""
        won, lost = np.log(self._shares / self._bound), np.log((1 - self._shares) / (1 - self._bound))
        self._bets += bad * won + (asked - bad) * lost

    @property
    def e_value(self) -> float:
        """As of `Odds`."""
        return _mean(self._bets)


def log_ratios(counts: Counts) -> Floats:
    """For each of `ODDS` the log of how much likelier it makes this split of the bad ones than equal odds do, (K,).

    The split follows Fisher's noncentral hypergeometric distribution.
    """
    bad = counts.new_bad + counts.old_bad
    new_bad = np.arange(max(0, bad - counts.old), min(counts.new, bad) + 1)
    if len(new_bad) == 1:
        return np.zeros(len(ODDS))
    ways = _choose(counts.new, new_bad) + _choose(counts.old, bad - new_bad)
    steps = np.log(ODDS)
    tilted: Floats = counts.new_bad * steps - _log_sum(ways + np.outer(steps, new_bad))
    return tilted + _log_sum(ways)


def _choose(of: int, some: NDArray[np.int64]) -> Floats:
    return np.asarray(gammaln(of + 1) - gammaln(some + 1) - gammaln(of - some + 1), np.float64)


def _mean(logs: Floats) -> float:
    """The mean of the exponentials, as far as a float reaches."""
    return float(np.exp(min(float(_log_sum(logs)) - np.log(len(logs)), 700.0)))


def _log_sum(logs: Floats) -> Floats:
    """The log of the sum of exponentials along the last axis."""
    most = logs.max(axis=-1, keepdims=True)
    return np.asarray(np.log(np.exp(logs - most).sum(axis=-1)) + most[..., 0], np.float64)


@dataclass(frozen=True)
class Trip:
    """A guard that tripped: which, in words, and what it saw."""

    guard: Name
    sentence: str
    evidence: Mapping[str, Any]


class Watch:
    """All guards of a canary. Together they stop one that is not worse with a chance of at most `limits.level`."""

    def __init__(self, limits: GuardLimits) -> None:
        self.limits = limits
        self.bar = (len(COMPARED) + 1) / limits.level
        self.seen: dict[Name, Counts] = {}
        self._odds = {name: Odds() for name in COMPARED}
        self._rate = Rate(limits.differ)

    def compare(self, guard: Name, counts: Counts, *, again: bool = False) -> None:
        """A look at requests of both versions. With `again` they are those of earlier looks, too, less the bad ones."""
        self._odds[guard].see(counts)
        before = self.seen.get(guard, Counts())
        self.seen[guard] = before + counts if not again else Counts(
            counts.new + before.new_bad, before.new_bad + counts.new_bad,
            counts.old + before.old_bad, before.old_bad + counts.old_bad,
        )  # fmt: skip

    def pair(self, asked: int, differ: int) -> None:
        """So many rows more that both versions answered, so many of them differently."""
        self._rate.see(asked, differ)
        self.seen["disagreement"] = self.seen.get("disagreement", Counts()) + Counts(asked, differ)

    @property
    def e_values(self) -> dict[Name, float]:
        """The evidence of each guard."""
        return {**{name: odds.e_value for name, odds in self._odds.items()}, "disagreement": self._rate.e_value}

    def trip(self) -> Trip | None:
        """The guard with the strongest evidence, if it is enough."""
        values = self.e_values
        guard = max(values, key=lambda name: values[name])
        if values[guard] < self.bar:
            return None
        seen = {name: asdict(counts) for name, counts in self.seen.items()}
        evidence = {
            "guard": guard,
            "e_values": values,
            "bar": self.bar,
            "seen": seen,
            "limits": self.limits.model_dump(),
        }
        return Trip(guard, self._sentence(guard, self.seen[guard]), evidence)

    def _sentence(self, guard: Name, seen: Counts) -> str:
        mine, theirs = f"{seen.new_bad:,} of {seen.new:,}", f"{seen.old_bad:,} of {seen.old:,}"
        return {
            "errors": f"it failed in {mine} requests, and the live version in {theirs}",
            "refusals": f"it turned away {mine} requests, and the live version {theirs}",
            "latency": f"{mine} of its answers took more than {self.limits.slower:g} times the live version's 95th "
            f"percentile, and {theirs} of the live version's more than once that",
            "disagreement": f"it answers {mine} rows differently, and {100 * self.limits.differ:g} % may be",
            "feedback": f"people said no to {mine} of its answers, and to {theirs} of the live version's",
        }[guard]
