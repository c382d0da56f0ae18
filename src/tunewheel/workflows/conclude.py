"""Conclude: judge the entrants, register what is worth serving, put it live if that is proved, write the report."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..evaluation.render.html import page
from ..recipe import Recipe
from ..registry import LIVE
from ..workspace import Workspace
from .contend import Entrant
from .enlist import enlist
from .papers import papers_of, report_on
from .preference import ahead_on_validation, proved_on_validation, worth_keeping
from .promotion import promote_if_proved
from .run import Run, save
from .say import Say
from .sets import Sets
from .underway import finish


def conclude(
    workspace: Workspace, recipe: Recipe[Any], sets: Sets, entrants: Sequence[Entrant], folder: Path, model: Path,
    say: Say, started: float,
) -> Run:  # fmt: skip
    """The last chapter of `tune`. Every entrant was judged on the same frozen rows."""
    kept = worth_keeping(entrants)
    reports = []
    with say.stage("Judging", len(kept)) as stage:
        for entrant in kept:
            reports.append(report_on(entrant, entrants, recipe, sets, model))
            stage.advance()
    parent = workspace.versions.aliases().get(LIVE)
    runs = []
    with say.stage("Certifying", len(kept)) as stage:
        for entrant, report in zip(kept, reports, strict=True):
            version = enlist(workspace, entrant, papers_of(entrant, report, sets), sets, folder, model, parent)
            facts = _facts(recipe, sets, started)
            runs.append(_written(Run(version, report, workspace.report_folder(version), facts)))
            stage.advance()
    _tell_of_rivals(runs[1:], say)
    # Nothing speaks for a training that was cut short but its score.
    cut = recipe.training.steps is not None and ahead_on_validation(entrants)
    chosen = runs[-1] if cut or proved_on_validation(entrants, sets.groups(sets.validation)) else runs[0]
    # The run is done before anything is promoted: what goes wrong from here on loses nothing.
    finish(folder, chosen.version.id)
    live = promote_if_proved(workspace, chosen.version, say)
    return _saved(replace(chosen, facts={**_facts(recipe, sets, started), "live": live}))


def _tell_of_rivals(runs: Sequence[Run], say: Say) -> None:
    for run in runs:
        version = run.version
        say.line(f"{version.id} is '{version.name}', which is as good; it can be served like any version.")


def _written(run: Run) -> Run:
    """The run, its report beside it."""
    run.page.write_text(page(run.report), "utf-8")
    (run.folder / "report.json").write_text(run.report.to_json(), "utf-8")
    return _saved(run)


def _saved(run: Run) -> Run:
    save(run)
    return run


def _facts(recipe: Recipe[Any], sets: Sets, started: float) -> dict[str, Any]:
    return {
        "rows": sets.rows,
        "model": recipe.model.name,
        "seconds": round(time.perf_counter() - started, 1),
        "peak_memory_mb": peak_memory_mb(),
        "live": False,
    }


def peak_memory_mb() -> int:
    """The most memory that this process has held, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak // (1_000_000 if sys.platform == "darwin" else 1_000))
