"""`versions`: what there is, what is live, and what works beside it."""

from __future__ import annotations

from typing import Annotated

import typer

from . import flags
from .flags import DEFAULT_WORKSPACE


def versions(
    drafts: Annotated[bool, typer.Option("--drafts", help="Show what runs registered on their way, too.")] = False,
    remove_drafts: Annotated[
        bool, typer.Option("--remove-drafts", help="First remove all drafts that nothing needs any more.")
    ] = False,
    workspace: flags.Workspace = DEFAULT_WORKSPACE,
    as_json: flags.Json = False,
) -> None:
    """List the registered versions, their aliases, and the roll-out."""
    from ..workflows import rollout
    from ..workspace import Workspace
    from . import tables
    from .progress import speaker

    with Workspace.open(workspace, create=False) as opened:
        if remove_drafts:
            from ..workflows.tidy import tidy

            with speaker(quiet=False) as say:
                tidy(opened, keep=0, say=say)
        known, aliases, beside = opened.versions.list(), opened.versions.aliases(), rollout.standing(opened)
        tables.show_versions(known, aliases, beside, drafts=drafts, as_json=as_json)
