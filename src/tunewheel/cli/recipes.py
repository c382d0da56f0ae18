"""`recipe show` and `recipe check`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import flags
from .console import write
from .failures import Command
from .flags import DEFAULT_WORKSPACE

recipe_app = typer.Typer(help="Show or check a recipe.", rich_markup_mode=None, no_args_is_help=True)


@recipe_app.command(cls=Command)
def show(
    path: Annotated[Path | None, typer.Argument(help="Recipe to fill in.", metavar="FILE")] = None,
    task: flags.Task = None,
    sets: flags.Sets = None,
    workspace: flags.Workspace = DEFAULT_WORKSPACE,
) -> None:
    """Print a recipe with every setting: of a file, of a task, or of the live version."""
    from .. import recipe

    chosen = [*(sets or ()), *([f"task={task}"] if task else ())]
    if path or chosen:
        return write(recipe.dump(recipe.load(path, chosen) if path else recipe.build({}, chosen)))
    from ..workspace import Workspace

    with Workspace.open(workspace, create=False) as opened:
        write(opened.bundle("live").text("recipe.yaml"))
    return None


@recipe_app.command(cls=Command)
def check(
    path: Annotated[Path, typer.Argument(help="Recipe to check.", metavar="FILE")], sets: flags.Sets = None
) -> None:
    """Find all mistakes of a recipe."""
    from .. import recipe

    found = recipe.load(path, sets or ())
    write(f"{path}: no mistakes ({found.task})\n")
