"""Forecasts: how they are kept, found and graded, and how they grow with the rows."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from tunewheel import tasks
from tunewheel.recipe import Recipe, build
from tunewheel.training.options import TrainingOptions
from tunewheel.workflows.planning.expect import as_it_was, fine_tuned, with_all_rows
from tunewheel.workflows.planning.outlook import HOLES, Floored, Rows, floored, outlook, usual_passes
from tunewheel.workflows.planning.probe import Scored, Told
from tunewheel.workflows.tuning.forecast import Forecast, graded, keep, kept, mark

SCORED = Scored("Frozen encoder + logistic regression", 0.8, 0.7, 500, 200, 2.0)
TOLD = Told(
    400.0, 300.0, SCORED, starting=2.0, loading=0.5, encoding=1e-4, reading=1e-4, alone=0.01, learning=5e-4,
    watching=1e-4, units={"train": 10.0, "validation": 10.0}, training=TrainingOptions(epochs=4).model_dump(),
    weights_mb=90.0, module_mb=90.0, width=384, most_rows=40_000, layers=6,
)  # fmt: skip
ROWS = Rows(5_000, 500, 1_000, few=False)
READ = Floored(3.0, 250.0)


def recipe(**settings: object) -> Recipe:
    return build({"task": "text_classification", "data": {"path": "a.csv"}, **settings})


def test_a_forecast_is_graded_against_what_happened() -> None:
    grades = graded(Forecast(250.0, 900.0), 235.0, 1000.0)
    assert grades["seconds"] == {"forecast": 250.0, "actual": 235.0, "error": pytest.approx(0.064)}
    assert grades["memory_mb"]["error"] == -0.1 and "pass_seconds" not in grades
    assert graded(Forecast(250.0, 900.0, 12.0), 235.0, 1000.0, 10.0)["pass_seconds"]["error"] == 0.2
    assert "pass_seconds" not in graded(Forecast(250.0, 900.0, 12.0), 235.0, 1000.0), "nothing was fine-tuned"


def test_the_run_finds_the_forecast_by_the_content_of_its_files_and_settings(tmp_path: Path) -> None:
    files = {"a.csv": "1f"}
    name = mark(recipe(), files, None)
    keep(tmp_path, name, Forecast(10.0, 20.0, 3.0), {"advice": "go"})
    assert kept(tmp_path, mark(recipe(data={"path": "b/a.csv"}), {"b": "1f"}, None)) == Forecast(10.0, 20.0, 3.0)
    assert mark(recipe(training={"precision": "bf16", "lanes": 2}), files, None) == name, "measured on the way"
    others = [mark(recipe(seed=9), files, None), mark(recipe(), {"a.csv": "2f"}, None), mark(recipe(), files, 60.0)]
    assert name not in others and all(kept(tmp_path, other) is None for other in others)


def test_a_damaged_forecast_is_none(tmp_path: Path) -> None:
    keep(tmp_path, "a", Forecast(1.0, 2.0), {}).write_text("{", "utf-8")
    assert kept(tmp_path, "a") is None


def test_time_grows_with_rows_passes_and_learning_anew() -> None:
    whole = outlook(ROWS, READ, TOLD, hurried=True)
    assert whole.cost.epoch == pytest.approx(5_000 * 10 * 5e-4 + 500 * 10 * 1e-4)
    assert whole.seconds > 4 * whole.cost.epoch + 5.5
    more = outlook(replace(ROWS, train=10_000), READ, TOLD, hurried=True)
    assert more.seconds > 1.7 * whole.seconds - 20 and more.memory_mb > whole.memory_mb
    few = outlook(replace(ROWS, few=True), READ, TOLD, hurried=True)
    assert few.again > 4 * 5_500 * 10 * 5e-4 and few.memory_mb > whole.memory_mb
    assert whole.left(whole.seconds) < whole.seconds - whole.before


def test_only_who_is_in_a_hurry_keeps_back_a_reading_in_bf16() -> None:
    told = replace(TOLD, watching=4e-5)
    hurried, slow = (outlook(ROWS, READ, told, hurried=hurry) for hurry in (True, False))
    assert slow.answering - hurried.answering == pytest.approx(1_000 * 10 * 6e-5)
    assert slow.left(900.0) < hurried.left(900.0)


def test_states_that_are_kept_take_disk() -> None:
    kept_states = outlook(ROWS, READ, replace(TOLD, keeping=1e-4), hurried=True)
    assert kept_states.disk_mb - outlook(ROWS, READ, TOLD, hurried=True).disk_mb == pytest.approx(
        5_500 * 10 * 384 * 2 / 1e6
    )
    assert kept_states.cost.once == pytest.approx(5.5)


def test_many_passes_end_early_as_a_rule() -> None:
    assert usual_passes(TrainingOptions(epochs=4)) == 4
    assert usual_passes(TrainingOptions(epochs=20)) < 20


def test_the_floors_of_a_part_are_scaled_to_all_rows() -> None:
    assert floored(ROWS, 1.0, 200.0, Told(9.0, 5.0, SCORED)) == Floored(1.0 + 10 * 2.0, 200.0 + 10 * 5.0)
    assert floored(ROWS, 1.0, 200.0, None) == Floored(1.0, 200.0)


def test_a_score_gets_better_with_more_rows_and_is_as_sure_as_its_rows_are_many() -> None:
    low, high = with_all_rows(SCORED, 5_000)
    assert 0.8 < low < high < 1
    assert with_all_rows(SCORED, 100) == (pytest.approx(0.8), pytest.approx(0.8))
    assert with_all_rows(replace(SCORED, score=0.6, earlier=0.7), 5_000) == (pytest.approx(0.6), pytest.approx(0.6))
    narrow, wide = (as_it_was(replace(SCORED, held=held), 500) for held in (10_000, 50))
    assert wide[0] < narrow[0] < 0.8 < narrow[1] < wide[1]


@pytest.mark.parametrize("reads", [tasks.find(name).reads for name in tasks.names()])
def test_moving_more_never_promises_less(reads: str) -> None:
    ranges = {mode: fine_tuned((0.8, 0.8), 1_000, reads, mode) for mode in ("head", "lora", "full")}
    assert ranges["head"][1] <= ranges["lora"][1] <= ranges["full"][1]
    assert all(0 <= low < high <= 1 for low, high in ranges.values())


def test_a_search_holds_more_than_one_training_and_a_companion_in_it_more_again() -> None:
    ahead = outlook(ROWS, READ, replace(TOLD, searching_mb=150.0), hurried=False)
    alone, both = ahead.memory_mb + 150.0, ahead.memory_mb + 150.0 + ahead.beside_mb
    needed, long = ahead.seconds, 20 * ahead.seconds
    assert ahead.most_memory_mb(needed, 100_000, cores=2) == ahead.memory_mb, "no time for a search"
    assert ahead.most_memory_mb(long, 100_000, cores=2) == both
    assert ahead.most_memory_mb(long, 100_000, cores=1) == alone
    assert ahead.most_memory_mb(long, both - 1, cores=2) == alone, "no memory for a companion"


def test_batches_of_many_sizes_leave_holes_and_pictures_are_of_one_size() -> None:
    texts, pictures = (outlook(ROWS, READ, TOLD, hurried=True, pictures=are) for are in (False, True))
    assert texts.memory_mb - pictures.memory_mb == pytest.approx(HOLES * TOLD.memory_mb)


def test_steps_that_were_asked_for_take_no_longer_than_they_do() -> None:
    few = replace(TOLD, training=TrainingOptions(epochs=4, steps=10).model_dump())
    ahead = outlook(ROWS, READ, few, hurried=True)
    assert ahead.passes == pytest.approx(10 / math.ceil(50_000 / 512))
    assert ahead.seconds < outlook(ROWS, READ, TOLD, hurried=True).seconds - 90
