"""Conclude: judge the entrants, register what is worth serving, put it live if that is proved, write the report."""

from __future__ import annotations

import json
import platform
import resource
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

from ..evaluation.build import build
from ..evaluation.render.card import card
from ..evaluation.render.html import page
from ..evaluation.report import Report
from ..models.folder import about
from ..recipe import Recipe, dump
from ..registry import LIVE, Version
from ..workspace import Workspace
from .contend import Entrant
from .enlist import enlist
from .preference import proved_on_validation, worth_keeping
from .promotion import promote_if_proved
from .run import Run, save
from .say import Say
from .sets import Sets

STATE = "run.json"
RECIPE = "recipe.yaml"
PACKAGES = ("tunewheel", "torch", "transformers", "tokenizers", "scikit-learn", "numpy")


def remember(folder: Path, recipe: Recipe[Any]) -> None:
    """Keep the filled recipe: it repeats the run, and an interrupted run goes on from it."""
    (folder / RECIPE).write_text(dump(recipe), "utf-8")
    (folder / STATE).write_text("{}", "utf-8")


def conclude(
    workspace: Workspace, recipe: Recipe[Any], sets: Sets, entrants: Sequence[Entrant], folder: Path, model: Path,
    say: Say, started: float,
) -> Run:  # fmt: skip
    """The last chapter of `tune`. Every entrant was judged on the same frozen rows."""
    with say.stage("Judging") as stage:
        report = _report(recipe, sets, entrants, model)
        stage.advance()
    parent = workspace.versions.aliases().get(LIVE)
    papers = _papers(recipe, report, sets, model)
    with say.stage("Certifying") as stage:
        versions = [enlist(workspace, e, papers, sets, folder, model, parent) for e in worth_keeping(entrants)]
        stage.advance()
    chosen = versions[-1] if proved_on_validation(entrants) else versions[0]
    if len(versions) > 1:
        say.line(f"{versions[1].id} is '{versions[1].name}', which is as good; it can be served like any version.")
    promoted = promote_if_proved(workspace, chosen, say)
    facts = _facts(recipe, sets, started)
    runs = {
        version.id: Run(
            version, report, workspace.report_folder(version), {**facts, "live": promoted and version is chosen}
        )
        for version in versions
    }
    for run in runs.values():
        _write(run)
    _finish(folder, chosen)
    return runs[chosen.id]


def _finish(folder: Path, version: Version) -> None:
    """Say that the run is done; what only an interrupted run would need is removed."""
    (folder / STATE).write_text(json.dumps({"version": version.id}), "utf-8")
    for name in ("checkpoints", "floors"):
        shutil.rmtree(folder / name, ignore_errors=True)


def _report(recipe: Recipe[Any], sets: Sets, entrants: Sequence[Entrant], model: Path) -> Report:
    after = entrants[-1]
    kind = type(after.task)
    group = recipe.data.group
    return build(
        title=Path(recipe.data.path or "data").name,
        task=after.task.name,
        task_summary=kind.summary,
        best_by=after.task.best_by,
        labels=after.task.facts["labels"],
        examples=sets.test,
        contenders=[entrant.contender for entrant in entrants],
        curve=after.curve,
        calibration=after.calibration,
        leak=sets.leaked,
        diagnosis_findings=[str(problem) for problem in sets.problems],
        data=_data_facts(sets),
        model=_model_facts(recipe, model),
        environment=_environment(),
        recipe_yaml=dump(recipe),
        seed=recipe.seed,
        groups=[example.columns.get(group) for example in sets.test] if group else None,
    )


def _papers(recipe: Recipe[Any], report: Report, sets: Sets, model: Path) -> dict[str, str]:
    """The texts that go into the bundle."""
    known = report.background
    as_json = {"data.json": known.data, "environment.json": known.environment, "licence.json": known.model}
    texts = {name: json.dumps(facts, indent=1, ensure_ascii=False) for name, facts in as_json.items()}
    return {
        **texts,
        RECIPE: known.recipe,
        "report.json": report.to_json(),
        "card.md": _card(recipe, report, sets, model),
    }


def _card(recipe: Recipe[Any], report: Report, sets: Sets, model: Path) -> str:
    known = about(model)
    return card(
        report,
        version=report.judgement.main,
        licence=str(known.get("licence", "unknown")),
        base_model=recipe.model.name,
        fingerprints={**sets.fingerprints, "frozen test": sets.test_sha256},
    )


def _write(run: Run) -> None:
    run.page.write_text(page(run.report), "utf-8")
    (run.folder / "report.json").write_text(run.report.to_json(), "utf-8")
    save(run)


def _facts(recipe: Recipe[Any], sets: Sets, started: float) -> dict[str, Any]:
    return {
        "rows": sets.rows,
        "model": recipe.model.name,
        "seconds": round(time.perf_counter() - started, 1),
        "peak_memory_mb": peak_memory_mb(),
    }


def _data_facts(sets: Sets) -> dict[str, Any]:
    return {"rows": sets.rows, "files": sets.fingerprints, "frozen test": sets.test_sha256}


def _model_facts(recipe: Recipe[Any], model: Path) -> dict[str, Any]:
    known = about(model)
    return {"name": recipe.model.name} | {key: known[key] for key in ("licence", "source", "sha256") if key in known}


def _environment() -> Mapping[str, Any]:
    packages = {name: installed(name) for name in PACKAGES}
    return {"python": platform.python_version(), "machine": platform.machine(), "system": platform.system(), **packages}


def peak_memory_mb() -> int:
    """The most memory that this process has held, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak // (1_000_000 if sys.platform == "darwin" else 1_000))
