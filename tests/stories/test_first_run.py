import json
import re
import shutil
from pathlib import Path

import pytest

import tunewheel as tw
from tunewheel.errors import RecipeError, WorkspaceError
from tunewheel.evaluation.report import Report
from tunewheel.recipe import read
from tunewheel.workflows.report import report
from tunewheel.workflows.rows.judged import judged_rows
from tunewheel.workflows.tune import tune
from tunewheel.workspace import Workspace

DOCUMENTED = Path(__file__).parents[2] / "docs" / "reference" / "json.md"


def paths(value: object, name: str = "") -> set[str]:
    """The places of all plain values, as the documentation names them."""
    if isinstance(value, dict):
        return set().union(*(paths(v, f"{name}.{k}" if name else k) for k, v in value.items()))
    if isinstance(value, list):
        return set().union(*(paths(v, f"{name}[]") for v in value))
    return {name}


def test_the_summary_is_plain_json_with_exactly_the_documented_fields(tuned) -> None:
    summary = json.loads(json.dumps(tuned.run.summary()))
    metrics = "|".join(summary["table"][0]["scores"])
    found = {
        re.sub(rf"(scores|scores_evaluated|scores_served)\.({metrics})\b", r"\1.METRIC", p) for p in paths(summary)
    }
    documented = set(
        re.findall(r"^\| `([^`]+)` \|", DOCUMENTED.read_text("utf-8").split("A real one")[0], re.MULTILINE)
    )
    assert found - documented == set()
    at_times = {"certificate.differing[]", "leak.rows", "leak.score_with", "leak.score_without", "exported"}
    assert {name for name in documented - found if not name.startswith("forecast.")} <= at_times


def test_floors_before_and_after_stand_in_one_table(tuned) -> None:
    table = tuned.run.summary()["table"]
    assert [line["role"] for line in table] == ["floor", "floor", "before", "after"]
    for line in table:
        accuracy = line["scores"]["accuracy"]
        assert accuracy["low"] <= accuracy["value"] <= accuracy["high"]
        assert line["train_seconds"] > 0 and line["predict_seconds"] > 0 and line["size_bytes"] > 0


def test_every_frozen_row_is_certified_as_served(tuned) -> None:
    summary = tuned.run.summary()
    certificate, rows = summary["certificate"], summary["rows"]
    assert certificate["holds"]
    assert certificate["rows"] == certificate["same_answers"] == certificate["alone_same"] == rows["test"]
    assert rows["train"] + rows["validation"] + rows["test"] == 240


def test_the_report_lies_where_the_summary_says(tuned) -> None:
    page = Path(tuned.run.summary()["report"])
    assert page.read_text("utf-8").startswith("<!doctype html>") or "<html" in page.read_text("utf-8")[:200]
    kept = Report.from_json(page.with_name("report.json").read_text("utf-8"))
    assert kept.judgement == tuned.run.report.judgement
    with Workspace.open(tuned.workspace, create=False) as workspace:
        assert report(workspace).summary() == tuned.run.summary()


def test_the_bundle_repeats_and_audits_the_run(tuned) -> None:
    with Workspace.open(tuned.workspace, create=False) as workspace:
        bundle = workspace.bundle("live")
        workspace.ledger.verify()
        assert [row.key for row in judged_rows(bundle)] == json.loads(
            (workspace.path / "tests" / "text_classification" / "test.json").read_text()
        )["keys"]
    names = {"task.json", "recipe.yaml", "card.md", "data.json", "environment.json", "licence.json", "report.json"}
    assert names <= bundle.manifest.files.keys()
    recipe = read(bundle.path / "recipe.yaml")
    assert recipe["training"]["epochs"] == 3 and recipe["training"]["precision"] == "fp32"
    assert recipe["data"]["path"] == str(tuned.data)


def test_the_live_version_answers(tuned) -> None:
    live = tw.load(tuned.workspace)
    labels = set(tuned.run.report.judgement.standings and live._predictor.task.facts["labels"])
    answers = live.predict(["my card is late", {"text": "我的卡还没有到"}])
    assert live.version == tuned.run.version.id
    assert all(answer["label"] in labels and 0 < answer["confidence"] <= 1 for answer in answers)


def test_a_workspace_that_was_moved_still_predicts(tuned, tmp_path: Path) -> None:
    before = tw.load(tuned.workspace).predict(["my card is late"])
    moved = tmp_path / "elsewhere" / "新 folder"
    shutil.copytree(tuned.workspace, moved)
    assert tw.load(moved).predict(["my card is late"]) == before
    with Workspace.open(moved, create=False) as workspace:
        assert Path(report(workspace).summary()["report"]).is_relative_to(moved)


def test_nothing_that_only_an_interrupted_run_needs_is_left(tuned) -> None:
    (folder,) = (tuned.workspace / "runs").iterdir()
    assert {path.name for path in folder.iterdir()} == {"recipe.yaml", "run.json"}
    with pytest.raises(WorkspaceError, match="no interrupted run"):
        tune(workspace=tuned.workspace, resume=True)


def test_without_data_it_says_what_to_type(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="tunewheel tune FILE"):
        tune(workspace=tmp_path / "w")


def test_importing_the_api_is_lazy(subprocess_modules) -> None:
    loaded, made = subprocess_modules("import tunewheel")
    assert not loaded & {"torch", "transformers", "sklearn", "sqlalchemy", "numpy", "pyarrow"}
    loaded, made = subprocess_modules("import tunewheel; tunewheel.tune; tunewheel.load; tunewheel.TunewheelError")
    assert not loaded & {"torch", "transformers", "accelerate", "peft"}
    assert made == set()
