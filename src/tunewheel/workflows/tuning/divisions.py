"""Divisions: what was found where the rows to learn from were divided in other ways than the run's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean

from .contend import Candidate


@dataclass(frozen=True)
class Repeat:
    """Scores on the validation rows of one `division` (by number) of candidates that learnt from its training rows:
    the `plain` ones by name, the fine-tuned ones by the number of the training whose settings they had."""

    division: int
    plain: Mapping[str, float]
    tuned: Mapping[int, float]


@dataclass(frozen=True)
class Means:
    """The mean scores over so many `divisions`: of the `plain` candidates by name, and of the fine-tuned one."""

    divisions: int
    plain: Mapping[str, float]
    tuned: float

    def of(self, candidate: Candidate) -> float:
        """That of a candidate. Raises `KeyError` for a plain one that was not on all divisions."""
        return self.tuned if candidate.made.role == "after" else self.plain[candidate.name]


def mean_of(repeats: Sequence[Repeat], number: int) -> float | None:
    """The mean score of a training's settings; None where they were not judged on each division."""
    scores = [repeat.tuned[number] for repeat in repeats if number in repeat.tuned]
    return mean(scores) if scores and len(scores) == len(repeats) else None


def means(repeats: Sequence[Repeat], number: int) -> Means | None:
    """Those of all that was on each division; None where the training of that `number`, which was chosen, was not."""
    tuned = mean_of(repeats, number)
    if tuned is None:
        return None
    names = set.intersection(*(set(repeat.plain) for repeat in repeats))
    return Means(len(repeats), {name: mean(repeat.plain[name] for repeat in repeats) for name in names}, tuned)
