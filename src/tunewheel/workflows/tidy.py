"""tidy: the drafts of runs that have ended go; what anybody could still need stays."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ..errors import WorkspaceError
from ..registry import Version
from ..workspace import Workspace
from .say import Say, Silent
from .tuning.kept import load as kept_of
from .tuning.underway import unfinished

# The newest drafts that stay, and for how many days at most.
KEPT, DAYS = 3, 30
_STAMP = "%Y%m%dT%H%M%SZ"


def tidy(
    workspace: Workspace, keep: int = KEPT, days: int = DAYS, now: datetime | None = None, say: Say | None = None
) -> list[Version]:  # fmt: skip
    """Remove the drafts beyond the newest `keep`, and those older than so many days; gives which.

    Those stay that an alias points to, that work beside the live version, that other versions were tuned from, and that
    a run which is under way or can be gone on with has made.
    """
    oldest = (now or datetime.now(UTC)) - timedelta(days=days)
    drafts = [version for version in workspace.versions.list() if version.status == "draft"][::-1]
    old = [draft for place, draft in enumerate(drafts) if place >= keep or _made(draft) < oldest]
    held, since = _held(workspace, oldest)
    removed = []
    for draft in old:
        if draft.id in held or (since and _made(draft) >= since):
            continue
        with suppress(WorkspaceError):  # something needs it
            removed.append(workspace.remove_draft(draft.id, f"beyond the newest {keep}, or older than {days} days"))
    if removed:
        with suppress(WorkspaceError):  # the next run will try again
            workspace.sweep()
        drafts_are = "draft of an earlier run was" if len(removed) == 1 else "drafts of earlier runs were"
        (say or Silent()).line(f"{len(removed)} {drafts_are} removed.")
    return removed


def _held(workspace: Workspace, oldest: datetime) -> tuple[set[str], datetime | None]:
    """The drafts from which runs that have not ended would go on, and when the first of those began that is not older
    than any draft that stays: it may be at work."""
    held, runs = set(), unfinished(workspace)
    for folder in runs:
        with suppress(WorkspaceError):  # its record is damaged: it cannot be gone on with
            kept = kept_of(folder)
            held |= {kept.draft} if kept and kept.draft else set()
    return held, min((start for start in map(_began, runs) if start >= oldest), default=None)


def _began(folder: Path) -> datetime:
    return datetime.strptime(folder.name.partition("-")[0], _STAMP).replace(tzinfo=UTC)


def _made(version: Version) -> datetime:
    return datetime.fromisoformat(version.created)
