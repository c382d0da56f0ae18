"""report: how a version was judged when it was made, and where its page lies."""

from __future__ import annotations

from ..errors import WorkspaceError
from ..workspace import Workspace
from .run import SUMMARY, Run, load_run


def report(workspace: Workspace, *, version: str = "live") -> Run:
    """The run that made `version`. Raises `VersionMissing`, or `WorkspaceError` when its report was removed."""
    found = workspace.versions.get(version)
    folder = workspace.report_folder(found)
    if not (folder / SUMMARY).exists():
        raise WorkspaceError(f"the report of {found.id} is not in the workspace.", where=str(folder))
    return load_run(found, folder)
