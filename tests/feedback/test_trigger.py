"""What to do next, and why."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tunewheel.feedback.estimate import Estimate
from tunewheel.feedback.trigger import Known, advise

QUIET = Known(
    requests=500, waiting=0, decidable=0, candidate=None, new_rows=0, evaluated=0.9,
    estimate=Estimate(0.89, 0.86, 0.92, 60, 500, "audited"), drift=("nothing", "nothing has changed"),
)  # fmt: skip
LOST = Estimate(0.7, 0.62, 0.78, 60, 500, "audited")


def actions(known: Known) -> list[str]:
    return [advice.action for advice in advise(known)]


def test_where_all_is_well_nothing_is_to_be_done() -> None:
    assert actions(QUIET) == ["nothing"]
    assert advise(replace(QUIET, requests=0, estimate=None))[0].why == "nothing was asked since it went live"


def test_what_can_be_decided_comes_before_what_can_be_labelled_and_learnt() -> None:
    busy = replace(QUIET, candidate="v0002", decidable=12, waiting=28, new_rows=40)
    assert actions(busy) == ["turn", "label", "turn"]
    assert advise(busy)[0].why == "12 rows were labelled since v0002 learnt, and can decide on it"


@pytest.mark.parametrize(("new", "worth"), [(9, False), (10, True)])
def test_a_handful_of_new_rows_is_not_worth_a_training(new: int, worth: bool) -> None:
    assert ("turn" in actions(replace(QUIET, new_rows=new))) is worth


def test_accuracy_that_is_proved_lost_calls_for_a_training_or_for_deciding_on_the_one_that_was_made() -> None:
    assert actions(replace(QUIET, estimate=LOST)) == ["re-tune"]
    waiting = advise(replace(QUIET, estimate=LOST, candidate="v0002"))[0]
    assert (waiting.action, waiting.command) == ("label", "tunewheel audit --draw 40")
    assert "70.0 [62.0, 78.0], and 90.0 was evaluated" in waiting.why


def test_what_may_be_chance_is_not_called_lost() -> None:
    assert actions(replace(QUIET, estimate=replace(LOST, high=0.885))) == ["nothing"]


@pytest.mark.parametrize(
    ("decision", "action"), [("label", "label"), ("add a class", "add a class"), ("re-tune", "re-tune")]
)
def test_drift_leads_to_a_look_with_its_own_sentence(decision: str, action: str) -> None:
    advice = advise(replace(QUIET, drift=(decision, "63 rows are unlike anything seen")))[0]
    assert (advice.action, advice.why) == (action, "63 rows are unlike anything seen")


def test_traffic_without_labels_is_to_be_audited() -> None:
    assert actions(replace(QUIET, estimate=None)) == ["label"]
    assert advise(replace(QUIET, estimate=None))[0].why == "live accuracy rests on 0 labelled rows"
