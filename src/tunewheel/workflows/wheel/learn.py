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
    said = workspace.journal.last()
    resolved = resolve(one for one in workspace.journal.said() if one.number <= said)
    rows = [Lesson(one.row, one.value, one.ids, one.at, one.number) for one in resolved.rows if one.key not in judged]
    kept = len(resolved.rows) - len(rows)
    if kept:
        say.line(f"{kept} rows of feedback are frozen test rows: they judge, and are not learnt from.")
    if resolved.suspects:
        say.line(f"{len(resolved.suspects)} rows of feedback contradict each other: tunewheel feedback suspects")
    return Lessons(rows, said, turn)


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
