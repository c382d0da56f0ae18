"""`check`, `tune` and `report`: is the file good, is the model better, what was found."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import TunewheelError
from . import flags
from .flags import DEFAULT_WORKSPACE, given

if TYPE_CHECKING:
    from ..registry import Version
    from ..workflows.export import Exported
    from ..workflows.say import Say


def check(
    path: Annotated[Path, typer.Argument(help="File or folder to look at.", metavar="DATA")],
    task: flags.Task = None,
    text: flags.Text = None,
    label: flags.Label = None,
    words: flags.Words = None,
    tags: flags.Tags = None,
    spans: flags.Spans = None,
    image: flags.Image = None,
    validation: flags.Validation = None,
    test: flags.Test = None,
    format: flags.Format = None,
    encoding: flags.Encoding = None,
    sheet: flags.Sheet = None,
    fix: Annotated[
        Path | None, typer.Option("--fix", help="Write a cleaned copy; the original stays as it is.", metavar="FILE")
    ] = None,
    probe: Annotated[bool, typer.Option(help="Look for suspicious labels with a quick model.")] = True,
    as_json: flags.Json = False,
    quiet: flags.Quiet = False,
) -> None:
    """Look at a data file: what is in it, what is wrong, how to mend it."""
    from ..workflows.check import check as run
    from . import tables
    from .progress import speaker

    roles = given(task=task, text=text, label=label, words=words, tags=tags, spans=spans, image=image)
    rest = given(validation=validation, test=test, format=format, encoding=encoding, sheet=sheet)
    with speaker(quiet) as say:
        diagnosis = run(path, **roles, **rest, fix=fix, probe=probe, say=say)
    tables.show_diagnosis(diagnosis, as_json=as_json)
    if diagnosis.errors:
        raise typer.Exit(2)


def tune(
    data: flags.Data = None,
    recipe: flags.Recipe = None,
    sets: flags.Sets = None,
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
    budget: flags.Budget = None,
    workspace: flags.Workspace = DEFAULT_WORKSPACE,
    resume: flags.Resume = False,
    export: Annotated[
        bool,
        typer.Option(
            "--export", help="At the end make it fast to serve, as `tunewheel export` does; beside any budget."
        ),
    ] = False,
    as_json: flags.Json = False,
    quiet: flags.Quiet = False,
) -> None:
    """Fine-tune a model on a labelled file, prove it, register it."""
    from ..workflows.tune import tune as run
    from . import tables
    from .progress import speaker

    roles = given(task=task, text=text, label=label, words=words, tags=tags, spans=spans, image=image)
    rows = given(format=format, encoding=encoding, sheet=sheet, split=split, group=group, time=time)
    rest = {**rows, **given(validation=validation, test=test, model=model, seed=seed, budget=budget)}
    with speaker(quiet) as say:
        done = run(data, recipe=recipe, sets=sets or (), workspace=workspace, resume=resume, say=say, **roles, **rest)
        if not as_json:  # the run is done, whatever becomes of its export
            tables.show_run(done.summary(), as_json=False)
        made = _exported(done.version, workspace, say) if export else None
    if as_json:
        tables.show_run({**done.summary(), **({"exported": made.to_json()} if made else {})}, as_json=True)
    elif made:
        tables.show_exported(made, as_json=False)


def _exported(version: Version, workspace: Path, say: Say) -> Exported | None:
    """The forms of a version that was just registered; a floor is served as it is, and so is what has none."""
    if version.kind == "floor":
        say.line(f"{version.id} is a plain model, which is served as it is: there is nothing to export.")
        return None
    from ..workflows.export import export
    from ..workspace import Workspace

    try:
        with Workspace.open(workspace, create=False) as opened:
            return export(opened, version=version.id, say=say)
    except (TunewheelError, OSError) as error:  # a full disk, too: the run is registered all the same
        say.line(f"{version.id} has no faster form: {error}")
        return None


def report(
    version: Annotated[str, typer.Argument(help="A version id or alias.")] = "live",
    workspace: flags.Workspace = DEFAULT_WORKSPACE,
    as_json: flags.Json = False,
) -> None:
    """Show how a version was judged, and where its report lies."""
    from ..workflows.report import report as run
    from ..workspace import Workspace
    from . import tables

    with Workspace.open(workspace, create=False) as opened:
        tables.show_run(run(opened, version=version).summary(), as_json=as_json)
