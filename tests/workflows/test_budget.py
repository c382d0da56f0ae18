"""Budgets: how they are written, what they buy, and that a run keeps to them."""

import json
import time
from pathlib import Path

import pytest
from small_texts import intents, write_csv

from tunewheel.errors import RecipeError
from tunewheel.training.options import TrainingOptions
from tunewheel.workflows import budget
from tunewheel.workflows.budget import Clock, Cost, afford, seconds_of
from tunewheel.workflows.tune import tune
from tunewheel.workspace import Workspace

OPTIONS = TrainingOptions(epochs=4)
FULL, HALF = Cost(epoch=100.0, steps=50), Cost(epoch=20.0, steps=50)


def bought(left: float, options: TrainingOptions = OPTIONS, layers: int = 6) -> tuple[TrainingOptions, str]:
    return afford(options, layers, lambda: left, lambda way: HALF if way.mode == "partial" else FULL)


@pytest.mark.parametrize(
    ("written", "seconds"), [("90s", 90), ("2m", 120), ("1.5h", 5400), (" 45 ", 45), ("quick", 60), ("thorough", 3600)]
)
def test_budgets_are_read_as_people_write_them(written: str, seconds: float) -> None:
    assert seconds_of(written) == seconds


@pytest.mark.parametrize("written", ["", "soon", "2d", "-3m", "1s", "1000h", "2m30s"])
def test_what_is_no_budget_is_told_with_an_example(written: str) -> None:
    with pytest.raises(RecipeError, match="For example 90s, 2m or 1h"):
        seconds_of(written)


def test_enough_time_buys_all_passes_and_more_buys_other_seeds() -> None:
    assert bought(402)[0] == OPTIONS
    assert bought(900)[0].seeds == 2 and bought(1e6)[0].seeds == budget.MOST_SEEDS


def test_less_time_buys_fewer_steps_and_the_schedule_ends_with_them() -> None:
    options, told = bought(251.6)
    assert (options.mode, options.epochs, options.steps, options.seeds) == ("full", 3, 125, 1)
    assert "all layers move for 2.5 passes of about 100.0 s each" in told


def test_where_one_pass_of_all_layers_does_not_fit_the_upper_half_moves() -> None:
    options, told = bought(90)
    assert (options.mode, options.layers, options.epochs, options.steps) == ("partial", 3, 4, None)
    assert "the upper 3 layers move" in told


def test_a_body_of_one_layer_and_a_mode_that_was_asked_for_are_not_made_lighter() -> None:
    assert bought(90, layers=1)[0].mode == "full"
    options, told = bought(50, OPTIONS.model_copy(update={"mode": "head"}))
    assert options.mode == "head" and "the head moves" in told


@pytest.mark.parametrize("left", [0.0, -50.0])
def test_with_no_time_left_a_few_steps_are_still_taken(left: float) -> None:
    options, told = bought(left)
    assert (options.epochs, options.steps) == (1, budget.FEWEST_STEPS) and told.startswith("0 s are left")


def test_time_for_the_test_rows_and_the_papers_is_kept_back() -> None:
    clock = Clock(100.0, time.perf_counter())
    assert 95 - 4 - 35 - 1 < clock.for_training(10.0) <= 95 - 4 - 35


@pytest.fixture
def run(tmp_path: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch):
    """A run under a budget, where so many seconds are always left to train; its folder of reports and its recipe."""

    def make(left: float, *sets: str) -> tuple[Path, str]:
        monkeypatch.setattr(budget.Clock, "for_training", lambda self, answering: left)
        data = write_csv(tmp_path / "rows.csv", intents(120))
        sets = ("training.precision=fp32", *sets)
        done = tune(data, workspace=tmp_path / "workspace", model=str(tiny_folder), budget="2m", sets=sets)
        assert done.version.status == "ready"
        return done.folder.parent, done.report.background.recipe

    return make


def test_what_a_budget_bought_is_in_the_recipe(run) -> None:
    _, recipe = run(10_000.0, "training.epochs=1", "training.batch_units=100000")  # a pass of a single step
    assert f"seeds: {budget.MOST_SEEDS}" in recipe and "\nbudget" not in recipe


def test_when_time_is_up_the_best_so_far_is_kept(run) -> None:
    reports, recipe = run(-1.0, "training.epochs=50")
    headlines = {json.loads(path.read_text())["judgement"]["main"] for path in reports.glob("*/report.json")}
    assert "Fine-tuned" in headlines and len(headlines) == 2, "the better rival of one step is kept beside it"
    curves = [json.loads(path.read_text())["curve"] for path in reports.glob("*/report.json")]
    assert [point["step"] for curve in curves for point in curve] == [1]
    assert f"steps: {budget.FEWEST_STEPS}" in recipe
    with Workspace.open(reports.parent) as workspace:
        assert workspace.versions.get("live").name != "Fine-tuned"
