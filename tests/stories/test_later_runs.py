"""What happens in a workspace that has a version already."""

import json
import shutil
from pathlib import Path

import pytest
from listening import Listening
from small_texts import intents, write_csv

import tunewheel as tw
from tunewheel.errors import WorkspaceError
from tunewheel.workflows.tune import tune
from tunewheel.workspace import Workspace

QUICK = ("training.epochs=1", "training.batch_units=2048", "training.precision=fp32")
STILL = (*QUICK, "training.learning_rate=1e-9", "training.head_learning_rate=1e-9")


@pytest.fixture
def team(tuned, tmp_path: Path) -> Path:
    """A copy of the workspace of the first run."""
    return Path(shutil.copytree(tuned.workspace, tmp_path / "team"))


def test_a_second_run_is_judged_on_the_same_rows_and_does_not_learn_from_them(tuned, team, tiny_folder: Path) -> None:
    heard = Listening()
    second = tune(tuned.data, workspace=team, model=str(tiny_folder), sets=STILL, seed=5, say=heard)
    before, after = (run.summary()["rows"] for run in (tuned.run, second))
    assert before == after
    assert f"Judged on the {after['test']} test rows frozen" in heard.said
    assert f"{after['test']} rows that are (nearly) among them are kept out of training." in heard.lines
    with Workspace.open(team) as workspace:
        seals = [json.loads(workspace.bundle(v.id).text("data.json"))["frozen test"] for v in workspace.versions.list()]
        aliases = workspace.versions.aliases()
    assert len(set(seals)) == 1
    # It learnt nothing, so it is no better than the version that is live.
    assert aliases["live"] == tuned.run.version.id and aliases["candidate"] == second.version.id
    assert second.summary()["live"] is False


def test_other_test_rows_are_refused_before_anything_is_trained(tuned, team, tiny_folder: Path, tmp_path: Path) -> None:
    test = write_csv(tmp_path / "test.csv", intents(60))
    with pytest.raises(WorkspaceError, match=r"frozen 2.*start another workspace with --workspace FOLDER"):
        tune(tuned.data, workspace=team, model=str(tiny_folder), test=str(test), sets=QUICK)
    with Workspace.open(team) as workspace:
        assert tuned.run.version.id == workspace.versions.list()[-1].id


def test_a_floor_that_wins_is_registered_and_served_as_a_floor(tiny_folder: Path, tmp_path: Path) -> None:
    """Words give the answer away, and the model is not allowed to learn."""
    heard = Listening()
    data = write_csv(tmp_path / "a.csv", intents(300))
    run = tune(data, workspace=tmp_path / "w", model=str(tiny_folder), sets=STILL, say=heard)
    assert run.version.kind == "floor" and run.summary()["live"] is True
    assert "TF-IDF + logistic regression" in run.version.name
    with Workspace.open(tmp_path / "w") as workspace:
        versions = {version.id: version for version in workspace.versions.list()}
        assert sorted(version.kind for version in versions.values()) == ["floor", "module"]
        files = set(workspace.bundle("live").manifest.files)
    assert "floor.json" in files and not any("tokenizer" in name for name in files)
    live = tw.load(tmp_path / "w")
    assert live.version == run.version.id
    assert [answer["label"] for answer in live.predict(["the fee is wrong", "my card is late"])] == ["fee", "card"]
    other = next(each for each in versions if each != run.version.id)
    assert tw.load(tmp_path / "w", other).predict(["the fee is wrong"])[0]["label"] in {"card", "fee", "transfer"}
    kept = json.loads((tmp_path / "w" / "reports" / other / "summary.json").read_text())
    assert kept["live"] is False


def test_the_same_recipe_data_and_seed_give_the_same_weights(tiny_folder: Path, tmp_path: Path) -> None:
    """From the flags, and from the recipe that the first run wrote."""
    data = write_csv(tmp_path / "a.csv", intents(100))
    first = tune(data, workspace=tmp_path / "1", model=str(tiny_folder), sets=QUICK, seed=3)
    recipe = tmp_path / "1" / first.version.folder / "recipe.yaml"
    again = tune(recipe=recipe, workspace=tmp_path / "2")
    for name in ("weights.safetensors", "task.json", "rows.jsonl"):
        one, other = ((tmp_path / w / "versions" / "v0001" / name).read_bytes() for w in ("1", "2"))
        assert one == other, name
    assert again.version.kind == first.version.kind
