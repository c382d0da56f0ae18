"""A server process brings the roll-out in, and ends a canary that does worse."""

from pathlib import Path

import pytest
from keyword_task import predictor, softmax
from listening import Listening

from tunewheel.errors import BundleDamaged, WorkspaceError
from tunewheel.feedback.journal import Said
from tunewheel.feedback.limits import GuardLimits
from tunewheel.feedback.options import JournalOptions
from tunewheel.registry import Draft, utc_now
from tunewheel.serving import Canary, Keeper, Shadow, Switch
from tunewheel.workflows import at_work as room
from tunewheel.workflows import canary_watch, rollout
from tunewheel.workflows.at_work import Follower, Job, started
from tunewheel.workspace import Workspace


def broken(_batch):
    raise RuntimeError("no memory")


@pytest.fixture
def workspace(tmp_path: Path):
    """Three versions, the first of them live."""
    with Workspace.open(tmp_path / "team") as opened:
        for _ in range(3):
            opened.register(
                lambda folder: (folder / "x.txt").write_text("x"), Draft(name="one", task="keyword", kind="floor")
            )
        opened.promote("v0001", "first")
        yield opened


class Loads(list):
    """What was loaded, in order, each with its engine."""

    def __init__(self):
        super().__init__()
        self.engines, self.bad = {}, {}


@pytest.fixture
def loads(monkeypatch):
    calls = Loads()

    def load(workspace, version, *_):
        ident = workspace.versions.get(version).id
        calls.append(ident)
        if ident in calls.bad:
            raise calls.bad[ident]
        return predictor(calls.engines.get(ident, softmax), version=ident)

    monkeypatch.setattr(room, "load", load)
    monkeypatch.setattr(canary_watch, "FEEDBACK_SECONDS", 0.0)
    return calls


@pytest.fixture
def keeper(workspace):
    made = Keeper(workspace.journal, JournalOptions())
    yield made
    made.close(5)


@pytest.fixture
def follower(workspace, loads, keeper):
    job = Job(workspace.path)
    switch = Switch(started(workspace, job, "live", keeper))
    yield Follower(workspace, job, switch, None, Listening(), keeper)
    switch.stop(5)
    switch.try_out(None)


def ask(follower, keys, text="card"):
    """The versions that answer requests of these keys."""
    pending = [follower.switch.ask([{"text": text}], 5, key=str(key)) for key in keys]
    answers = [one.answers.result(10)[0] for one in pending]
    assert {answer["label"] for answer in answers} == {"cards"}
    return {answer["id"]: one.version for one, answer in zip(pending, answers, strict=True)}


def test_a_rollout_is_brought_in_changed_and_ended_without_loading_twice(follower, workspace, loads):
    rollout.shadow(workspace, "v0002")
    follower.look()
    assert isinstance(follower.switch.trial, Shadow)
    rollout.canary(workspace, 0.25)
    follower.look()
    assert isinstance(follower.switch.trial, Canary) and follower.switch.trial.share == 0.25
    follower.look()
    workspace.rollout.end("canary")
    follower.look()
    assert follower.switch.trial is None
    assert loads == ["v0001", "v0002"]
    assert follower.say.lines == [
        "v0002 is asked beside v0001, and serves nobody.",
        "v0002 answers 25 % of the requests from now on.",
        "Nothing works beside v0001 any more.",
    ]


def test_a_canary_that_goes_live_is_not_loaded_again(follower, workspace, loads):
    rollout.canary(workspace, 0.25, "v0002")
    follower.look()
    workspace.promote("v0002", "good")
    follower.look()
    follower.look()
    assert (follower.switch.version, follower.switch.trial, loads) == ("v0002", None, ["v0001", "v0002"])


def test_a_candidate_that_cannot_be_loaded_leaves_everything_as_it_was(follower, workspace, loads):
    loads.bad["v0002"] = BundleDamaged("weights.safetensors was changed.")
    rollout.canary(workspace, 0.5, "v0002")
    for _ in range(3):
        follower.look()
    assert follower.switch.trial is None and set(ask(follower, range(20)).values()) == {"v0001"}
    assert follower.say.said.count("v0002 cannot be served; nothing works beside the live version.") == 1
    assert loads == ["v0001", "v0002"]
    rollout.canary(workspace, 0.5, "v0003")
    follower.look()
    assert follower.switch.trial.candidate.version == "v0003"


def test_a_server_of_one_version_by_its_id_follows_no_rollout(follower, workspace):
    follower.job = Job(workspace.path, "v0001")
    rollout.canary(workspace, 0.5, "v0002")
    follower.look()
    assert follower.switch.trial is None


def test_a_canary_that_fails_is_stopped_and_no_client_has_felt_it(follower, workspace, loads):
    rollout.canary(workspace, 0.2, "v0002")
    follower.look()
    follower.switch.trial.candidate.predictor._engine = broken
    assert set(ask(follower, range(100)).values()) == {"v0001"}
    follower.look()
    assert follower.switch.trial is None
    stopped = workspace.rollout.now()
    assert stopped.share == 0 and stopped.stopped.startswith("it failed in ")
    entry = workspace.ledger.entries()[-1]
    assert (entry.kind, entry.facts["evidence"]["guard"]) == ("canary", "errors")
    assert entry.facts["evidence"]["e_values"]["errors"] > entry.facts["evidence"]["bar"]
    follower.look()
    assert follower.switch.trial is None
    assert rollout.standing(workspace).rollout == stopped


def test_a_guard_that_trips_in_one_process_stops_the_canary_in_all(follower, workspace, loads):
    with Workspace.open(workspace.path) as beside:
        other = Follower(
            beside, Job(workspace.path), Switch(started(beside, Job(workspace.path), "live")), None, Listening()
        )
        rollout.canary(workspace, 0.2, "v0002")
        for process in (follower, other):
            process.look()
        assert "v0002" in ask(other, range(50)).values()
        follower.switch.trial.candidate.predictor._engine = broken
        ask(follower, range(100))
        follower.look()
        other.look()
        assert other.switch.trial is None and set(ask(other, range(50)).values()) == {"v0001"}
        other.look()
        assert workspace.rollout.now().stopped.startswith("it failed in ")
        assert [entry.facts["share"] for entry in workspace.ledger.entries("canary")] == [0.2, 0.0]
        other.switch.stop(5)
        other.switch.try_out(None)


def test_a_canary_that_answers_otherwise_is_stopped(follower, workspace, loads):
    rollout.canary(workspace, 0.5, "v0002", limits=GuardLimits(differ=0.05))
    follower.look()
    trial = follower.switch.trial
    trial.candidate.predictor._engine = lambda batch: {"probabilities": softmax(batch)["probabilities"][:, ::-1]}
    pending = [follower.switch.ask([{"text": "refund"}], 5, key=str(key)) for key in range(40)]
    assert len({one.answers.result(5)[0]["label"] for one in pending}) == 2
    while trial.beside.ends["differed"] < 10:
        pass
    follower.look()
    assert "differently, and 5 % may be" in workspace.rollout.now().stopped


def test_a_guard_that_trips_while_the_database_is_away_stops_the_canary_all_the_same(
    follower, workspace, loads, monkeypatch
):
    rollout.canary(workspace, 0.2, "v0002")
    follower.look()
    follower.switch.trial.candidate.predictor._engine = broken
    ask(follower, range(100))

    def away(*_):
        raise WorkspaceError("the database is locked.")

    with monkeypatch.context() as patched:
        patched.setattr(workspace.rollout, "stop", away)
        for _ in range(3):
            follower.look()
        assert follower.switch.trial is None and workspace.rollout.now().share == 0.2
    follower.look()
    assert workspace.rollout.now().share == 0


def test_what_people_say_stops_a_canary(follower, workspace, keeper, loads):
    begun = rollout.canary(workspace, 0.3, "v0002")
    follower.look()
    answered = ask(follower, range(120))
    keeper.flush(5)
    canary = [identity for identity, version in answered.items() if version == "v0002"]
    live = [identity for identity, version in answered.items() if version == "v0001"]
    assert len(canary) > 20

    def say(identity, kind, value, origin="api"):
        return Said(at=utc_now(), who="", origin=origin, kind=kind, value=value, asked=identity, key="", row={})

    workspace.journal.say(
        [say(one, "thumb", True) for one in canary[:10]]
        + [say(one, "text", "meh") for one in canary[:5]]
        + [say(one, "label", "cards") for one in canary[:5]]  # that is what it said
        + [say(one, "label", "fees", "audit") for one in canary[:10]]
        + [say("unknown", "thumb", False), say(live[0], "thumb", False)]
    )
    follower.look()
    assert workspace.rollout.now() == begun
    workspace.journal.say([say(one, "label", "fees") for one in canary[5:18]])
    follower.look()
    assert workspace.rollout.now().stopped == (
        f"people said no to 13 of {len(canary)} of its answers, and to 1 of {len(live)} of the live version's."
    )
    seen = rollout.standing(workspace)
    assert (seen.asked, seen.refused, seen.refused_live) == (len(canary), 13, 1)
