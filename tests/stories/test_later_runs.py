"""What happens in a workspace that has a version already."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from listening import Listening
from small_texts import intents, names, write_csv

import tunewheel as tw
from tunewheel.errors import WorkspaceError
from tunewheel.evaluation.report import Report
from tunewheel.serving import Certificate, certify
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
    assert run.report.judgement.main == run.version.name
    assert "the fine-tuned model (Fine-tuned)" in run.summary()["comparisons"][0]


def test_every_version_carries_papers_about_itself(tiny_folder: Path, tmp_path: Path) -> None:
    """Of a floor: no base model and no licence of one, and its own mistakes."""
    data = write_csv(tmp_path / "a.csv", intents(300))
    tune(data, workspace=tmp_path / "w", model=str(tiny_folder), sets=STILL)
    with Workspace.open(tmp_path / "w") as workspace:
        bundles = {version.kind: workspace.bundle(version.id) for version in workspace.versions.list()}
        folders = {version.kind: workspace.report_folder(version) for version in workspace.versions.list()}
        accuracies = {version.kind: version.scores["accuracy"] for version in workspace.versions.list()}
    for kind, bundle in bundles.items():
        report = Report.from_json(bundle.text("report.json"))
        assert report.judgement.main == bundle.manifest.name
        assert sum(row.correct for row in report.row_scores) == round(accuracies[kind] * report.rows)
        assert Report.from_json((folders[kind] / "report.json").read_text("utf-8")) == report
        card = bundle.text("card.md")
        assert "# a.csv: the model" in card and f"This one is '{bundle.manifest.name}'." in card
        assert ("- base model: none" in card) == (kind == "floor") != ("licence of the base model" in card)
    assert bundles["floor"].json("licence.json") == {"name": bundles["floor"].manifest.name, "pre-trained body": "none"}
    assert bundles["module"].json("licence.json")["name"] == str(tiny_folder)


def test_a_refused_version_has_its_report_and_no_alias(
    tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*arguments: Any) -> Certificate:
        return replace(certify(*arguments), same_answers=0, holds=False)

    monkeypatch.setattr("tunewheel.workflows.tuning.enlist.certify", refused)
    heard = Listening()
    data = write_csv(tmp_path / "a.csv", intents(150))
    run = tune(data, workspace=tmp_path / "w", model=str(tiny_folder), sets=QUICK, say=heard)
    assert run.version.status == "refused" and run.summary()["live"] is False
    assert run.page.exists() and "is refused and cannot go live" in heard.said
    with Workspace.open(tmp_path / "w") as workspace:
        assert workspace.versions.aliases() == {}
        with pytest.raises(WorkspaceError, match="no interrupted run"):
            tune(workspace=workspace, resume=True)


def test_the_second_task_of_a_workspace_is_a_candidate(tuned, team, tiny_folder: Path, tmp_path: Path) -> None:
    heard, data = Listening(), tmp_path / "names.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in names(80)))
    run = tune(data, workspace=team, model=str(tiny_folder), sets=QUICK, say=heard)
    with Workspace.open(team) as workspace:
        assert workspace.versions.aliases()["live"] == tuned.run.version.id
        assert workspace.versions.aliases()["candidate"] == run.version.id
    assert f"{tuned.run.version.id}, which is live, has another task (text_classification)" in heard.said
    assert {row.label for row in run.report.weaknesses.classes} <= {"LOC", "PER"}


def test_votes_are_learnt_and_scored_as_the_documentation_shows(tiny_folder: Path, tmp_path: Path) -> None:
    given = {"card": 1, "fee": 1, "transfer": 0}
    rows = [{"text": row["text"], **given, row["label"]: 5} for row in intents(120)]
    sets = (*QUICK, "options.votes=[card, fee, transfer]")
    run = tune(write_csv(tmp_path / "a.csv", rows), workspace=tmp_path / "w", model=str(tiny_folder), sets=sets)
    scores = run.report.standing.scores
    assert {"accuracy", "cross_entropy_loss", "brier_loss"} <= scores.keys() and run.summary()["live"]


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
