"""`feedback`: what people say of answers, on its way to the next training."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import flags
from .console import write
from .failures import Command
from .flags import DEFAULT_WORKSPACE, given

feedback_app = typer.Typer(
    help="What people say of answers: take it in, look at it, give it out for training.",
    rich_markup_mode=None,
    no_args_is_help=True,
)
Who = Annotated[str, typer.Option("--who", help="Who says so; the newest label of a person counts.", metavar="NAME")]


@feedback_app.command(cls=Command, name="import")
def import_labels(
    file: Annotated[Path, typer.Argument(help="Table with the column id, or text, and label.", metavar="FILE")],
    identity: Annotated[
        str | None, typer.Option("--id", help="Column with the id of the answer.", metavar="COLUMN")
    ] = None,
    label: flags.Label = None,
    text: flags.Text = None,
    who: Who = "",
    audit: Annotated[
        bool, typer.Option("--audit", help="These are the labels of an audit; they outrank others.")
    ] = False,
    leave_out: Annotated[bool, typer.Option("--leave-out", help="Import the rest where rows cannot be used.")] = False,
    redact: Annotated[bool, typer.Option(help="Blank personal data before a row is kept.")] = True,
    format: flags.Format = None,
    encoding: flags.Encoding = None,
    sheet: flags.Sheet = None,
    workspace: flags.Workspace = DEFAULT_WORKSPACE,
    as_json: flags.Json = False,
) -> None:
    """Take in a file of right labels. The same file once more changes nothing."""
    from ..workflows import feedback as run
    from ..workspace import Workspace
    from . import feedback_tables

    with Workspace.open(workspace, create=False) as opened:
        imported = run.import_file(
            opened,
            file,
            columns=given(id=identity, label=label, text=text),
            settings=given(format=format, encoding=encoding, sheet=sheet),
            who=who,
            origin="audit" if audit else "import",
            leave_out=leave_out,
            redact=redact,
        )
    feedback_tables.show_imported(imported, as_json=as_json)


@feedback_app.command(cls=Command)
def add(
    identity: Annotated[str, typer.Argument(help="The id of the answer.", metavar="ID")],
    label: Annotated[str, typer.Argument(help="The right label, or spans as JSON.", metavar="LABEL")],
    who: Who = "",
    workspace: flags.Workspace = DEFAULT_WORKSPACE,
) -> None:
    """Say what the right label of one answer is."""
    from ..workflows import feedback as run
    from ..workspace import Workspace
    from . import feedback_tables

    with Workspace.open(workspace, create=False) as opened:
        doubts = run.add(opened, identity, label, who=who)
    write(f"kept: {identity}\n")
    feedback_tables.show_doubts(doubts)


@feedback_app.command(cls=Command)
def export(
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="A .csv or .jsonl file; without it lines of JSON.", metavar="FILE"),
    ] = None,
    workspace: flags.Workspace = DEFAULT_WORKSPACE,
) -> None:
    """Give out the rows that people labelled, ready for `tunewheel tune`."""
    from ..workflows import feedback as run
    from ..workspace import Workspace
    from . import feedback_tables

    with Workspace.open(workspace, create=False) as opened:
        feedback_tables.show_exported(run.export(opened, output))


@feedback_app.command(cls=Command)
def suspects(workspace: flags.Workspace = DEFAULT_WORKSPACE, as_json: flags.Json = False) -> None:
    """List the rows that wait for a person, and why."""
    from ..workflows import feedback as run
    from ..workspace import Workspace
    from . import feedback_tables

    with Workspace.open(workspace, create=False) as opened:
        feedback_tables.show_suspects(run.resolved(opened), as_json=as_json)


@feedback_app.command(cls=Command)
def erase(
    what: Annotated[str, typer.Argument(help="A text, or the id of an answer.", metavar="TEXT|ID")],
    workspace: flags.Workspace = DEFAULT_WORKSPACE,
) -> None:
    """Remove a text from the journal, wherever it was kept; what was answered stays."""
    from ..workflows import feedback as run
    from ..workspace import Workspace

    with Workspace.open(workspace, create=False) as opened:
        write(f"erased: {run.erase(opened, what)}\n")
