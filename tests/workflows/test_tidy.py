"""Drafts of runs that have ended go, unless somebody could still need them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from listening import Listening

from tunewheel.cli import main
from tunewheel.registry import CANDIDATE, Draft
from tunewheel.registry.durable import replace_text
from tunewheel.workflows.tidy import KEPT, tidy
from tunewheel.workflows.tuning.kept import Kept
from tunewheel.workflows.tuning.underway import STATE, finish
from tunewheel.workspace import Workspace

DRAFT = Draft(name="one", task="keyword", kind="floor", status="draft")
READY = Draft(name="one", task="keyword", kind="floor")


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Workspace]:
    """A live version, and six drafts: v0002 to v0007."""
    with Workspace.open(tmp_path / "team") as workspace:
        for draft in (READY, *[DRAFT] * 6):
            register(workspace, draft)
        workspace.promote("v0001", "first")
        yield workspace


def register(workspace: Workspace, draft: Draft) -> None:
    workspace.register(lambda folder: (folder / "x.txt").write_text("x") and None, draft)


def folders(workspace: Workspace) -> list[str]:
    return sorted(path.name for path in (workspace.path / "versions").iterdir())


def begun(workspace: Workspace, kept: Kept, at: str = "20200101T000000Z") -> Path:
    """A run that has not ended."""
    folder = workspace.path / "runs" / f"{at}-abc123"
    folder.mkdir()
    replace_text(folder / STATE, "{}")
    kept.save(folder)
    return folder


def test_the_newest_drafts_stay_and_the_others_go_with_their_files(team: Workspace) -> None:
    heard = Listening()
    assert [version.id for version in tidy(team, say=heard)] == ["v0004", "v0003", "v0002"]
    assert KEPT == 3 and folders(team) == ["v0001", "v0005", "v0006", "v0007"]
    assert heard.said.strip() == "3 drafts of earlier runs were removed."
    assert [version.id for version in team.versions.list()] == folders(team)
    assert tidy(team) == []
    team.ledger.verify()


def test_what_is_older_than_a_month_goes_however_few_there_are(team: Workspace) -> None:
    later = datetime.now(UTC) + timedelta(days=31)
    assert len(tidy(team, now=later)) == 6
    assert folders(team) == ["v0001"]


def test_live_previous_candidate_canary_and_parents_stay(team: Workspace) -> None:
    team.promote("v0002", "by hand")
    team.promote("v0003", "by hand")
    team.versions.set_alias(CANDIDATE, "v0004")
    team.rollout.begin("canary", "v0005", 0.1)
    register(team, Draft(name="two", task="keyword", kind="floor", parent="v0006"))
    assert [version.id for version in tidy(team, keep=0)] == ["v0007"]
    assert folders(team) == ["v0001", "v0002", "v0003", "v0004", "v0005", "v0006", "v0008"]


def test_the_draft_of_a_run_that_can_be_gone_on_with_stays_until_it_has_ended(team: Workspace) -> None:
    folder = begun(team, Kept(60.0, draft="v0003"))
    assert [version.id for version in tidy(team)] == ["v0004", "v0002"]
    finish(folder, "v0001")
    assert [version.id for version in tidy(team)] == ["v0003"]


def test_drafts_that_were_made_since_a_run_began_that_may_be_at_work_stay(team: Workspace) -> None:
    at = datetime.now(UTC) - timedelta(minutes=5)
    folder = begun(team, Kept(60.0), f"{at:%Y%m%dT%H%M%SZ}")
    assert tidy(team, keep=0) == []
    finish(folder, "v0001")
    assert len(tidy(team, keep=0)) == 6


def test_files_that_a_removal_left_behind_go_with_the_next_one(team: Workspace) -> None:
    team.versions.remove("v0002", "died before the files were removed")
    assert "v0002" in folders(team)
    tidy(team)
    assert folders(team) == ["v0001", "v0005", "v0006", "v0007"]


def test_however_many_drafts_go_what_was_removed_before_is_read_once(
    team: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, entries = [], team.ledger.entries
    monkeypatch.setattr(team.ledger, "entries", lambda kind="": asked.append(kind) or entries(kind))
    assert len(tidy(team, keep=0)) == 6
    assert asked == ["removed"]


def test_the_command_removes_all_that_nothing_needs(team: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["versions", "--drafts", "--remove-drafts", "-w", str(team.path)]) == 0
    said = capsys.readouterr()
    assert "6 drafts of earlier runs were removed." in said.err
    assert "v0001" in said.out and "v0007" not in said.out
