"""The commands, by name."""

from __future__ import annotations

from typing import Annotated

import typer

from .exporting import export
from .failures import Command
from .feedback import feedback_app
from .judging import check, report, tune
from .lists import models, tasks
from .planning import plan
from .recipes import recipe_app
from .rollout import canary, promote, rollback, shadow
from .tokens import token_app
from .using import predict, serve
from .versions import versions
from .wheel import audit, compare, ledger_app, status, turn

app = typer.Typer(
    help="From a labelled file to a proved, served, fine-tuned model in one command.",
    epilog="Start here: tunewheel check FILE, then tunewheel tune FILE, then tunewheel serve.",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    check, plan, tune, predict, serve, export, report, status, audit, turn, compare, versions, promote, rollback,
    shadow, canary, tasks, models,
):  # fmt: skip
    app.command(cls=Command)(command)
app.add_typer(recipe_app, name="recipe")
app.add_typer(feedback_app, name="feedback")
app.add_typer(token_app, name="tokens")
app.add_typer(ledger_app, name="ledger")


@app.callback(invoke_without_command=True)
def tunewheel(
    ctx: typer.Context, version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False
) -> None:
    """Print the version, or the help when no command is given."""
    if version:
        from .. import __version__

        typer.echo(f"tunewheel {__version__}")
        raise typer.Exit
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())
