"""Other bodies beside the first one of a run: looked at, fine-tuned where they are ahead, and named where they win."""

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from listening import Listening
from small_texts import every_text, intents, write_csv

import tunewheel as tw
from tunewheel.errors import WeightsMissing
from tunewheel.models.catalogue import CATALOGUE
from tunewheel.models.tiny import tiny_text
from tunewheel.recipe import ModelOptions, read
from tunewheel.records import Example
from tunewheel.workflows import choose
from tunewheel.workflows.choose import other_models
from tunewheel.workflows.run import Run
from tunewheel.workflows.tune import tune
from tunewheel.workflows.tuning import budget, other_bodies, searching, spend, watching
from tunewheel.workspace import Workspace

# The bodies themselves hardly learn: how wide they are decides.
SETTINGS = ("training.precision=fp32", "training.epochs=2", "training.learning_rate=1e-6", "training.batch_units=512")
Tuning = Callable[..., Run]


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A body whose vectors are too short to tell the answers apart."""
    return tiny_text(tmp_path_factory.mktemp("bodies") / "narrow", every_text(), width=4, layers=1)


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A larger one that can."""
    return tiny_text(tmp_path_factory.mktemp("bodies") / "wide", every_text(), width=64, layers=2)


@pytest.fixture(autouse=True)
def one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """No training runs beside another."""
    monkeypatch.setattr(searching, "MOST_HANDED", 0)


@pytest.fixture
def tuning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tuning:
    """Tunes the first body under a budget, others allowed; the time to train falls whenever somebody looks."""

    def make(first: Path, *others: Path, left: float = 10_000.0, step: float = 250.0, time: str = "2m") -> Run:
        looks = itertools.count()
        monkeypatch.setattr(budget.Clock, "for_training", lambda self, answering: left - step * next(looks))
        data, held = (
            write_csv(tmp_path / "rows.csv", intents(300)),
            write_csv(tmp_path / "held.csv", intents(90, seed=7)),
        )
        sets = (*SETTINGS, f"model.others={json.dumps([str(other) for other in others])}")
        return tune(
            data, validation=str(held), workspace=tmp_path / "team", model=str(first), budget=time, sets=sets,
            say=Listening(),
        )  # fmt: skip

    return make


def ideas(run: Run) -> list[str]:
    assert run.report.search is not None
    return [one.idea for one in run.report.search.tried]


def width(bundle: Any) -> int:
    return int(bundle.json("backbone.json")["hidden_size"])


def body_in(bundle: Any) -> str:
    return str(read(bundle.path / "recipe.yaml")["model"]["name"])


def test_a_larger_body_that_is_better_wins_and_all_that_is_registered_says_so(
    tuning: Tuning, narrow: Path, wide: Path, tmp_path: Path
) -> None:
    done = tuning(narrow, wide)
    spent = ideas(done)
    assert spent.index(spend.DEFAULT) < spent.index(other_bodies.LOOK) < spent.index(other_bodies.TRAINING)
    assert done.summary()["model"] == str(wide) and done.version.status == "ready", "served as it was evaluated"
    with Workspace.open(tmp_path / "team") as workspace:
        modules = [v for v in workspace.versions.list() if v.kind == "module"]
        bundles = {version.id: workspace.bundle(version.id) for version in modules}
    assert bundles
    for version, bundle in bundles.items():
        name = str({4: narrow, 64: wide}[width(bundle)])
        assert body_in(bundle) == name and bundle.json("licence.json")["name"] == name, version
    assert width(bundles[done.version.id]) == 64
    answers = tw.load(tmp_path / "team").predict([row["text"] for row in intents(30, seed=3)])
    assert sum(a["label"] == row["label"] for a, row in zip(answers, intents(30, seed=3), strict=True)) > 20


def test_every_training_is_told_with_its_body_and_the_search_goes_on_with_the_one_that_won(
    tuning: Tuning, narrow: Path, wide: Path
) -> None:
    tried = tuning(narrow, wide).report.search.tried  # type: ignore[union-attr]
    bodies = {one.idea: one.settings.get("body") for one in tried}
    assert bodies[spend.DEFAULT] == str(narrow) and bodies[other_bodies.TRAINING] == str(wide)
    assert "body" not in next(one.settings for one in tried if "TF-IDF" in one.idea)
    later = [one for one in tried if one.idea in (searching.SEARCH, searching.SEED)]
    assert later and {one.settings["body"] for one in later} == {str(wide)}


def test_the_recipe_of_the_winner_repeats_it_and_tries_no_other(
    tuning: Tuning, narrow: Path, wide: Path, tmp_path: Path
) -> None:
    done = tuning(narrow, wide)
    recipe = tmp_path / "team" / done.version.folder / "recipe.yaml"
    again = tune(recipe=recipe, workspace=tmp_path / "again", budget="2m", say=Listening())
    assert again.summary()["model"] == str(wide) and not {one for one in ideas(again) if "body" in one}


def test_a_body_that_is_behind_when_looked_at_costs_no_training(tuning: Tuning, narrow: Path, wide: Path) -> None:
    done = tuning(wide, narrow)
    assert ideas(done).count(other_bodies.LOOK) == 1 and other_bodies.TRAINING not in ideas(done)
    assert searching.SEARCH in ideas(done) and done.summary()["model"] == str(wide)
    seen = next(one for one in done.report.search.tried if one.idea == other_bodies.LOOK)  # type: ignore[union-attr]
    assert seen.settings["body"] == str(narrow) and seen.settings["ahead"] < 0


def test_one_that_does_not_win_leaves_everything_with_the_first(
    tuning: Tuning, narrow: Path, wide: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(other_bodies, "takes_over", lambda *_, **__: False)
    done = tuning(narrow, wide)
    assert other_bodies.TRAINING in ideas(done) and done.summary()["model"] == str(narrow)
    assert done.version.status == "ready"


def test_without_time_or_memory_no_other_body_is_looked_at(
    tuning: Tuning, narrow: Path, wide: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not {other_bodies.LOOK, other_bodies.TRAINING} & set(ideas(tuning(narrow, wide, time="60s")))
    monkeypatch.setattr(other_bodies, "available_memory_mb", lambda: 100)
    assert not {other_bodies.LOOK, other_bodies.TRAINING} & set(ideas(tuning(narrow, wide)))
    monkeypatch.undo()
    assert not {other_bodies.LOOK, other_bodies.TRAINING} & set(ideas(tuning(narrow, wide, left=20.0, step=1.0)))


def test_a_damaged_body_stops_nothing(tuning: Tuning, narrow: Path, wide: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    for name in ("config.json", "tokenizer.json"):
        (broken / name).write_bytes((wide / name).read_bytes())
    (broken / "model.safetensors").write_bytes(b"nothing")
    done = tuning(narrow, broken)
    assert done.summary()["model"] == str(narrow) and searching.SEARCH in ideas(done)


def test_a_run_that_was_stopped_in_the_training_of_another_body_goes_on_there(
    tuning: Tuning, narrow: Path, wide: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_on = watching.Watching.judged

    def stopped(self: Any, session: Any, step: Any) -> bool:
        if self.learner.body.name == str(wide):
            raise KeyboardInterrupt
        return looked_on(self, session, step)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(watching.Watching, "judged", stopped)
        tuning(narrow, wide)
    heard = Listening()
    done = tune(workspace=tmp_path / "team", resume=True, say=heard)
    assert "Going on from step" in heard.said
    for idea in (spend.DEFAULT, other_bodies.LOOK, other_bodies.TRAINING):
        assert ideas(done).count(idea) == 1
    assert done.summary()["model"] == str(wide) and done.version.status == "ready"


def test_a_run_that_was_stopped_after_another_body_won_goes_on_with_that_one(
    tuning: Tuning, narrow: Path, wide: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(searching.Searching, "run", stopped)
        tuning(narrow, wide)
    done = tune(workspace=tmp_path / "team", resume=True, say=Listening())
    assert ideas(done).count(other_bodies.TRAINING) == 1 and ideas(done).count(other_bodies.LOOK) == 1
    assert done.summary()["model"] == str(wide)
    assert read(tmp_path / "team" / done.version.folder / "recipe.yaml")["model"]["name"] == str(wide)


def test_bodies_of_the_catalogue_are_tried_where_no_model_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [Example("How do I activate my new card when it comes by post?", "card")] * 50
    monkeypatch.setattr(choose, "is_ready", lambda entry: entry.name != "mpnet-base")
    names = other_models(ModelOptions(), "minilm-l6", rows, "text", Listening())
    assert names == ["e5-small"], "what would have to be fetched is not"
    assert other_models(ModelOptions(name="minilm-l6"), "minilm-l6", rows, "text", Listening()) == []
    chinese = [Example("我的银行卡为什么还没有到？请问怎么办", "card")] * 50
    assert other_models(ModelOptions(), "e5-small", chinese, "text", Listening()) == []
    assert set(CATALOGUE) >= {"minilm-l6", "e5-small", "mpnet-base"}


def test_bodies_that_are_asked_for_are_tried_and_must_be_there(narrow: Path, tmp_path: Path) -> None:
    asked = ModelOptions(name="minilm-l6", others=[str(narrow), "minilm-l6"])
    assert other_models(asked, "minilm-l6", [], "text", Listening()) == [str(narrow)]
    with pytest.raises(WeightsMissing):
        other_models(ModelOptions(others=[str(tmp_path / "gone")]), "minilm-l6", [], "text", Listening())
