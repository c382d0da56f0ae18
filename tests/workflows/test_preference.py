"""Which entrant goes live is decided on the validation rows, by whole groups where there are groups."""

from types import SimpleNamespace
from typing import Any

import numpy as np

from tunewheel.records import Ratio, Scores
from tunewheel.workflows.preference import ahead_on_validation, proved_on_validation, worth_keeping


def entrant(hits: int, rows: int = 100) -> Any:
    """One that is right on the first `hits` of the validation rows and of the test rows."""
    right = Ratio((np.arange(rows) < hits).astype(float), np.ones(rows))
    scores = Scores({"accuracy": right.value}, {"accuracy": right})
    task = SimpleNamespace(best_by="accuracy")
    return SimpleNamespace(task=task, validation=scores, contender=SimpleNamespace(scores=scores))


def test_a_rival_that_is_better_by_many_rows_is_preferred() -> None:
    entrants = [entrant(50), entrant(80), entrant(70)]
    assert worth_keeping(entrants) == [entrants[2], entrants[1]]
    assert proved_on_validation(entrants)


def test_the_rows_of_one_group_count_as_one() -> None:
    entrants = [entrant(50), entrant(80), entrant(70)]
    assert not proved_on_validation(entrants, [number // 10 for number in range(100)])


def test_groups_too_few_to_resample_prove_nothing_by_their_lack_of_spread() -> None:
    entrants = [entrant(50), entrant(71), entrant(70)]
    assert not proved_on_validation(entrants, ["one document"] * 100)


def test_being_ahead_needs_no_proof() -> None:
    assert ahead_on_validation([entrant(50), entrant(71), entrant(70)])
    assert not ahead_on_validation([entrant(50), entrant(70), entrant(70)])
