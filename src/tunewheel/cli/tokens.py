"""`tokens`: who may ask a server for what."""

from __future__ import annotations

from typing import Annotated

import typer

from . import flags
from .console import write
from .failures import Command
from .flags import DEFAULT_WORKSPACE

token_app = typer.Typer(
    help="Who may ask a server: add, list or revoke a token.", rich_markup_mode=None, no_args_is_help=True
)


@token_app.command(cls=Command)
def add(
    name: Annotated[str, typer.Argument(help="Who will use it.", metavar="NAME")],
    scope: Annotated[
        str, typer.Option("--scope", help="predict, feedback, or admin for everything.", metavar="SCOPE")
    ] = "predict",
    workspace: flags.Workspace = DEFAULT_WORKSPACE,
) -> None:
    """Make a token and print its secret, once. A running server knows it within a second."""
    from ..registry import Token, checked_scope, digest, new_secret, utc_now
    from ..workspace import Workspace

    secret = new_secret()
    with Workspace.open(workspace, create=False) as opened:
        opened.tokens.add(Token(name, checked_scope(scope), digest(secret), utc_now()))
    write(f"{secret}\n")


@token_app.command(cls=Command, name="list")
def list_tokens(workspace: flags.Workspace = DEFAULT_WORKSPACE, as_json: flags.Json = False) -> None:
    """List the tokens; their secrets are not kept."""
    from ..workspace import Workspace
    from . import tables

    with Workspace.open(workspace, create=False) as opened:
        tables.show_tokens(opened.tokens.list(), as_json=as_json)


@token_app.command(cls=Command)
def revoke(
    name: Annotated[str, typer.Argument(help="Whose token.", metavar="NAME")],
    workspace: flags.Workspace = DEFAULT_WORKSPACE,
) -> None:
    """Revoke a token. A running server refuses it within a second."""
    from ..workspace import Workspace

    with Workspace.open(workspace, create=False) as opened:
        opened.tokens.revoke(name)
    write(f"revoked: {name}\n")
