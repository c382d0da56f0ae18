"""What is to be labelled, and what that would tell and bring."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from keyword_task import KeywordTask, predictor

from tunewheel.cli import wheel_tables
from tunewheel.feedback.estimate import Estimate, Learnt, reach
from tunewheel.feedback.journal import Asked, Said
from tunewheel.records import content_key
from tunewheel.registry import CANDIDATE, Draft
from tunewheel.workflows import audit
from tunewheel.workflows.tuning.papers import DATA, FEEDBACK
from tunewheel.workflows.wheel.brought import brought
from tunewheel.workflows.wheel.standing import Accuracy
from tunewheel.workspace import Workspace

DRAFT = Draft(name="one", task="keyword", kind="floor")
LOOKS = [{"name": "frozen", "value": 0.01}, {"name": "audited", "value": 0.03}]


@pytest.fixture
def team(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """A live version that learnt nothing from people, and one that learnt from the first four things they said."""
    monkeypatch.setattr(audit, "load", lambda *_: predictor(task=KeywordTask()))
    with Workspace.open(tmp_path / "team") as workspace:
        for taught in (0, 4):
            facts = json.dumps({FEEDBACK: taught})
            workspace.register(lambda folder, facts=facts: (folder / DATA).write_text(facts) and None, DRAFT)
        workspace.promote("v0001", "first")
        said(workspace, ["cards", "fees", "fees", "fees", "fees"])
        yield workspace


def said(workspace: Workspace, labels: Sequence[str]) -> None:
    """Answers, all of them "cards", and what is right."""
    texts = [f"where is my card {number}" for number in range(len(labels))]
    at = "2026-11-01T10:00:00Z"
    workspace.journal.keep([
        Asked(id=text, at=at, version="v0001", key=content_key(text), row={"text": text}, answer="cards", confidence=1)
        for text in texts
    ])  # fmt: skip
    workspace.journal.say([
        Said(at=at, who="", origin="api", kind="label", value=label, asked=text, key=content_key(text), row={})
        for text, label in zip(texts, labels, strict=True)
    ])  # fmt: skip


def decided(workspace: Workspace, looks: Sequence[object]) -> None:
    evidence = {"against": "v0001", "test": "", "decision": {"promote": False, "looks": looks}}
    workspace.versions.set_alias(CANDIDATE, "v0002", reason="held", evidence=evidence)


def test_a_turn_brought_what_its_candidate_gained_by_the_rows_that_were_wrong_before(team: Workspace) -> None:
    assert brought(team) == []
    decided(team, LOOKS[:1])
    assert brought(team) == [Learnt(3, 0.01)]  # one was right, and one was said later
    decided(team, LOOKS)  # the last decision on it knows more
    assert brought(team) == [Learnt(3, 0.03)]


def test_the_queue_says_what_more_labels_would_do_to_the_interval_and_to_accuracy(
    team: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    decided(team, LOOKS)
    known = Estimate(0.8, 0.7, 0.9, 40, 1_000, "")
    monkeypatch.setattr(audit, "accuracy", lambda *_: Accuracy(known, None))
    queue = audit.queue(team)
    assert (queue.more, queue.reach) == (40, reach(known, 40))
    assert queue.gain == pytest.approx(40 * 0.2 * 0.03 / 3)
    wheel_tables.show_queue(queue, None, as_json=False)
    out = " ".join(capsys.readouterr().out.split())
    assert "With 40 more labelled the interval would reach 6.9 points each way (now 10.0)" in out
    assert "learning from them would bring about 8.0 points, by what earlier turns gained." in out


def test_before_a_turn_has_learnt_nobody_knows_what_rows_bring(
    team: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    promised = Estimate(0.9, 0.0, 1.0, 0, 1_000, "")
    monkeypatch.setattr(audit, "accuracy", lambda *_: Accuracy(None, promised))
    queue = audit.queue(team)
    assert (queue.accuracy, queue.reach, queue.gain) == (None, reach(promised, 40), None)
    wheel_tables.show_queue(queue, None, as_json=False)
    assert "can be told after a turn has learnt" in " ".join(capsys.readouterr().out.split())
