"""How the time of a run was spent: what was tried, what each idea brought, and what more time would likely bring."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from .compare import points

Ended = Literal["finished", "pruned", "time was up", "failed"]
Setting = str | float | int

_UNITS = (("hour", 3600.0), ("minute", 60.0), ("second", 1.0))
_NEAR = 0.05  # a forecast is not so exact that 9 min 43 s would say more than 10 minutes


@dataclass(frozen=True, slots=True)
class Tried:
    """One training: the `idea` behind it, and the (finite) settings that tell it from others of the same idea.

    `number` counts from 1 in the order in which they ended. `began` and `seconds` are seconds: since the run started,
    and taken. `validation` is the metric that decides (0 to 1), or None where it was never measured. `best` says that
    it was the best so far when it ended.
    """

    number: int
    idea: str
    settings: dict[str, Setting]
    began: float
    seconds: float
    validation: float | None
    ended: Ended
    best: bool

    @property
    def end(self) -> float:
        """Seconds from the start of the run to the end of this training."""
        return self.began + self.seconds


@dataclass(frozen=True, slots=True)
class Search:
    """All that was tried within the `budget` (seconds; None where there was no limit).

    `metric` was measured on `rows` validation rows. `moments` are (seconds since the start, best score so far), a
    rising step function that also knows what happened inside a training. `why` says why the chosen one was chosen;
    `forecast` what more time would bring, or nothing.
    """

    budget: float | None
    metric: str
    rows: int
    tried: list[Tried]
    moments: list[tuple[float, float]]
    why: str
    forecast: str

    @property
    def seconds(self) -> float:
        """From the start of the run to the last thing that happened in the search."""
        return max([one.end for one in self.tried] + [seconds for seconds, _ in self.moments], default=0.0)

    @property
    def best(self) -> Tried | None:
        """The training with the highest score; of equals the first."""
        scored = [one for one in self.tried if one.validation is not None]
        return max(scored, key=lambda one: one.validation or 0.0, default=None)


@dataclass(frozen=True, slots=True)
class Brought:
    """What one idea brought: `gain` is by how much it raised the best score so far (0 to 1), `score` its own best.

    `first` marks the idea that gave the first score of all: that score stands beside nothing, and is no gain.
    """

    idea: str
    times: int
    seconds: float
    gain: float
    score: float | None
    first: bool


@dataclass(frozen=True, slots=True)
class Gain:
    """What more time is expected to add to the best score, from `low` to `high` (shares of 1).

    `noise` is the standard error of the score, from the number of validation rows.
    """

    likely: float
    low: float
    high: float
    noise: float


def brought(search: Search) -> list[Brought]:
    """One line an idea, in the order in which they were first tried.

    A training raises the best score by its own score less the best of those that ended before. The raises of an idea
    are added up, so that the gains of all ideas together lead from the first score to the best one.
    """
    scored = [(one.end, one.number, one.idea, one.validation) for one in search.tried if one.validation is not None]
    gains, best, first = dict.fromkeys(_ideas(search), 0.0), math.inf, ""
    for _, _, idea, score in sorted(scored):
        if not first:
            best, first = score, idea
        gains[idea] += max(score - best, 0.0)
        best = max(best, score)
    return [_line(search, idea, gain, idea == first) for idea, gain in gains.items()]


def _ideas(search: Search) -> list[str]:
    return [one.idea for one in sorted(search.tried, key=lambda one: one.number)]


def _line(search: Search, idea: str, gain: float, first: bool) -> Brought:
    of_idea = [one for one in search.tried if one.idea == idea]
    scores = [one.validation for one in of_idea if one.validation is not None]
    return Brought(
        idea, len(of_idea), sum(one.seconds for one in of_idea), gain, max(scores) if scores else None, first
    )


def expected_gain(moments: Sequence[tuple[float, float]], spent: float, more: float, rows: int) -> Gain | None:
    """What `more` seconds would likely add to the best score of a run that has `spent` so many, judged on `rows` rows.

    The best score is taken to rise along the logarithm of time: the best of n tries rises by the same amount whenever
    n doubles if scores have an exponential tail, and more slowly if they are bounded (Gumbel 1958, Statistics of
    Extremes), so the forecast is rather too high. With b(t) the best score at time t, the last two doublings brought

        g1 = b(spent / 2) - b(spent / 4)        g2 = b(spent) - b(spent / 2)

    and `more` is d = log2(1 + more / spent) doublings. Likely is d (g1 + g2) / 2. The range is plus and minus
    sqrt((d (g1 - g2) / 2)^2 + noise^2): how far the two doublings disagree, and the standard error of the score,
    noise = sqrt(p (1 - p) / rows), p = (rows b + 1) / (rows + 2) (binomial, with one row right and one wrong added,
    so that a full score is not taken for certain; for other metrics than accuracy an approximation). All of it stays
    between 0 and what is missing to 1. None when nothing was measured in the first quarter of the time.
    """
    if not moments or moments[0][0] > spent / 4 or more <= 0:
        return None
    quarter, half, best = (_best_at(moments, spent * share) for share in (0.25, 0.5, 1.0))
    doublings = math.log2(1 + more / spent)
    likely = doublings * (best - quarter) / 2
    noise = _noise(best, rows)
    reach = math.hypot(doublings * ((half - quarter) - (best - half)) / 2, noise)
    low, high = (min(max(value, 0.0), 1 - best) for value in (likely - reach, likely + reach))
    return Gain(min(likely, 1 - best), low, high, noise)


def _best_at(moments: Sequence[tuple[float, float]], seconds: float) -> float:
    return max(score for at, score in moments if at <= seconds)


def _noise(score: float, rows: int) -> float:
    share = (rows * min(max(score, 0.0), 1.0) + 1) / (rows + 2)
    return math.sqrt(share * (1 - share) / max(rows, 1))


def forecast(moments: Sequence[tuple[float, float]], *, spent: float, more: float, rows: int) -> str:
    """`expected_gain` as a sentence. What is smaller than the noise of the score is said to be no more than luck."""
    gain = expected_gain(moments, spent, more, rows)
    if gain is None:
        return "The run was too short to say what more time would bring."
    start = f"Another {duration(more, _NEAR).removeprefix('1 ')} would likely bring"
    if points(gain.likely) == "0.0":
        return f"{start} nothing that these {rows:,} validation rows could show."
    if gain.likely < gain.noise:
        bound = math.ceil(1000 * min(gain.noise, gain.high)) / 1000
        return f"{start} less than {points(bound)} points, which these {rows:,} validation rows cannot tell from luck."
    low, high = points(gain.low), points(gain.high)
    span = f"up to {high}" if low == "0.0" else f"{low} to {high}" if low != high else f"about {high}"
    return f"{start} {span} points."


def duration(seconds: float, near: float = 0.0) -> str:
    """10 minutes, 90 seconds, 1 hour: in the largest unit that is off by no more than the share `near`."""
    counts = [(max(round(seconds / size), 1), unit, size) for unit, size in _UNITS]
    well = ((count, unit) for count, unit, size in counts if abs(count * size - seconds) <= near * seconds)
    count, unit = next(well, counts[-1][:2])
    return f"{count:,} {unit}{'' if count == 1 else 's'}"
