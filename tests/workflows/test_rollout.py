"""What may be rolled out, and how a roll-out stands."""

from pathlib import Path

import pytest
from memory_journal import asked

from tunewheel.errors import BundleDamaged, CertificateMismatch, VersionMissing, WorkspaceError
from tunewheel.registry import Draft, utc_now
from tunewheel.workflows.rollout import canary, shadow, standing
from tunewheel.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path):
    """v0001 is live, v0002 like it, v0003 refused, v0004 of another task."""
    drafts = [{}, {}, {"status": "refused"}, {"task": "names"}]
    with Workspace.open(tmp_path / "team") as opened:
        for changes in drafts:
            draft = Draft(**{"name": "one", "task": "keyword", "kind": "floor", **changes})
            opened.register(lambda folder: (folder / "x.txt").write_text("x"), draft)
        opened.promote("v0001", "first")
        yield opened


def test_without_a_version_it_is_the_candidate_or_the_one_that_works_already(workspace):
    with pytest.raises(VersionMissing, match="candidate"):
        shadow(workspace)
    workspace.versions.set_alias("candidate", "v0002")
    assert shadow(workspace).version == "v0002"
    workspace.versions.set_alias("candidate", "v0001")
    assert canary(workspace, 0.1).version == "v0002"


def test_a_version_that_may_not_go_live_may_not_be_asked_beside_it(workspace):
    with pytest.raises(CertificateMismatch, match="v0003 may not be asked"):
        shadow(workspace, "v0003")
    with pytest.raises(WorkspaceError, match="v0004 does names, and v0001, which is live, does keyword"):
        canary(workspace, 0.1, "v0004")
    (workspace.path / "versions" / "v0002" / "x.txt").write_text("y")
    with pytest.raises(BundleDamaged):
        canary(workspace, 0.1, "v0002")
    assert workspace.rollout.now() is None


@pytest.mark.parametrize(("mode", "mine", "theirs"), [("shadow", "shadow", "live"), ("canary", "canary", "shadow")])
def test_how_often_both_answer_the_same_is_read_off_the_journal(workspace, mode, mine, theirs):
    assert standing(workspace) is None
    before = utc_now()
    shadow(workspace, "v0002") if mode == "shadow" else canary(workspace, 0.5, "v0002")
    journal = workspace.journal

    def keep(version, role, answers, at):
        rows = [asked(str(n), answer, at=at, role=role) for n, answer in enumerate(answers)]
        journal.keep([type(one)(**{**vars(one), "version": version}) for one in rows])

    keep("v0002", mine, ["cards", "fees", "cards", "cards"], utc_now())
    keep("v0001", theirs, ["cards", "cards", "cards"], utc_now())
    journal.keep([asked("old", "cards", at=before, role=mine)])
    found = standing(workspace)
    assert (found.asked, found.compared, found.agreed, found.live) == (4, 3, 2, "v0001")
    assert found.to_json()["mode"] == mode and found.to_json()["limits"]["differ"] == 0.3
