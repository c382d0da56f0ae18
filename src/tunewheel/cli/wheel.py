"""`turn`, `status`, `audit`, `compare` and `ledger`: the wheel, and what it decided."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import RequestInvalid
from . import flags
from .failures import Command
from .flags import DEFAULT_WORKSPACE

Cases = Annotated[
    Path | None,
    typer.Option("--cases", help="Labelled rows that must not break: right now, right afterwards.", metavar="FILE"),
]


def turn(
    schedule: Annotated[
        str | None, typer.Option("--schedule", help="Turn again and again: daily, weekly, 6h, 2d.", metavar="EVERY")
    ] = None,
    data: Annotated[
        Path | None, typer.Option("--data", help="Where the training rows lie now, if they were moved.", metavar="FILE")
    ] = None,
    budget: flags.Budget = None,
    labels: Annotated[int, typer.Option("--labels", min=0, help="Rows that people can label until the next.")] = 40,
    cases: Cases = None,
    slower: Annotated[
        float, typer.Option("--slower", min=1, help="How many times slower than the live version is still allowed.")
    ] = 2.0,
    force: Annotated[bool, typer.Option("--force", help="Train though little is new.")] = False,
    workspace: flags.Workspace = DEFAULT_WORKSPACE,
    as_json: flags.Json = False,
    quiet: flags.Quiet = False,
) -> None:
    """Turn the wheel once: settle what waits, learn what is new, promote what is proved, ask for labels."""
    from ..serving.priority import in_background
    from ..workflows import schedule as scheduling
    from ..workflows.turn import turn as run
    from ..workflows.wheel.settle import Limits
    from ..workspace import Workspace
    from . import wheel_tables
    from .progress import speaker

    in_background()
    every = scheduling.interval_of(schedule) if schedule else None
    limits = Limits(cases, slower)
    with Workspace.open(workspace, create=False) as opened, speaker(quiet) as say:

        def once() -> Any:
            turned = run(opened, data=data, budget=budget, labels=labels, limits=limits, force=force, say=say)
            wheel_tables.show_turn(turned, as_json=as_json)
            return turned

        if every is None:
            once()
        else:
            scheduling.keep_turning(opened, every, once, say)


def status(workspace: flags.Workspace = DEFAULT_WORKSPACE, as_json: flags.Json = False) -> None:
    """Show how the live version stands, what has changed, and what to do next and why."""
    from ..workflows.status import status as run
    from ..workspace import Workspace
    from . import wheel_tables

    with Workspace.open(workspace, create=False) as opened:
        wheel_tables.show_status(run(opened), as_json=as_json)


def audit(
    draw: Annotated[int, typer.Option("--draw", min=0, help="Draw so many rows more from the traffic.")] = 0,
    export: Annotated[
        Path | None, typer.Option("--export", "-o", help="Write the rows to be labelled.", metavar="FILE")
    ] = None,
    import_: Annotated[
        Path | None, typer.Option("--import", "-i", help="Take in the labels of that file.", metavar="FILE")
    ] = None,
    who: Annotated[str, typer.Option("--who", help="Who labelled them.")] = "auditor",
    workspace: flags.Workspace = DEFAULT_WORKSPACE,
    as_json: flags.Json = False,
) -> None:
    """Show which rows a person should label next, and how much that will tell."""
    from ..workflows import audit as run
    from ..workspace import Workspace
    from . import wheel_tables

    if import_ and (draw or export):
        raise RequestInvalid("--import takes labels in; draw and export afterwards.", mend="Give it alone.")
    with Workspace.open(workspace, create=False) as opened:
        if import_:
            return wheel_tables.show_labels(run.take_in(opened, import_, who), as_json=as_json)
        if draw:
            wheel_tables.show_draw(run.draw(opened, draw))
        queue = run.queue(opened)
        if export:
            run.hand_out(opened, export)
        return wheel_tables.show_queue(queue, export, as_json=as_json)


def compare(
    first: Annotated[str, typer.Argument(help="A version id or alias.", metavar="A")],
    second: Annotated[str, typer.Argument(help="The one that may be better.", metavar="B")],
    data: Annotated[
        Path | None, typer.Option("--data", help="Labelled rows; the frozen test when not given.", metavar="FILE")
    ] = None,
    workspace: flags.Workspace = DEFAULT_WORKSPACE,
    as_json: flags.Json = False,
) -> None:
    """Compare any two versions, row by row, on the frozen test or any labelled file."""
    from ..workflows.compare import compare as run
    from ..workspace import Workspace
    from . import wheel_tables

    with Workspace.open(workspace, create=False) as opened:
        wheel_tables.show_comparison(run(opened, first, second, data), as_json=as_json)


ledger_app = typer.Typer(
    help="Every decision that was ever taken, with its evidence.", rich_markup_mode=None, invoke_without_command=True
)


@ledger_app.callback()
def ledger(
    ctx: typer.Context,
    most: Annotated[int, typer.Option("--most", min=1, help="How many entries, the newest last.")] = 20,
    workspace: flags.Workspace = DEFAULT_WORKSPACE,
    as_json: flags.Json = False,
) -> None:
    """List the newest entries; `ledger verify` checks that none was changed, removed or put in."""
    from ..workspace import Workspace
    from . import wheel_tables

    if ctx.invoked_subcommand is None:
        with Workspace.open(workspace, create=False) as opened:
            wheel_tables.show_ledger(opened.ledger.entries()[-most:], as_json=as_json)


@ledger_app.command(cls=Command)
def verify(workspace: flags.Workspace = DEFAULT_WORKSPACE) -> None:
    """Check the chain of hashes over all entries."""
    from ..workspace import Workspace
    from .console import write

    with Workspace.open(workspace, create=False) as opened:
        opened.ledger.verify()
        write(f"{len(opened.ledger.entries())} entries, none changed, removed or put in.\n")
