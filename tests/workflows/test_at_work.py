import logging
import threading
import time
from pathlib import Path

import pytest
from keyword_task import PictureTask, predictor
from listening import Listening

from tunewheel.errors import BundleDamaged, WorkspaceError
from tunewheel.registry import LIVE, Draft, Token, digest
from tunewheel.serving import Keyring, Switch
from tunewheel.workflows import at_work as room
from tunewheel.workflows import trials
from tunewheel.workflows.at_work import Follower, Job, Logged, at_work, started
from tunewheel.workspace import Workspace

DRAFT = Draft(name="one", task="keyword", kind="floor")


def wait_until(holds):
    for _ in range(200):
        if holds():
            return
        time.sleep(0.02)
    raise AssertionError("it does not come about")


class Loaded(list):
    """What was loaded, in order; what is in `bad` cannot be."""

    def __init__(self) -> None:
        super().__init__()
        self.bad: dict[str, Exception] = {}


@pytest.fixture
def workspace(tmp_path: Path):
    """Three versions, the first of them live."""
    with Workspace.open(tmp_path / "team") as opened:
        for _ in range(3):
            opened.register(lambda folder: (folder / "x.txt").write_text("x"), DRAFT)
        opened.promote("v0001", "first")
        yield opened


@pytest.fixture
def loaded(monkeypatch, workspace):
    calls = Loaded()

    def load(workspace, version, *_):
        ident = workspace.versions.get(version).id
        calls.append(ident)
        if ident in calls.bad:
            raise calls.bad[ident]
        return predictor(version=ident)

    monkeypatch.setattr(room, "load", load)
    return calls


@pytest.fixture
def follower(workspace, loaded):
    job = Job(workspace.path)
    return Follower(workspace, job, Switch(started(workspace, job, "live")), Keyring([]), Listening())


def test_what_goes_live_takes_over(follower, workspace, loaded):
    follower.look()
    assert loaded == ["v0001"]
    workspace.promote("v0002", "better")
    follower.look()
    assert (follower.switch.version, loaded) == ("v0002", ["v0001", "v0002"])
    assert "v0002 answers from now on." in follower.say.said


def test_going_back_loads_nothing(follower, workspace, loaded):
    workspace.promote("v0002", "better")
    follower.look()
    workspace.rollback()
    follower.look()
    assert follower.switch.version == "v0001" and follower.switch.warm("v0002")
    assert loaded == ["v0001", "v0002"]
    assert "v0001 answers at once: it was kept warm." in follower.say.said


def test_a_damaged_version_changes_nothing_is_told_once_and_tried_again_later(follower, workspace, loaded, monkeypatch):
    loaded.bad["v0002"] = BundleDamaged("weights.safetensors was changed.")
    workspace.promote("v0002", "better")
    for _ in range(3):
        follower.look()
    assert follower.switch.version == "v0001" and follower.switch.ready
    assert loaded == ["v0001", "v0002"]
    assert follower.say.said.count("v0002 cannot be served; v0001 goes on answering.") == 1
    monkeypatch.setattr(trials.time, "monotonic", lambda: 1e9)
    loaded.bad.clear()
    follower.look()
    assert follower.switch.version == "v0002"


def test_a_version_with_a_changed_file_is_refused_before_anything_is_loaded_for_it(follower, workspace, loaded):
    path = workspace.bundle("v0002").path / "x.txt"
    path.chmod(0o600)
    path.write_text("y")
    workspace.versions.set_alias(LIVE, "v0002", reason="test")
    follower.look()
    assert follower.switch.version == "v0001" and loaded == ["v0001"]
    assert "v0002 cannot be served; v0001 goes on answering." in follower.say.said


def test_after_a_damaged_version_another_one_is_tried_at_once(follower, workspace, loaded):
    loaded.bad["v0002"] = OSError("no space left on device")
    workspace.promote("v0002", "better")
    follower.look()
    workspace.promote("v0003", "better still")
    follower.look()
    assert follower.switch.version == "v0003"


def test_a_version_that_reads_something_else_waits_for_a_new_start(follower, workspace, monkeypatch):
    monkeypatch.setattr(room, "load", lambda *_: predictor(task=PictureTask(), version="v0002"))
    workspace.promote("v0002", "pictures")
    follower.look()
    assert follower.switch.version == "v0001"
    assert "Stop the server and start it again." in follower.say.said


def test_a_version_that_reads_something_else_leaves_no_threads_behind(follower, workspace, monkeypatch):
    follower.job = Job(workspace.path, reads="text")
    monkeypatch.setattr(room, "load", lambda *_: predictor(task=PictureTask(), version="v0002"))
    workspace.promote("v0002", "pictures")
    before = threading.active_count()
    follower.look()
    assert threading.active_count() == before
    assert "version v0002 reads image, and this server text." in follower.say.said


def test_a_version_that_cannot_be_warmed_up_leaves_no_threads_behind(workspace, monkeypatch):
    def broken(_):
        raise ValueError("the graph was made for another machine")

    monkeypatch.setattr(room, "load", lambda *_: predictor(broken))
    before = threading.active_count()
    with pytest.raises(ValueError, match="another machine"):
        started(workspace, Job(workspace.path), "live")
    wait_until(lambda: threading.active_count() == before)


def test_whatever_a_version_does_tokens_go_on_being_revoked(follower, workspace, loaded):
    follower.look()
    workspace.tokens.add(Token("shop", "predict", digest("secret")))
    loaded.bad["v0002"] = TypeError("Variant.__init__() got an unexpected keyword argument")
    workspace.promote("v0002", "of a newer release")
    follower.look()
    assert follower.keyring.find("secret") and "v0002 cannot be served" in follower.say.said
    workspace.tokens.revoke("shop")
    follower.look()
    assert follower.keyring.find("secret") is None


def test_what_nobody_foresaw_ends_no_follower_and_is_said_once(follower, monkeypatch, caplog):
    class Broken:
        @staticmethod
        def list():
            raise RuntimeError("a driver's own mistake")

    follower.workspace.tokens = Broken
    for _ in range(3):
        follower.look()
    assert caplog.text.count("what has changed could not be seen") == 1 and "driver" in caplog.text


def test_a_process_that_begins_while_the_live_version_is_damaged_answers_with_the_one_before(workspace, loaded):
    workspace.promote("v0002", "better")
    loaded.bad["v0002"] = BundleDamaged("weights.safetensors was changed.")
    switch, _ = at_work(Job(workspace.path))
    assert switch.version == "v0001"
    workspace.rollback()
    loaded.bad["v0001"] = loaded.bad["v0002"]
    with pytest.raises(BundleDamaged):
        at_work(Job(workspace.path, "v0001"))


def test_a_process_that_begins_later_knows_the_tokens_of_now(workspace, loaded):
    keyring = Keyring([Token("shop", "predict", digest("secret"))])  # as it was when the server began
    at_work(Job(workspace.path), keyring)
    assert keyring.find("secret") is None


def test_an_id_is_not_followed(follower, workspace, loaded):
    follower.job = Job(workspace.path, "v0001")
    workspace.promote("v0002", "better")
    follower.look()
    assert follower.switch.version == "v0001"


def test_a_database_that_is_away_changes_nothing(follower, monkeypatch):
    class Away:
        @staticmethod
        def list():
            raise WorkspaceError("the database is locked.")

    follower.workspace.tokens = Away
    follower.look()
    assert follower.switch.version == "v0001"


def test_tokens_that_are_added_and_revoked_are_known_at_the_next_look(follower, workspace):
    workspace.tokens.add(Token("shop", "predict", digest("secret")))
    assert follower.keyring.find("secret") is None
    follower.look()
    assert follower.keyring.find("secret").name == "shop"
    workspace.tokens.revoke("shop")
    follower.look()
    assert follower.keyring.find("secret") is None


def test_where_nothing_has_changed_one_number_is_all_that_is_read(follower, workspace, monkeypatch):
    follower.look()
    reads = []
    monkeypatch.setattr(workspace.versions, "aliases", lambda: reads.append("aliases") or {})
    for _ in range(3):
        follower.look()
    assert not reads
    workspace.ledger.append("note", {})
    follower.look()
    assert reads == ["aliases"]


def test_without_a_terminal_what_happens_is_logged(caplog):
    with caplog.at_level(logging.WARNING):
        Logged().line("v0002 answers from now on.")
    assert caplog.messages == ["v0002 answers from now on."]
