"""Tuning in processes of their own: killed, and two at once."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from listening import Listening
from small_texts import intents, write_csv
from tuning_apart import SETTINGS

import tunewheel as tw
from tunewheel.evaluation.report import Report
from tunewheel.workflows.tune import tune
from tunewheel.workspace import Workspace

SCRIPT = Path(__file__).parents[1] / "fakes" / "tuning_apart.py"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_csv(tmp_path / "questions.csv", intents(160))


def started(data: Path, workspace: Path, model: Path, seed: int = 0) -> subprocess.Popen[str]:
    line = [sys.executable, str(SCRIPT), str(data), str(workspace), str(model), str(seed)]
    return subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def steps_of(workspace: Path) -> int:
    """How many steps the fine-tuned version took, whichever version went live."""
    with Workspace.open(workspace, create=False) as opened:
        version = next(version for version in opened.versions.list() if version.name == "Fine-tuned")
        return len(Report.from_json(opened.bundle(version.id).text("report.json")).curve)


def test_a_run_that_was_killed_goes_on_to_the_same_weights(data: Path, tiny_folder: Path, tmp_path: Path) -> None:
    whole = tune(data, workspace=tmp_path / "whole", model=str(tiny_folder), sets=SETTINGS)
    steps = steps_of(tmp_path / "whole")
    with started(data, tmp_path / "w", tiny_folder) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("step ") and int(line.split()[1]) > steps // 2:
                os.kill(process.pid, signal.SIGKILL)
                break
    assert process.wait() == -signal.SIGKILL
    heard = Listening()
    run = tune(workspace=tmp_path / "w", resume=True, say=heard)
    assert "Going on from step" in heard.said
    assert run.summary()["rows"] == whole.summary()["rows"]
    for name in ("weights.safetensors", "rows.jsonl"):
        one, other = ((tmp_path / w / "versions" / "v0001" / name).read_bytes() for w in ("whole", "w"))
        assert one == other, name
    assert tw.load(tmp_path / "w").version == whole.version.id


def test_two_processes_in_one_new_workspace_both_end_well(data: Path, tiny_folder: Path, tmp_path: Path) -> None:
    team = tmp_path / "team"
    with started(data, team, tiny_folder, seed=1) as process:
        assert process.stdout is not None
        told = [process.stdout.readline()]  # it has read its data: now the two go on side by side
        mine = tune(data, workspace=team, model=str(tiny_folder), sets=SETTINGS, seed=2)
        told += process.stdout.readlines()
    assert process.returncode == 0, told
    with Workspace.open(team, create=False) as workspace:
        workspace.ledger.verify()
        versions = workspace.versions.list()
        aliases = workspace.versions.aliases()
        seals = {workspace.bundle(version.id).json("data.json")["frozen test"] for version in versions}
        entries = [entry for entry in workspace.ledger.entries() if entry.facts.get("alias") == "live"]
    said = [mine.version.id, told[-1].removeprefix("version ").strip()]
    assert len(set(said)) == 2 and set(said) <= {version.id for version in versions}
    assert len(seals) == 1
    assert aliases["live"] in said
    # Whoever came second had to prove itself.
    first, *later = [entry.facts["reason"] for entry in entries]
    assert first == "the first version of this workspace"
    assert all(reason.startswith("proved better") for reason in later)
