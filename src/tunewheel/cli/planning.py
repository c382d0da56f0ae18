"""`plan`: what tuning would take and bring here, and what fits."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import flags
from .flags import DEFAULT_WORKSPACE, given


def plan(
    data: Annotated[Path, typer.Argument(help="File or folder with labelled rows.", metavar="DATA")],
    budget: flags.Budget = None,
    price: Annotated[
        float | None, typer.Option("--price", min=0, help="What an hour of this machine costs.", metavar="NUMBER")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Time only the way that tune takes, not the others beside it.")
    ] = False,
    task: flags.Task = None,
    text: flags.Text = None,
    label: flags.Label = None,
    words: flags.Words = None,
    tags: flags.Tags = None,
    spans: flags.Spans = None,
    image: flags.Image = None,
    format: flags.Format = None,
    encoding: flags.Encoding = None,
    sheet: flags.Sheet = None,
    split: flags.Split = None,
    group: flags.Group = None,
    time: flags.Time = None,
    validation: flags.Validation = None,
    test: flags.Test = None,
    model: flags.Model = None,
    seed: flags.Seed = None,
    sets: flags.Sets = None,
    workspace: Annotated[
        Path | None,
        typer.Option(
            "--workspace", "-w", envvar="TUNEWHEEL_WORKSPACE", metavar="FOLDER",
            help="Where the forecast is kept, to be graded by the run; by default the team's folder, if there is one.",
        ),
    ] = None,
    as_json: flags.Json = False,
    quiet: flags.Quiet = False,
) -> None:  # fmt: skip
    """Say what tuning would take and bring: time, memory, disk and score of each way, and what fits."""
    from ..workflows.plan import plan as run
    from . import plan_table
    from .progress import speaker

    roles = given(task=task, text=text, label=label, words=words, tags=tags, spans=spans, image=image)
    rows = given(format=format, encoding=encoding, sheet=sheet, split=split, group=group, time=time)
    rest = {**rows, **given(validation=validation, test=test, model=model, seed=seed, budget=budget, price=price)}
    folder = workspace or (DEFAULT_WORKSPACE if DEFAULT_WORKSPACE.is_dir() else None)
    with speaker(quiet) as say:
        made = run(data, sets=sets or (), workspace=folder, quick=quick, say=say, **roles, **rest)
    plan_table.show_plan(made.to_json(), as_json=as_json)
