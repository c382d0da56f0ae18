"""How the time was spent, as data: what each idea brought, and what more time would bring."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tunewheel.evaluation.build import build
from tunewheel.evaluation.report import Report
from tunewheel.evaluation.search import Search, Tried, brought, duration, expected_gain, forecast
from tunewheel.records import Example


def test_a_report_with_its_search_survives_json(searched_report: Report, search: Search) -> None:
    read = Report.from_json(searched_report.to_json())
    assert read == searched_report and read.search == search
    kinds = [type(value) for value in read.search.tried[2].settings.values()]
    assert kinds == [float, int, str]


def test_a_report_of_an_older_version_has_no_search(report: Report) -> None:
    old = json.loads(report.to_json())
    del old["search"]
    assert Report.from_json(json.dumps(old)) == report and report.search is None


def test_the_search_is_built_into_the_report(examples: list[Example], search: Search, contender: Any) -> None:
    made = build(
        title="t", task="t", task_summary="s", best_by="accuracy", labels=["bad", "good"], examples=examples,
        contenders=[contender("a", "after", ["bad"] * 200, examples)], search=search,
    )  # fmt: skip
    assert made.search == search


def test_an_idea_brought_what_it_raised_the_best_score_by(search: Search) -> None:
    lines = {line.idea: line for line in brought(search)}
    assert list(lines) == ["TF-IDF", "Frozen encoder", "Default settings", "Search", "Average of weights"]
    assert [line.times for line in lines.values()] == [1, 1, 2, 5, 1]
    assert [line.seconds for line in lines.values()] == [1, 14, 120, 190, 2]
    assert [line.gain for line in lines.values()] == pytest.approx([0, 0.02, 0.04, 0.02, 0.001])
    assert [line.score for line in lines.values()] == [0.84, 0.86, 0.90, 0.92, 0.921]
    assert [line.first for line in lines.values()] == [True, False, False, False, False]


def test_all_gains_together_lead_from_the_first_score_to_the_best(search: Search) -> None:
    assert sum(line.gain for line in brought(search)) == pytest.approx(0.921 - 0.84)


def test_an_idea_that_only_failed_or_came_late_brought_nothing(search: Search) -> None:
    failed = Tried(11, "Other body", {}, 340.0, 5.0, None, "failed", False)
    late = Tried(12, "Another seed", {}, 345.0, 5.0, 0.9, "finished", False)
    lines = brought(replace(search, tried=[*search.tried, failed, late]))
    assert [(line.gain, line.score) for line in lines[-2:]] == [(0.0, None), (0.0, 0.9)]
    assert brought(replace(search, tried=[])) == []


def test_what_ended_first_counts_first_whatever_began_first(search: Search) -> None:
    long, short = replace(search.tried[0], seconds=100.0, validation=0.9), search.tried[1]
    lines = brought(replace(search, tried=[long, short]))
    assert [(line.idea, line.first) for line in lines] == [("TF-IDF", False), ("Frozen encoder", True)]
    assert [line.gain for line in lines] == pytest.approx([0.04, 0.0])


def test_the_search_knows_its_length_and_its_best(search: Search) -> None:
    assert search.seconds == 332.0
    assert search.best == search.tried[-1]
    nothing = replace(search, tried=[], moments=[])
    assert (nothing.seconds, nothing.best) == (0.0, None)


def test_a_steady_rise_by_doublings_goes_on() -> None:
    steady = [(1.0, 0.5), (150.0, 0.60), (300.0, 0.65), (600.0, 0.70)]
    gain = expected_gain(steady, spent=600, more=600, rows=100_000)
    assert gain is not None
    assert gain.likely == pytest.approx(0.05)
    assert (gain.low, gain.high) == pytest.approx((0.05 - gain.noise, 0.05 + gain.noise))
    assert gain.noise == pytest.approx(math.sqrt(0.7 * 0.3 / 100_000), rel=0.01)
    longer = expected_gain(steady, spent=600, more=1800, rows=100_000)
    assert longer is not None and longer.likely == pytest.approx(0.1)


def test_doublings_that_disagree_widen_the_range() -> None:
    slowing = [(1.0, 0.5), (300.0, 0.58), (600.0, 0.60)]
    gain = expected_gain(slowing, spent=600, more=600, rows=10**9)
    assert gain is not None
    assert (gain.low, gain.likely, gain.high) == pytest.approx((0.02, 0.05, 0.08), abs=1e-4)


def test_nothing_is_expected_beyond_a_full_score_or_below_none() -> None:
    gain = expected_gain([(1.0, 0.1), (600.0, 0.99)], spent=600, more=10**6, rows=50)
    assert gain is not None
    assert 0 <= gain.low <= gain.likely <= gain.high <= 0.01 + 1e-12


@pytest.mark.parametrize("seed", range(20))
def test_the_range_always_holds_the_likely_gain(seed: int) -> None:
    draw = np.random.default_rng(seed)
    moments = list(zip(np.sort(draw.uniform(0, 100, 8)).tolist(), np.sort(draw.uniform(0, 1, 8)).tolist(), strict=True))
    gain = expected_gain([(0.0, 0.0), *moments], spent=100, more=float(draw.uniform(1, 1000)), rows=200)
    assert gain is not None
    assert 0 <= gain.low <= gain.likely <= gain.high <= 1


@pytest.mark.parametrize(
    ("moments", "rows", "said"),
    [
        (
            [(1.0, 0.5), (150.0, 0.60), (300.0, 0.65), (600.0, 0.70)], 10_000,
            "Another 10 minutes would likely bring 4.5 to 5.5 points.",
        ),
        ([(1.0, 0.5), (550.0, 0.6)], 500, "Another 10 minutes would likely bring up to 10.5 points."),
        (
            [(1.0, 0.80), (400.0, 0.806)], 500,
            "Another 10 minutes would likely bring less than 1.8 points, which these 500 validation rows cannot tell "
            "from luck.",
        ),
        (
            [(1.0, 0.80)], 500,
            "Another 10 minutes would likely bring nothing that these 500 validation rows could show.",
        ),
        (
            [(1.0, 0.80), (5.0, 1.0)], 1500,
            "Another 10 minutes would likely bring nothing that these 1,500 validation rows could show.",
        ),
        ([(400.0, 0.80), (500.0, 0.9)], 500, "The run was too short to say what more time would bring."),
        ([], 500, "The run was too short to say what more time would bring."),
    ],
)  # fmt: skip
def test_the_forecast_in_words(moments: list[tuple[float, float]], rows: int, said: str) -> None:
    assert forecast(moments, spent=600, more=600, rows=rows) == said


@pytest.mark.parametrize(
    ("seconds", "near", "said"),
    [
        (60, 0, "1 minute"), (90, 0, "90 seconds"), (600, 0, "10 minutes"), (3600, 0, "1 hour"),
        (5400, 0, "90 minutes"), (583, 0, "583 seconds"), (583, 0.05, "10 minutes"),
        (0.4, 0, "1 second"), (100.5, 0, "100 seconds"),
    ],
)  # fmt: skip
def test_a_duration_is_said_in_its_largest_unit(seconds: float, near: float, said: str) -> None:
    assert duration(seconds, near) == said


def test_a_forecast_names_one_unit_without_its_number() -> None:
    assert forecast([(1.0, 0.8)], spent=60, more=60, rows=9).startswith("Another minute would")
