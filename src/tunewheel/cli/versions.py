"""`versions`: what there is, what is live, and what works beside it."""

from __future__ import annotations

from typing import Annotated

import typer

from . import flags
from .flags import DEFAULT_WORKSPACE


def versions(
    drafts: Annotated[bool, typer.Option("--drafts", help="Show what runs registered on their way, too.")] = False,
    workspace: flags.Workspace = DEFAULT_WORKSPACE,
    as_json: flags.Json = False,
) -> None:
    """List the registered versions, their aliases, and the roll-out."""
    from ..workflows import rollout
    from ..workspace import Workspace
    from . import tables

    with Workspace.open(workspace, create=False) as opened:
        known, aliases, beside = opened.versions.list(), opened.versions.aliases(), rollout.standing(opened)
        tables.show_versions(known, aliases, beside, drafts=drafts, as_json=as_json)
