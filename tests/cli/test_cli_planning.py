"""plan: what it asks of its workflow, its table, and its object."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tunewheel.cli.tables import show_run

WAY = {
    "model": "minilm-l6", "moves": "all layers", "settings": [], "seconds": 250.0, "memory_mb": 1900, "disk_mb": 90,
    "score": [0.881, 0.943], "passes": 5.0, "money": 0.0243, "fits": "whole", "why": "takes about 4 min of 5 min",
}  # fmt: skip
FAILED = {**dict.fromkeys(WAY), "model": "e5-small", "moves": "all layers", "fits": "", "why": "the probe failed"}
PLAN = {
    "metric": "accuracy", "budget_seconds": 300.0, "price_an_hour": 0.35, "ways": [WAY, FAILED],
    "floor": {"name": "TF-IDF + logistic regression", "seconds": 12.0, "score": [0.83, 0.83]},
    "absent": [{"model": "mpnet-base", "download_mb": 405, "why": "not fetched yet; --model mpnet-base fetches it"}],
    "advice": "All layers of minilm-l6 fits whole.",
}  # fmt: skip


def planned(plan: dict[str, Any]) -> SimpleNamespace:
    return SimpleNamespace(to_json=lambda: plan)


def test_plan_prints_a_line_a_way_what_is_missing_and_advice(
    run: Callable[..., Any], workflow: Callable[..., Any]
) -> None:
    workflow("plan", "plan", planned(PLAN))
    result = run("plan", "reviews.csv", "--budget", "5m", "--price", "0.35")
    lines = [" ".join(line.split()) for line in result.out.splitlines()]
    assert result.code == 0 and lines == [
        "model what moves time memory disk accuracy (validation) cost 5 min 00 s",
        "TF-IDF + logistic regression 12 s - - about 83",
        "minilm-l6 all layers 4 min 10 s 1,900 MB 90 MB about 88 to 94 0.02 fits",
        "e5-small all layers - - - -",
        "e5-small, all layers: the probe failed.",
        "mpnet-base (405 MB): not fetched yet; --model mpnet-base fetches it.",
        "All layers of minilm-l6 fits whole.",
    ]


def test_without_budget_and_price_there_are_no_columns_for_them(
    run: Callable[..., Any], workflow: Callable[..., Any]
) -> None:
    workflow("plan", "plan", planned({**PLAN, "budget_seconds": None, "price_an_hour": None, "floor": None}))
    heading = run("plan", "reviews.csv").out.splitlines()[0]
    assert heading.split() == ["model", "what", "moves", "time", "memory", "disk", "accuracy", "(validation)"]


def test_plan_with_json_prints_one_object(run: Callable[..., Any], workflow: Callable[..., Any]) -> None:
    workflow("plan", "plan", planned(PLAN))
    result = run("plan", "reviews.csv", "--json")
    assert json.loads(result.out) == PLAN and "about 88 to 94" in result.err


def test_plan_hands_on_what_was_given_and_uses_the_workspace_that_is_there(
    run: Callable[..., Any], workflow: Callable[..., Any], tmp_path: Path
) -> None:
    calls = workflow("plan", "plan", planned(PLAN))
    run("plan", "reviews.csv", "--text", "review", "--budget", "5m", "--set", "training.epochs=3")
    assert calls[0].pop("say") and calls == [
        {
            "arguments": (Path("reviews.csv"),), "sets": ["training.epochs=3"], "workspace": None, "text": "review",
            "budget": "5m", "quick": False,
        }
    ]  # fmt: skip
    (tmp_path / "tunewheel-workspace").mkdir()
    run("plan", "reviews.csv")
    run("plan", "reviews.csv", "--workspace", "team", "--quick")
    assert [call["workspace"] for call in calls[1:]] == [Path("tunewheel-workspace"), Path("team")]
    assert [call["quick"] for call in calls[1:]] == [False, True]


def test_a_run_says_how_far_off_its_forecast_was(capsys: Any) -> None:
    grades = {"seconds": {"forecast": 250.0, "actual": 235.0, "error": 0.064}}
    show_run({"table": [], "metric": "accuracy", "seconds": 235.0, "forecast": grades}, as_json=False)
    assert "planned 4 min 10 s, took 3 min 55 s (6 % off)" in capsys.readouterr().out
