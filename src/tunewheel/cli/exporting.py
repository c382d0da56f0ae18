"""`export`: a version in faster forms, and as a folder of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import ServingError
from . import flags
from .flags import DEFAULT_WORKSPACE


def export(
    version: Annotated[str, typer.Argument(help="A version id or alias.")] = "live",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="A new folder that answers without Tunewheel.", metavar="FOLDER"),
    ] = None,
    litert: Annotated[
        bool,
        typer.Option("--litert", help="Write the folder of --output for LiteRT (TensorFlow Lite) instead of ONNX."),
    ] = False,
    least_same: flags.LeastSame = 98.0,
    most_lost: flags.MostLost = 0.5,
    workspace: flags.Workspace = DEFAULT_WORKSPACE,
    as_json: flags.Json = False,
    quiet: flags.Quiet = False,
) -> None:
    """Make a version fast to serve (ONNX, eight bits), and show on the frozen test rows that it answers the same."""
    from ..workflows.export import Tolerance
    from ..workflows.export import export as run
    from ..workflows.export_litert import export_litert
    from ..workspace import Workspace
    from . import tables
    from .progress import speaker

    tolerance = Tolerance(same=least_same / 100, lost=most_lost / 100)
    if litert and output is None:
        raise ServingError("a LiteRT form is written into a folder of its own.", mend="Name it with --output FOLDER.")
    with Workspace.open(workspace, create=False) as opened, speaker(quiet) as say:
        if litert and output is not None:
            made = export_litert(opened, output, version=version, tolerance=tolerance, say=say)
            return tables.show_exported(made, as_json=as_json, place=output)
        made = run(opened, version=version, tolerance=tolerance, output=output, say=say)
        return tables.show_exported(made, as_json=as_json)
