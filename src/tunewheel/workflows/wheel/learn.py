"""Learn: what a turn trains on, and with which recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...errors import WorkspaceError
from ...recipe import read
from ...registry import Version
from ...workspace import Workspace
from ..feedback import resolved
from ..rows.lessons import Lesson, Lessons
from ..say import Say
from ..tuning.underway import RECIPE


def lessons_of(workspace: Workspace, turn: int, say: Say) -> Lessons:
    """All that people taught by now, but for the frozen test rows."""
    last = workspace.journal.last()  # before what was said is read: what is said meanwhile is for the next turn
    found = resolved(workspace)
    rows = [Lesson(one.row, one.label, one.ids, one.at, max(one.said)) for one in found.rows]
    if found.frozen:
        say.line(f"{len(found.frozen)} times feedback was about frozen test rows: they judge, and are not learnt from.")
    if found.suspects:
        say.line(f"{len(found.suspects)} rows of feedback contradict each other: tunewheel feedback suspects")
    return Lessons([row for row in rows if row.number <= last], last, turn)


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
