from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from tunewheel.errors import BundleDamaged, CertificateMismatch, VersionMissing, WorkspaceError
from tunewheel.registry import Draft
from tunewheel.workspace import Workspace

DRAFT = Draft(name="reviews", task="text_classification", kind="module")

REGISTER_FIVE = """
import sys
from tunewheel.registry import Draft
from tunewheel.workspace import Workspace
workspace = Workspace.open(sys.argv[1])
for number in range(5):
    draft = Draft(name=f"{sys.argv[2]} {number}", task="text_classification", kind="floor")
    print(workspace.register(lambda folder: (folder / "labels.json").write_text("[]"), draft).id)
"""

DIE_WHILE_WRITING = """
import sys, time
from tunewheel.registry import Draft
from tunewheel.workspace import Workspace
def fill(folder):
    (folder / "half.safetensors").write_bytes(b"x" * 1000)
    print("writing", flush=True)
    time.sleep(60)
Workspace.open(sys.argv[1]).register(fill, Draft(name="x", task="text_classification", kind="module"))
"""


def fill(folder: Path) -> None:
    save_file({"head": np.arange(6, dtype=np.float32)}, folder / "head.safetensors")
    (folder / "labels.json").write_text('["好", "坏"]', encoding="utf-8")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.open(tmp_path / "team")


def start(script: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", script, *arguments], stdout=subprocess.PIPE, text=True)


def folders(workspace: Workspace) -> list[str]:
    return sorted(path.name for path in (workspace.path / "versions").iterdir())


def test_a_version_is_registered_with_its_bundle_and_a_ledger_entry(workspace: Workspace) -> None:
    version = workspace.register(
        fill, Draft(name="评论", task="x", kind="module", scores={"accuracy": 0.9}), {"base": 1}
    )
    assert (version.id, version.folder) == ("v0001", "versions/v0001")
    assert workspace.versions.get("v0001") == version
    assert workspace.bundle("v0001").json("labels.json") == ["好", "坏"]
    assert workspace.bundle("v0001").manifest.entries == {"base": 1, "version": "v0001"}
    assert [(entry.kind, entry.facts["version"]) for entry in workspace.ledger.entries()] == [("registered", "v0001")]


def test_the_parent_may_be_named_by_alias(workspace: Workspace) -> None:
    workspace.promote(workspace.register(fill, DRAFT).id, "the first")
    assert workspace.register(fill, Draft(name="x", task="x", kind="module", parent="live")).parent == "v0001"


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a\0b"])
def test_a_name_that_is_a_path_is_refused_before_anything_is_written(workspace: Workspace, name: str) -> None:
    with pytest.raises(WorkspaceError, match="cannot be used"):
        workspace.register(fill, Draft(name=name, task="x", kind="module"))
    with pytest.raises(VersionMissing):
        workspace.register(fill, Draft(name="x", task="x", kind="module", parent=name))
    with pytest.raises(VersionMissing):
        workspace.bundle(name)
    assert folders(workspace) == []


def test_when_filling_fails_no_version_is_seen_and_the_next_one_works(workspace: Workspace) -> None:
    def fill_badly(folder: Path) -> None:
        fill(folder)
        raise RuntimeError("out of luck")

    with pytest.raises(RuntimeError):
        workspace.register(fill_badly, DRAFT)
    assert not workspace.versions.list()
    assert folders(workspace) == []
    workspace.bundle(workspace.register(fill, DRAFT).id)


def test_processes_that_register_at_once_get_distinct_ids(workspace: Workspace) -> None:
    both = [start(REGISTER_FIVE, str(workspace.path), name) for name in ("ann", "bob")]
    ids = [ident for process in both for ident in process.communicate(timeout=60)[0].split()]
    assert sorted(ids) == [f"v{number:04d}" for number in range(1, 11)]
    assert [version.id for version in workspace.versions.list()] == sorted(ids) == folders(workspace)
    for version in workspace.versions.list():
        assert workspace.bundle(version.id).manifest.name == version.name
    workspace.ledger.verify()


def test_after_kill_9_in_the_middle_of_a_bundle_the_workspace_works_and_is_cleaned(workspace: Workspace) -> None:
    process = start(DIE_WHILE_WRITING, str(workspace.path))
    assert process.stdout is not None
    assert process.stdout.readline() == "writing\n"
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    assert [name.endswith(".partial") for name in folders(workspace)] == [True]

    again = Workspace.open(workspace.path)
    assert not again.versions.list()
    version = again.register(fill, DRAFT)
    assert folders(again) == [version.id]
    again.bundle(version.id)


def test_a_folder_that_the_database_does_not_know_is_neither_seen_nor_overwritten(workspace: Workspace) -> None:
    workspace.register(fill, DRAFT)
    shutil.copytree(workspace.path / "versions/v0001", workspace.path / "versions/v0002")
    assert workspace.register(fill, DRAFT).id == "v0003"
    assert [version.id for version in workspace.versions.list()] == ["v0001", "v0003"]


def test_a_damaged_bundle_is_named_and_may_not_go_live(workspace: Workspace) -> None:
    version = workspace.register(fill, DRAFT)
    path = workspace.path / version.folder / "head.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    for attempt in (lambda: workspace.bundle("v0001"), lambda: workspace.promote("v0001", "good")):
        with pytest.raises(BundleDamaged, match=r"v0001/head\.safetensors: the file was changed"):
            attempt()
    assert workspace.versions.aliases() == {}


def test_a_bundle_whose_folder_is_gone_is_named(workspace: Workspace) -> None:
    shutil.rmtree(workspace.path / workspace.register(fill, DRAFT).folder)
    with pytest.raises(BundleDamaged, match="no bundle folder"):
        workspace.bundle("v0001")


def test_a_moved_workspace_works_as_before(workspace: Workspace, tmp_path: Path) -> None:
    workspace.promote(workspace.register(fill, DRAFT).id, "the first")
    workspace.freeze_test("reviews", [{"text": "good"}], ["k"], {"task": "x"})
    workspace.close()
    workspace.path.rename(tmp_path / "搬家")
    moved = Workspace.open(tmp_path / "搬家", create=False)
    assert moved.bundle("live").path == tmp_path / "搬家/versions/v0001"
    frozen = moved.frozen_test("reviews")
    assert frozen is not None
    assert frozen.rows() == [{"text": "good"}]
    assert str(tmp_path / "team") not in json.dumps([dict(entry.facts) for entry in moved.ledger.entries()])
    assert moved.register(fill, DRAFT).id == "v0002"


def test_promoting_and_rolling_back(workspace: Workspace) -> None:
    first, second = workspace.register(fill, DRAFT), workspace.register(fill, DRAFT)
    workspace.promote(first.id, "the first")
    workspace.promote(second.id, "better by 2 points")
    assert workspace.versions.aliases() == {"live": second.id, "previous": first.id}
    assert workspace.rollback() == first
    assert workspace.versions.aliases() == {"live": first.id, "previous": second.id}
    assert workspace.rollback() == second
    reasons = [entry.facts["reason"] for entry in workspace.ledger.entries() if entry.kind == "alias"]
    assert reasons == ["the first", "better by 2 points", "rollback", "rollback"]


def test_without_a_previous_version_there_is_no_way_back(workspace: Workspace) -> None:
    workspace.promote(workspace.register(fill, DRAFT).id, "the first")
    with pytest.raises(VersionMissing, match="no previous version"):
        workspace.rollback()
    assert workspace.versions.aliases() == {"live": "v0001"}


def test_a_version_whose_certificate_failed_may_not_go_live(workspace: Workspace) -> None:
    refused = Draft(name="x", task="x", kind="module", status="refused", certificate={"rows": 10, "equal": 9})
    with pytest.raises(CertificateMismatch, match="v0001 may not go live"):
        workspace.promote(workspace.register(fill, refused).id, "hope")
    assert workspace.versions.aliases() == {}


def test_run_folders_are_new_each_time_and_report_folders_are_not(workspace: Workspace) -> None:
    assert workspace.new_run() != workspace.new_run()
    version = workspace.register(fill, DRAFT)
    assert workspace.report_folder(version) == workspace.report_folder(version) == workspace.path / "reports/v0001"


def test_a_new_workspace_is_made_in_a_new_or_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("empty", "deep/er"):
        assert not Workspace.open(tmp_path / name).versions.list()
    with Workspace.open(tmp_path / "empty", create=False) as again:
        assert again.path == tmp_path / "empty"


def test_a_file_or_a_foreign_folder_is_not_taken_for_a_workspace(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "mum.txt").write_text("dear")
    for name, sentence in {
        "letters": "so it is not a workspace",
        "letters/mum.txt": "this is a file",
        "letters/mum.txt/deeper": "could not be written",
        "a\0b": "not the name of a folder",
    }.items():
        with pytest.raises(WorkspaceError, match=sentence):
            Workspace.open(tmp_path / name)
    assert [path.name for path in (tmp_path / "letters").iterdir()] == ["mum.txt"]


def test_a_missing_workspace_is_not_made_when_it_must_exist(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="tunewheel tune FILE"):
        Workspace.open(tmp_path / "nowhere", create=False)
    assert not (tmp_path / "nowhere").exists()


def test_opening_a_workspace_loads_no_torch(tmp_path: Path) -> None:
    script = f"import sys; from tunewheel.workspace import Workspace; Workspace.open({str(tmp_path / 'w')!r});" + (
        "print('torch' in sys.modules, 'transformers' in sys.modules)"
    )
    assert start(script).communicate(timeout=60)[0] == "False False\n"
