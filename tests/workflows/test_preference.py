"""Which candidate goes live is decided on the validation rows, by whole groups where there are groups."""

from types import SimpleNamespace
from typing import Any

import numpy as np

from tunewheel.records import Ratio, Scores
from tunewheel.workflows.tuning.divisions import Means
from tunewheel.workflows.tuning.preference import (
    fine_tuned,
    preferred,
    proved_on_validation,
    takes_over,
    worth_keeping,
)


def candidate(hits: int, role: str = "before", rows: int = 100) -> Any:
    """One that is right on the first `hits` of the validation rows."""
    right = Ratio((np.arange(rows) < hits).astype(float), np.ones(rows))
    scores = Scores({"accuracy": right.value}, {"accuracy": right})
    task, made = SimpleNamespace(best_by="accuracy"), SimpleNamespace(role=role)
    return SimpleNamespace(task=task, validation=scores, made=made, score=right.value, name=f"{role} {hits}")


def entrant(of: Any, hits: int, *, rough: bool = False) -> Any:
    """The same after the test rows: right on so many of them."""
    scores = candidate(hits).validation
    return SimpleNamespace(candidate=of, task=of.task, contender=SimpleNamespace(scores=scores), rough=rough)


def three(rival: int, tuned: int) -> list[Any]:
    return [candidate(50), candidate(rival), candidate(tuned, "after")]


def test_a_rival_that_is_better_by_many_rows_is_preferred() -> None:
    candidates = three(80, 70)
    chosen, why = preferred(candidates)
    assert chosen is candidates[1] and "not by luck" in why


def test_a_rival_that_may_be_ahead_by_luck_is_not_and_the_reader_is_told() -> None:
    candidates = three(71, 70)
    chosen, why = preferred(candidates)
    assert chosen is candidates[2] and "1.0 points ahead" in why


def test_of_a_training_that_was_cut_short_only_its_score_speaks() -> None:
    ahead, level = three(71, 70), three(70, 70)
    assert preferred(ahead, cut=True)[0] is ahead[1]
    assert preferred(level, cut=True)[0] is level[2]


def test_on_few_rows_a_rival_need_only_be_ahead_and_of_equals_the_smaller_is_preferred() -> None:
    ahead, level = three(71, 70), three(70, 70)  # with the body before, as large as what came of it
    assert preferred(ahead, few=True)[0] is ahead[1]
    assert preferred(level, few=True)[0] is level[2]
    floor = [candidate(50, "floor"), candidate(70, "floor"), candidate(70, "after")]
    assert preferred(floor)[0] is floor[2]
    assert preferred(floor, few=True)[0] is floor[1]


def test_on_few_rows_what_other_divisions_say_comes_before_the_validation_rows() -> None:
    candidates = [candidate(50, "floor"), candidate(60, "floor"), candidate(70), candidate(90, "after")]
    _, floor, before, tuned = candidates

    def decided(on_floor: float, on_before: float, on_tuned: float) -> tuple[Any, str]:
        scores = {"floor 50": 0.1, floor.name: on_floor, before.name: on_before}
        return preferred(candidates, few=True, found=Means(4, scores, on_tuned))

    chosen, why = decided(0.6, 0.8, 0.75)
    assert chosen is before and "80.0 and 75.0 on 4 other divisions" in why
    assert decided(0.6, 0.8, 0.8)[0] is tuned and decided(0.8, 0.7, 0.8)[0] is floor
    chosen, why = decided(0.6, 0.7, 0.8)
    assert chosen is tuned and "the best on 4 other divisions" in why
    assert preferred(candidates, found=Means(4, {floor.name: 1.0}, 0.0))[0] is tuned, "rows are many: they say enough"


def test_a_rival_that_other_divisions_chose_is_kept_beside_the_fine_tuned_model() -> None:
    candidates = [candidate(50, "floor"), candidate(80), candidate(90, "after")]
    floor, before, tuned = (entrant(one, 70) for one in candidates)
    assert worth_keeping(floor, [floor, before, tuned]) == [tuned, floor]


def test_without_a_fine_tuned_one_the_best_plain_one_is_preferred() -> None:
    candidates = [candidate(50), candidate(80), candidate(70)]
    chosen, why = preferred(candidates)
    assert fine_tuned(candidates) is None and chosen is candidates[1] and "80.0" in why


def test_the_rows_of_one_group_count_as_one() -> None:
    _, rival, tuned = three(80, 70)
    assert proved_on_validation(tuned, rival)
    assert not proved_on_validation(tuned, rival, [number // 10 for number in range(100)])


def test_groups_too_few_to_resample_prove_nothing_by_their_lack_of_spread() -> None:
    _, rival, tuned = three(71, 70)
    assert not proved_on_validation(tuned, rival, ["one document"] * 100)


def test_the_best_rival_is_kept_where_it_is_as_good_anywhere_and_the_fine_tuned_model_always() -> None:
    floor, rival, tuned = three(60, 70)
    for on_test, kept in ((70, True), (69, False)):
        entrants = [entrant(floor, 99), entrant(rival, on_test), entrant(tuned, 70)]
        assert worth_keeping(entrants[2], entrants) == ([entrants[2], entrants[1]] if kept else [entrants[2]])
        assert worth_keeping(entrants[1], entrants) == [entrants[2], entrants[1]]


def test_what_was_judged_in_bf16_only_is_never_kept_though_it_looks_as_good() -> None:
    plain, rival, tuned = three(80, 70)
    entrants = [entrant(plain, 50), entrant(rival, 90, rough=True), entrant(tuned, 60)]
    assert worth_keeping(entrants[2], entrants) == [entrants[2]]


def test_a_slower_body_must_be_better_by_many_rows_and_a_faster_one_only_as_good() -> None:
    holder, ahead, clearly = candidate(70), candidate(72), candidate(80)
    assert not takes_over(ahead, holder, slower=True) and takes_over(clearly, holder, slower=True)
    assert takes_over(ahead, holder, slower=False) and takes_over(candidate(70), holder, slower=False)
    assert not takes_over(candidate(69), holder, slower=False)
    assert not takes_over(clearly, holder, slower=True, groups=[number // 10 for number in range(100)])
