"""The bars of the wheel, from parts as they are kept."""

from __future__ import annotations

from typing import Any

import pytest
from benchmarks.bars import Bar
from benchmarks.results import keep_part
from benchmarks.wheel.judged import RULES, bars
from benchmarks.wheel.plan import ALWAYS, ARMS, GATED, PARTS, STREAMS, part
from benchmarks.wheel.session import MEASURES, Session
from benchmarks.wheel.tables import tables

HARM = "harmful promotions a year"


def stream(share: float = 0.8, harmful: float = 0.0) -> dict[str, Any]:
    arm = {"area": 0.7, "labels": 100, "promotions": 2.0, "harmful": 0.0, "harmful_by_a_point": 0.0, "share": 0.5,
           "errors": {"rmse": 3.0}, "alarms": 1.0, "seconds": 9.0}  # fmt: skip
    arms = {
        **dict.fromkeys(ARMS, arm),
        GATED: {**arm, "share": share, "harmful": harmful},
        ALWAYS: {**arm, "harmful": 3},
    }
    return {"arms": arms, "seeds": 5, "total_seconds": 60}


def tries(rmse: float) -> dict[str, Any]:
    ways = {way: {"rmse": rmse, "bias": 0.0, "covered": 0.95} for way in ("audit", "audit alone", "random sample",
                                                                          "confidences alone")}  # fmt: skip
    return {"truth": {"lowest": 0.7, "highest": 0.8}, **ways}


def watched(alarms: int = 0, days: int | None = 1) -> dict[str, Any]:
    return {"quiet": {"topics": [{"alarms": alarms, "names": ["labels"]}, {"alarms": 0, "names": []}]},
            "changes": {"a new topic": [1, days]}, "day_rows": 200, "total_seconds": 60}  # fmt: skip


def judged(**parts: dict[str, Any]) -> dict[str, Bar]:
    return {bar.name: bar for bar in bars({part(name.replace("_", " ")): found for name, found in parts.items()})}


def test_every_bar_stands_in_the_list_before_anything_was_measured() -> None:
    found = bars({})
    assert len(found) == len({bar.name for bar in found}) == len(STREAMS) + len(RULES) + 2
    assert all(bar.holds is None for bar in found)


def test_a_share_of_seven_tenths_is_enough() -> None:
    found = judged(vader=stream(0.7), hint3=stream(0.69))
    assert found["share of the oracle's gain, vader"].holds is True
    assert found["share of the oracle's gain, hint3"].holds is False


def test_harm_is_a_mean_over_all_years_and_waits_for_all_streams() -> None:
    some = judged(vader=stream(harmful=0.2))[HARM]
    assert (some.value, some.holds) == (0.2, None)
    whole = judged(vader=stream(harmful=0.6), hint3=stream(), clinc150=stream(), banking77=stream())[HARM]
    assert (whole.value, whole.holds) == (0.15, True)
    assert "without a gate 3.00" in whole.note
    assert judged(vader=stream(harmful=0.6))[HARM].holds is False


@pytest.mark.parametrize(("rmse", "holds"), [(2.0, True), (2.1, False)])
def test_the_estimate_may_err_by_two_points(rmse: float, holds: bool) -> None:
    found = judged(census=tries(rmse), new_topics={"known": tries(1.0), "new": tries(rmse)})
    assert found["live accuracy, census, RMSE in points"].holds is holds
    assert found["live accuracy, a fifth new topics, RMSE in points"].holds is holds
    assert found["live accuracy, known topics, RMSE in points"].holds is True


@pytest.mark.parametrize(("alarms", "holds"), [(2, True), (3, False)])
def test_false_alarms_are_counted_a_year(alarms: int, holds: bool) -> None:
    assert judged(drift=watched(alarms))["drift alarms a year without change"].holds is holds


@pytest.mark.parametrize(("days", "holds"), [(2, True), (3, False), (None, False)])
def test_the_slowest_change_counts(days: int | None, holds: bool) -> None:
    assert judged(drift=watched(days=days))["days until a real change is found"].holds is holds


def test_a_failed_part_does_not_hold_and_an_absent_one_says_why() -> None:
    found = judged(census={"failed": "no memory"}, full={"absent": "not run: no data"})
    assert found["live accuracy, census, RMSE in points"].holds is False
    assert found["full fine-tuning, area under live accuracy"].note == "not run: no data"


def test_a_session_measures_what_is_not_kept_or_not_finished(tmp_path: Any) -> None:
    keep_part(tmp_path, part("vader"), stream())
    keep_part(tmp_path, part("drift"), {"absent": "not run: no data"})
    assert Session(tmp_path, fresh=False).remaining(["vader", "hint3", "drift"]) == ["hint3", "drift"]
    assert Session(tmp_path, fresh=True).remaining(["vader"]) == ["vader"]
    assert set(MEASURES) == set(PARTS)


def test_a_table_has_a_line_an_arm() -> None:
    (told,) = tables({part("vader"): stream()})
    assert [line.split("  ")[0] for line in told.splitlines()] == ["vader", *ARMS]
