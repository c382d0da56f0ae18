"""Under way: a run's folder while it works, held by one process, with what an interrupted run needs to go on."""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from ...errors import Busy, WorkspaceError
from ...recipe import Recipe, dump
from ...registry.durable import replace_text
from ...workspace import Workspace
from ..rows import lessons

STATE = "run.json"
RECIPE = "recipe.yaml"
SETTLED = "settled"


@contextmanager
def run_folder(workspace: Workspace, resume: bool | str) -> Iterator[Path]:
    """The folder of a new run, or with `resume` of the newest interrupted one, or of the one of this name; held for as
    long as the context lasts.

    Raises `WorkspaceError` when no run was interrupted; one that is still at work, here or elsewhere, was not.
    """
    with ExitStack() as held:
        folders = unfinished(workspace) if resume else [workspace.new_run()]
        folders = [folder for folder in folders if not isinstance(resume, str) or folder.name == resume]
        for folder in folders:
            with suppress(Busy):
                held.enter_context(workspace.lock(f"run-{folder.name}"))
                if not resume or _is_unfinished(folder):  # it may have ended while we looked
                    break
        else:
            busy = f" ({len(folders)} still at work)" if folders else ""
            raise WorkspaceError(f"there is no interrupted run to go on with{busy}.", where=str(workspace.path))
        yield folder


def remember(folder: Path, recipe: Recipe[Any], settled: Collection[str]) -> None:
    """Keep the filled recipe: it repeats the run, and an interrupted run goes on from it. It names all training
    settings; those that the user had `settled` are told beside it."""
    replace_text(folder / RECIPE, dump(recipe))
    replace_text(folder / STATE, json.dumps({SETTLED: sorted(settled)}))


def settled_in(folder: Path) -> list[str] | None:
    """The training settings that the user of an interrupted run had settled; None where that is not known."""
    found = _state(folder).get(SETTLED)
    return None if found is None else [str(name) for name in found]


def finish(folder: Path, version: str) -> None:
    """Say that the run is done; what only an interrupted run would need is removed."""
    replace_text(folder / STATE, json.dumps({"version": version}))
    for name in ("checkpoints", "floors", "bundle", "beside"):
        shutil.rmtree(folder / name, ignore_errors=True)
    lessons.forget(folder)


def version_of(folder: Path) -> str | None:
    """The version that a finished run came to; None for a run that is not finished."""
    version = _state(folder).get("version")
    return str(version) if version else None


def unfinished(workspace: Workspace) -> list[Path]:
    """The runs that were begun and not finished, the newest first."""
    return [folder for folder in sorted((workspace.path / "runs").iterdir(), reverse=True) if _is_unfinished(folder)]


def _state(folder: Path) -> dict[str, Any]:
    path = folder / STATE
    return dict(json.loads(path.read_text("utf-8"))) if path.exists() else {}


def _is_unfinished(folder: Path) -> bool:
    return (folder / STATE).exists() and version_of(folder) is None
