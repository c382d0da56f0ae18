"""Learn: what a turn trains on, and with which recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...errors import WorkspaceError
from ...feedback.resolve import resolve
from ...recipe import read
from ...registry import Version
from ...workspace import Workspace
from ..rows.lessons import Lesson, Lessons
from ..say import Say
from ..tuning.underway import RECIPE


def lessons_of(workspace: Workspace, live: Version, turn: int, say: Say) -> Lessons:
    """All that people taught by now, but for the frozen test rows."""
    frozen = workspace.frozen_test(live.task)
    judged = frozen.keys if frozen else frozenset()
    last = workspace.journal.last()
    said = [one for one in workspace.journal.said() if one.number <= last]
    answers = workspace.journal.find(one.asked for one in said if one.kind == "thumb")
    resolved = resolve(said, answers, frozen=judged)
    rows = [Lesson(one.row, one.label, one.ids, one.at, max(one.said)) for one in resolved.rows]
    if resolved.frozen:
        say.line(
            f"{len(resolved.frozen)} times feedback was about frozen test rows: they judge, and are not learnt from."
        )
    if resolved.suspects:
        say.line(f"{len(resolved.suspects)} rows of feedback contradict each other: tunewheel feedback suspects")
    return Lessons(rows, last, turn)


def recipe_for(workspace: Workspace, live: Version, data: str | Path | None, *, search: bool) -> dict[str, Any]:
    """The recipe that made the live version, on the rows where they lie now. With `search` the settings of the training
    are left to be found again.

    Raises `WorkspaceError` when the rows are not there any more.
    """
    settings = read(workspace.bundle(live.id).file(RECIPE))
    path = Path(data or settings["data"]["path"])
    if not path.exists():
        what = f"the rows that {live.id} was trained on are not there any more."
        raise WorkspaceError(what, where=str(path), mend="Say where they are: tunewheel turn --data FILE")
    kept = {name: section for name, section in settings.items() if name != "training" or not search}
    return {**kept, "data": {**settings["data"], "path": str(path)}}
