"""Preference: which of the entrants of a run are worth a version, and which of them should go live."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from ..evaluation.compare import difference
from .contend import Entrant

# A plain rival goes live in the fine-tuned model's place when validation says so with 90 % confidence: on few
# rows the better of two is mostly luck. The test rows have no say in the choice.
LEVEL = 0.1


def best_rival(entrants: Sequence[Entrant]) -> Entrant:
    """The best on validation of all that are not fine-tuned."""
    metric = entrants[-1].task.best_by
    return max(entrants[:-1], key=lambda entrant: entrant.validation[metric])


def worth_keeping(entrants: Sequence[Entrant]) -> list[Entrant]:
    """The fine-tuned model and, where it is at least as good on validation or on test, its best rival."""
    after, rival = entrants[-1], best_rival(entrants)
    metric = after.task.best_by
    on_validation = rival.validation[metric] >= after.validation[metric]
    on_test = rival.contender.scores[metric] >= after.contender.scores[metric]
    return [after, rival] if on_validation or on_test else [after]


def ahead_on_validation(entrants: Sequence[Entrant]) -> bool:
    """Whether the best rival is better than the fine-tuned model on the validation rows, be it by luck."""
    after, rival = entrants[-1], best_rival(entrants)
    return rival.validation[after.task.best_by] > after.validation[after.task.best_by]


def proved_on_validation(entrants: Sequence[Entrant], groups: Sequence[Hashable] | None = None) -> bool:
    """Whether the best rival is better than the fine-tuned model on the validation rows, and not by luck.

    `groups` are those of the validation rows.
    """
    after, rival = entrants[-1], best_rival(entrants)
    metric = after.task.best_by
    ours, theirs = rival.validation.rows[metric], after.validation.rows[metric]
    gain = difference(ours, theirs, groups=groups, alternative="greater")
    return gain.value > 0 and gain.p_value < LEVEL
