"""The drift watch of a workspace: what is only likely is looked for in the traffic before."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from keyword_task import predictor
from traffic import Version, answer, rows, version

from tunewheel.feedback.journal import Asked
from tunewheel.records import content_key
from tunewheel.registry import Draft
from tunewheel.workflows.wheel.drifted import PROFILE, watched
from tunewheel.workflows.wheel.traffic import traffic
from tunewheel.workspace import Workspace


@pytest.fixture(scope="module")
def english() -> Version:
    return version()


@pytest.fixture
def team(tmp_path: Path, english: Version) -> Iterator[Workspace]:
    """A version with its profile, and two days of traffic of which it was a little less sure."""
    kept = json.dumps(english.profile.to_json())
    with Workspace.open(tmp_path / "team") as workspace:
        draft = Draft(name="one", task="keyword", kind="floor")
        workspace.register(lambda folder: (folder / PROFILE).write_text(kept) and None, draft)
        for day in (1, 8):
            less_sure(workspace, english, day)
        yield workspace


def less_sure(workspace: Workspace, english: Version, day: int) -> None:
    window = rows(400, day)
    said, sure = answer(english.model, window.texts)
    above = next(one.effect for one in english.look(window).changes if one.name == "confidence")
    workspace.journal.keep([
        Asked(
            id=f"d{day}-{i}", at=f"2026-11-{day:02d}T10:00:00.{i:06d}Z", version="v0001", key=content_key(text),
            row={"text": text}, answer=said[i], confidence=float(sure[i] - above - 0.028),
        )
        for i, text in enumerate(window.texts)
    ])  # fmt: skip


def test_what_was_likely_in_the_traffic_before_is_an_alarm_now(team: Workspace) -> None:
    live = predictor()
    window = traffic(team, live.task, "2026-11-07")
    found = watched(team, live, window, "2026-10-31")
    assert found is not None
    assert (found.rows, found.alarm, found.decision) == (400, True, "label")


def test_without_traffic_before_that_the_version_answered_it_is_told_and_nothing_follows(team: Workspace) -> None:
    live = predictor()
    window = traffic(team, live.task, "2026-11-07")
    found = watched(team, live, window, "2026-11-07")  # since then it is live
    assert found is not None
    assert (found.alarm, found.likely, found.decision) == (False, True, "nothing")
    assert "a look at later ones will tell" in found.sentence
