"""Live: the version that is live, and since when."""

from __future__ import annotations

from ...errors import VersionMissing
from ...registry import LIVE, Version
from ...workspace import Workspace


def live_version(workspace: Workspace) -> Version:
    """The version that is live. Raises `VersionMissing` when none is."""
    if LIVE not in workspace.versions.aliases():
        raise VersionMissing(
            "nothing is live, so there is nothing to improve.", mend="tunewheel tune FILE comes first."
        )
    return workspace.versions.get(LIVE)


def went_live(workspace: Workspace) -> str:
    """When it went live (UTC, ISO 8601)."""
    return next(
        (entry.at for entry in reversed(workspace.ledger.entries()) if entry.facts.get("alias") == LIVE), ""
    )  # fmt: skip
