"""A run's folder is held while the run works; only what was interrupted can be gone on with."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tunewheel.errors import RecipeError, WorkspaceError
from tunewheel.recipe import build
from tunewheel.workflows.rows.lessons import Lesson, Lessons
from tunewheel.workflows.tune import tune
from tunewheel.workflows.tuning.underway import finish, remember, run_folder, settled_in
from tunewheel.workspace import Workspace

RECIPE = build({"task": "text_classification"})


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace.open(tmp_path / "w") as opened:
        yield opened


def interrupted(workspace: Workspace) -> Path:
    with run_folder(workspace, resume=False) as folder:
        remember(folder, RECIPE, ["epochs"])
    return folder


def test_the_newest_interrupted_run_is_gone_on_with(workspace: Workspace) -> None:
    older = interrupted(workspace)
    newer = older.with_name("99990101T000000Z-000000")
    older.rename(newer)
    interrupted(workspace)
    with run_folder(workspace, resume=True) as folder:
        assert folder == newer


def test_a_run_that_is_still_at_work_is_never_taken_over(workspace: Workspace) -> None:
    left = interrupted(workspace)
    with run_folder(workspace, resume=False) as working:
        remember(working, RECIPE, ["epochs"])
        with run_folder(workspace, resume=True) as folder:
            assert folder == left
            with pytest.raises(WorkspaceError, match=r"no interrupted run to go on with \(2 still at work\)"):
                run_folder(workspace, resume=True).__enter__()
    with run_folder(workspace, resume=True) as folder:
        assert folder in (left, working)


def test_what_the_user_had_settled_is_known_after_a_stop(workspace: Workspace) -> None:
    folder = interrupted(workspace)
    assert settled_in(folder) == ["epochs"]
    remember(folder, RECIPE, [])
    assert settled_in(folder) == [], "nothing is not unknown"
    (folder / "run.json").write_text("{}")
    assert settled_in(folder) is None


def test_a_finished_run_is_done(workspace: Workspace) -> None:
    folder = interrupted(workspace)
    (folder / "checkpoints").mkdir()
    Lessons([Lesson({"text": "taught"}, "cards")], said=1).save(folder)
    finish(folder, "v0001")
    assert {path.name for path in folder.iterdir()} == {"recipe.yaml", "run.json", "lessons.jsonl"}
    assert "taught" not in (folder / "lessons.jsonl").read_text("utf-8")
    with pytest.raises(WorkspaceError, match="no interrupted run"):
        run_folder(workspace, resume=True).__enter__()


def test_the_folder_is_let_go_when_a_run_fails(workspace: Workspace) -> None:
    with pytest.raises(KeyboardInterrupt), run_folder(workspace, resume=False) as failed:
        remember(failed, RECIPE, ["epochs"])
        raise KeyboardInterrupt
    with run_folder(workspace, resume=True) as folder:
        assert folder == failed


def test_what_is_gone_on_with_takes_no_other_data_or_settings(workspace: Workspace) -> None:
    interrupted(workspace)
    with pytest.raises(RecipeError, match=r"it takes no DATA, --recipe, --set, --label, --seed\. Give --resume alone"):
        tune("a.csv", recipe="r.yaml", sets=["seed=1"], workspace=workspace, resume=True, label="topic", seed=3)
