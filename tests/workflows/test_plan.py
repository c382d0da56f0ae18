"""plan: what is forecast for each way, what fits, and that nothing is kept but the forecast."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from listening import Listening
from small_texts import intents, write_csv

from tunewheel.errors import ReadError, RecipeError, WeightsMissing
from tunewheel.models import cache
from tunewheel.workflows.plan import Plan, plan
from tunewheel.workflows.planning import probing
from tunewheel.workflows.planning.ways import Limits, Way, about, advice, run_memory_mb
from tunewheel.workflows.tune import tune
from tunewheel.workflows.tuning.forecast import kept

LIMITS = Limits(seconds=None, price=None, memory_mb=4_000)
WAY = Way("tiny", "all layers", [], 100.0, 500, 90, (0.8, 0.9), 4.0)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_csv(tmp_path_factory.mktemp("plan") / "rows.csv", intents(120))


@pytest.fixture(scope="module")
def heard() -> Listening:
    return Listening()


@pytest.fixture(scope="module")
def made(data: Path, tiny_folder: Path, heard: Listening) -> Plan:
    """All ways of the tiny body, really probed, for ten minutes at one a hour, with a workspace."""
    settled = ["training.precision=fp32", "training.epochs=2"]
    space = data.parent / "workspace"
    return plan(data, model=str(tiny_folder), budget="10m", price=1.0, sets=settled, workspace=space, say=heard)


def test_every_way_has_its_numbers_and_the_first_is_what_tune_does(made: Plan, tiny_folder: Path) -> None:
    assert [way.moves for way in made.ways] == [
        "all layers",
        "upper half",
        "adapters (LoRA)",
        "head only (frozen encoder)",
    ]
    assert [way.settings for way in made.ways] == [
        [], ["training.mode=partial", "training.layers=1"], ["training.mode=lora"], ["training.mode=head"]
    ]  # fmt: skip
    for way in made.ways:
        assert way.model == str(tiny_folder) and way.passes == 2
        assert way.seconds > 0 and way.memory_mb > 100 and way.disk_mb >= 0
        assert 0 <= way.score[0] < way.score[1] <= 1
        assert way.fits == "whole" and way.money == pytest.approx(way.seconds / 3600, abs=1e-4)
    assert made.floor is not None and "logistic regression" in made.floor["name"]
    assert "fits whole" in made.advice and made.rows["train"] + made.rows["validation"] + made.rows["test"] == 120


def test_it_says_what_it_read_and_that_it_probes(made: Plan, heard: Listening) -> None:
    assert "Probing" in heard.stages and "'text' holds the text" in heard.said


def test_only_the_forecast_is_kept_where_the_run_finds_it(made: Plan, data: Path) -> None:
    space = data.parent / "workspace"
    forecast = kept(space / "cache", Path(made.kept).stem)
    assert forecast is not None and forecast.seconds == 600, "a run with a budget uses all of it"
    assert forecast.memory_mb == made.ways[0].memory_mb
    assert not any((space / "tests").iterdir()) and not any((space / "versions").iterdir())


def test_a_run_is_graded_against_the_plan_that_was_made_for_it(data: Path, tiny_folder: Path, tmp_path: Path) -> None:
    asked = {"model": str(tiny_folder), "sets": ["training.precision=fp32", "training.epochs=1"], "workspace": tmp_path}
    plan(data, **asked)
    graded = tune(data, **asked).summary()["forecast"]
    assert graded["seconds"]["forecast"] > 0 and graded["seconds"]["actual"] > 0
    memory = graded["memory_mb"]
    assert memory["error"] == pytest.approx(memory["forecast"] / memory["actual"] - 1, abs=1e-3)
    other = tune(data, **{**asked, "sets": ["training.precision=fp32", "training.epochs=2"]})
    assert "forecast" not in other.summary(), "another run than the one that was planned"


def test_the_object_of_json_is_plain(made: Plan) -> None:
    told = json.loads(json.dumps(made.to_json()))
    assert {"file", "task", "metric", "rows", "floor", "ways", "absent", "advice", "seconds", "kept"} <= told.keys()
    assert told["ways"][0].keys() >= {"model", "moves", "seconds", "memory_mb", "disk_mb", "score", "fits", "why"}


def test_a_probe_that_fails_stops_nothing_and_says_why(
    data: Path, tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = shutil.copytree(tiny_folder, tmp_path / "broken")
    (broken / "model.safetensors").write_bytes(b"nothing")
    monkeypatch.setattr(probing, "MODES", ("full",))
    made = plan(data, model=str(broken), sets=["training.precision=fp32"])
    assert made.ways[0].seconds is None and made.ways[0].why
    assert made.floor is not None and made.advice == "Nothing fits: the floors are what there is time and memory for."


def test_a_quick_plan_times_the_way_that_tune_takes_and_no_other(data: Path, tiny_folder: Path) -> None:
    made = plan(data, model=str(tiny_folder), sets=["training.precision=fp32"], quick=True)
    assert [way.moves for way in made.ways] == ["all layers"] and made.ways[0].seconds


def test_a_quick_plan_whose_way_does_not_fit_says_that_others_may() -> None:
    told = advice([replace(WAY, fits="no")], replace(LIMITS, seconds=30.0), quick=True)
    assert "does not fit" in told and "--quick" in told


def test_mistakes_are_told_before_anything_is_probed(data: Path, tmp_path: Path) -> None:
    with pytest.raises(ReadError):
        plan(tmp_path / "gone.csv")
    with pytest.raises(WeightsMissing, match="Did you mean 'minilm-l6'"):
        plan(data, model="minilm-l7")
    with pytest.raises(RecipeError, match="is no budget"):
        plan(data, budget="soon")


def test_a_body_that_is_not_fetched_is_listed_and_not_probed(
    data: Path, tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUNEWHEEL_CACHE", str(tmp_path))
    ready = cache.cache_folder() / f"minilm-l6-{cache._fingerprint(cache.CATALOGUE['minilm-l6'])}"
    shutil.copytree(tiny_folder, ready)
    monkeypatch.setattr(probing, "MODES", ())
    made = plan(data)
    assert {body.model for body in made.absent} == {"e5-small", "mpnet-base"}
    assert all(body.download_mb > 50 and "not fetched yet" in body.why for body in made.absent)


def test_advice_names_the_best_that_fits_and_prefers_what_fits_whole() -> None:
    whole = replace(WAY, moves="upper half", fits="whole", score=(0.7, 0.9))
    cut = replace(WAY, fits="cut", why="2 of about 4 passes fit")
    limits = replace(LIMITS, seconds=300.0)
    assert advice([cut, whole], limits).startswith("Upper half of tiny: fits whole, about 1 min 40 s")
    assert "fits when cut (2 of about 4 passes fit)" in advice([cut], limits)
    better = replace(whole, model="large", score=(0.95, 0.99))
    assert "of large" in advice([whole, better], limits), "its range is all above the other one"
    assert "of tiny" in advice([whole, replace(better, score=(0.85, 0.99))], limits), "ranges overlap"
    assert advice([replace(WAY, fits="no")], limits).startswith("Nothing fits")
    assert advice([WAY], LIMITS).startswith(
        "`tunewheel tune` takes all layers of tiny, about 1 min 40 s, score about 80 to 90"
    )


def test_a_range_is_said_honestly() -> None:
    assert about((0.881, 0.943)) == "about 88 to 94" and about((0.9, 0.9)) == "about 90"


def test_memory_of_a_run_is_that_of_another_body_where_there_is_time_for_it() -> None:
    larger = replace(WAY, model="large", seconds=300.0, memory_mb=900, fits="whole")
    ways = [replace(WAY, fits="whole"), replace(larger, moves="upper half", memory_mb=5_000), larger]
    long, short = replace(LIMITS, seconds=600.0), replace(LIMITS, seconds=200.0)
    assert run_memory_mb(ways, long, "text") == 900
    assert run_memory_mb(ways, short, "text") == run_memory_mb(ways, LIMITS, "text") == 500
    assert run_memory_mb(ways, long, "image") == 500, "of pictures no other body is tried"
    assert run_memory_mb([replace(WAY, seconds=None), larger], long, "text") is None and not run_memory_mb(
        [], long, "text"
    )
