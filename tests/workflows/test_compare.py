"""Any two versions, on frozen or other rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_texts import intents, write_csv

from tunewheel.errors import LabelError, VersionMissing
from tunewheel.registry import Draft
from tunewheel.workflows.compare import compare
from tunewheel.workflows.tune import tune
from tunewheel.workspace import Workspace


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path) -> Iterator[Workspace]:
    """Two fine-tuned versions of one task."""
    home = tmp_path_factory.mktemp("compare")
    data = write_csv(home / "questions.csv", intents(240))
    with Workspace.open(home / "team") as workspace:
        for seed in (1, 2):
            settings = ("training.epochs=1", "training.batch_units=1024", "training.precision=fp32")
            tune(data, workspace=workspace, model=str(tiny_folder), sets=settings, seed=seed)
        yield workspace


def test_on_the_frozen_rows_nobody_is_asked_again_and_the_sentence_says_all(team: Workspace) -> None:
    compared = compare(team, "v0001", "live")
    assert compared.where == "frozen test rows"
    assert set(compared.by_version) == {"v0001", team.versions.get("live").id}
    assert f"on {compared.rows} frozen test rows" in compared.sentence
    assert "So many rows can be expected to see" in compared.sentence
    assert json.loads(json.dumps(compared.to_json()))["metric"] == "accuracy"


def test_on_a_file_both_are_asked_and_a_version_is_level_with_itself(team: Workspace, tmp_path: Path) -> None:
    data = write_csv(tmp_path / "others.csv", intents(60, seed=9))
    compared = compare(team, "live", "live", data)
    assert (compared.rows, compared.difference.value, compared.difference.p_value) == (60, 0.0, 1.0)
    assert "not proved different" in compared.sentence
    assert not compared.forgetting.broken


def test_rows_that_the_second_one_breaks_are_shown_with_their_answer(team: Workspace, tmp_path: Path) -> None:
    rows = intents(60, seed=9)
    data = write_csv(tmp_path / "others.csv", [{**row, "label": "fee"} for row in rows])
    compared = compare(team, "v0001", "v0002", data)
    assert len(compared.broken) == min(len(compared.forgetting.broken), 5)
    assert all(row.right == "fee" for row in compared.broken)


def test_a_file_without_labels_is_told(team: Workspace, tmp_path: Path) -> None:
    data = write_csv(tmp_path / "others.csv", [{"text": row["text"], "label": ""} for row in intents(20)])
    with pytest.raises(LabelError, match="no row has a label"):
        compare(team, "v0001", "v0002", data)


def test_versions_of_two_tasks_cannot_be_compared(team: Workspace) -> None:
    draft = Draft(name="names", task="token_classification", kind="floor")
    other = team.register(lambda folder: (folder / "a.txt").write_text("a") and None, draft)
    with pytest.raises(VersionMissing, match="Name two of one task"):
        compare(team, "v0001", other.id)
