"""`versions`, `promote` and `rollback`: what there is, and what is live."""

from __future__ import annotations

from typing import Annotated

import typer

from . import flags
from .console import write
from .flags import DEFAULT_WORKSPACE


def versions(
    drafts: Annotated[bool, typer.Option("--drafts", help="Show what runs registered on their way, too.")] = False,
    workspace: flags.Workspace = DEFAULT_WORKSPACE,
    as_json: flags.Json = False,
) -> None:
    """List the registered versions and their aliases."""
    from ..workspace import Workspace
    from . import tables

    with Workspace.open(workspace, create=False) as opened:
        tables.show_versions(opened.versions.list(), opened.versions.aliases(), drafts=drafts, as_json=as_json)


def promote(
    version: Annotated[str, typer.Argument(help="A version id or alias.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; kept in the ledger.")] = "",
    workspace: flags.Workspace = DEFAULT_WORKSPACE,
) -> None:
    """Let a version go live."""
    from ..workspace import Workspace

    with Workspace.open(workspace, create=False) as opened:
        opened.promote(version, reason=reason)
        write(f"live: {opened.versions.aliases()['live']}\n")


def rollback(workspace: flags.Workspace = DEFAULT_WORKSPACE) -> None:
    """Let the previous version go live again."""
    from ..workspace import Workspace

    with Workspace.open(workspace, create=False) as opened:
        opened.rollback()
        write(f"live: {opened.versions.aliases()['live']}\n")
