"""A turn now and then."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from listening import Listening

from tunewheel.errors import RequestInvalid, WorkspaceError
from tunewheel.workflows.schedule import interval_of, keep_turning, next_due
from tunewheel.workflows.turn import ENTRY, Turned
from tunewheel.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace.open(tmp_path / "w") as opened:
        yield opened


def turned(number: int) -> Turned:
    return Turned(number, None, 0, None, 0, "v0001", "v0001", None, 0.1)


@pytest.mark.parametrize(("text", "hours"), [("daily", 24), ("weekly", 168), ("6h", 6), ("90m", 1.5), ("2d", 48)])
def test_intervals_are_words_or_numbers_with_a_unit(text: str, hours: float) -> None:
    assert interval_of(text) == timedelta(hours=hours)


@pytest.mark.parametrize("text", ["", "often", "0h", "6", "-1d", "1 d", "99999h"])
def test_what_is_no_interval_is_told_with_what_would_be_one(text: str) -> None:
    with pytest.raises(RequestInvalid, match="daily, weekly"):
        interval_of(text)


def test_the_first_turn_is_due_now_and_the_next_so_long_after_the_last(workspace: Workspace) -> None:
    assert next_due(workspace, timedelta(days=7)) <= datetime.now(UTC)
    entry = workspace.ledger.append(ENTRY, {})
    assert next_due(workspace, timedelta(days=7)) == datetime.fromisoformat(entry.at) + timedelta(days=7)


def test_it_turns_when_it_is_due_and_waits_until_then(workspace: Workspace) -> None:
    waited: list[float] = []

    def turn() -> Turned:
        workspace.ledger.append(ENTRY, {})
        return turned(1)

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        raise KeyboardInterrupt

    heard = Listening()
    with pytest.raises(KeyboardInterrupt):
        keep_turning(workspace, timedelta(days=7), turn, heard, sleep)
    assert sum(entry.kind == ENTRY for entry in workspace.ledger.entries()) == 1
    assert waited == [30.0]
    assert heard.said.startswith("Turn 1 is done; the next is due ")


def test_a_restart_does_not_turn_again_before_it_is_due(workspace: Workspace) -> None:
    workspace.ledger.append(ENTRY, {})

    def sleep(_: float) -> None:
        raise KeyboardInterrupt

    def turn() -> Turned:
        raise AssertionError("it is not due")

    with pytest.raises(KeyboardInterrupt):
        keep_turning(workspace, timedelta(days=7), turn, Listening(), sleep)


def test_a_turn_that_fails_is_told_and_tried_again_later(workspace: Workspace) -> None:
    tried: list[Any] = []

    def turn() -> Turned:
        tried.append(1)
        raise WorkspaceError("the rows are gone.")

    def sleep(_: float) -> None:
        raise KeyboardInterrupt

    heard = Listening()
    with pytest.raises(KeyboardInterrupt):
        keep_turning(workspace, timedelta(hours=2), turn, heard, sleep)
    assert len(tried) == 1
    assert "could not be made: the rows are gone." in heard.said
