"""Papers: what is said of one entrant: its report, and the card, licence, data and environment in its bundle."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

from ...evaluation.build import build
from ...evaluation.render.card import card
from ...evaluation.report import Report
from ...evaluation.search import Search
from ...models.folder import about
from ...recipe import Recipe, dump
from ...training.floors import Floor
from ..rows.sets import Sets
from .contend import Candidate, Entrant
from .underway import RECIPE

DATA, FEEDBACK = "data.json", "feedback up to number"
LEARNT, ALL_ROWS = "learnt from", "training and validation rows"
PACKAGES = ("tunewheel", "torch", "transformers", "tokenizers", "scikit-learn", "numpy")


def report_on(entrant: Entrant, entrants: Sequence[Entrant], recipe: Recipe[Any], sets: Sets, search: Search) -> Report:
    """The report of a run as the story of one of its entrants: its verdict, its mistakes, its confidences."""
    return build(
        title=Path(recipe.data.path or "data").name,
        task=entrant.task.name,
        task_summary=type(entrant.task).summary,
        best_by=entrant.task.best_by,
        labels=entrant.task.facts["labels"],
        examples=sets.test,
        contenders=[each.contender for each in entrants],
        judged=entrant.contender.name,
        curve=entrant.candidate.made.curve,
        calibration=entrant.calibration,
        leak=sets.leaked,
        findings=[str(problem) for problem in sets.problems],
        data=_data(entrant.candidate, sets, recipe.seed),
        model=_body(entrant.candidate),
        environment=_environment(),
        recipe_yaml=dump(recipe),
        seed=recipe.seed,
        groups=sets.groups(sets.test),
        search=search,
    )


def papers_of(entrant: Entrant, report: Report, sets: Sets) -> dict[str, str]:
    """The texts that go into the entrant's bundle, by file name. `report` is the one on this entrant."""
    known = report.background
    as_json = {DATA: known.data, "environment.json": known.environment, "licence.json": known.model}
    texts = {name: json.dumps(facts, indent=1, ensure_ascii=False) for name, facts in as_json.items()}
    return {
        **texts,
        RECIPE: known.recipe,
        "report.json": report.to_json(),
        "card.md": _card(report, sets, "" if _is_floor(entrant.candidate) else str(known.model["name"])),
    }


def draft_papers(candidate: Candidate, recipe: Recipe[Any], sets: Sets) -> dict[str, str]:
    """The same for a candidate that has not met the test rows: where it comes from, and no report."""
    facts = {
        DATA: _data(candidate, sets, recipe.seed),
        "environment.json": _environment(),
        "licence.json": _body(candidate),
    }
    texts = {name: json.dumps(known, indent=1, ensure_ascii=False) for name, known in facts.items()}
    return {**texts, RECIPE: dump(recipe)}


def _data(candidate: Candidate, sets: Sets, seed: int) -> dict[str, Any]:
    """What was learnt from and judged on."""
    learnt = {LEARNT: ALL_ROWS} if candidate.made.knows_validation else {}
    taught = {FEEDBACK: sets.said} if sets.said else {}
    facts = {"rows": sets.rows, "files": sets.fingerprints, "frozen test": sets.test_sha256, "seed": seed}
    return {**facts, **learnt, **taught}


def _card(report: Report, sets: Sets, base_model: str) -> str:
    return card(
        report,
        version="the model",  # it has no id before it is registered, and its papers are part of what is registered
        licence=str(report.background.model.get("licence", "unknown")),
        base_model=base_model,
        fingerprints={**sets.fingerprints, "frozen test": sets.test_sha256},
    )


def _body(candidate: Candidate) -> dict[str, Any]:
    """Name, licence and source of the pre-trained body inside, if there is one."""
    body = candidate.made.body
    if body is None:
        return {"name": candidate.name, "pre-trained body": "none"}
    known = about(body.folder)
    return {"name": body.name} | {key: known[key] for key in ("licence", "source", "sha256") if key in known}


def _is_floor(candidate: Candidate) -> bool:
    return isinstance(candidate.made.origin, Floor)


def _environment() -> Mapping[str, Any]:
    packages = {name: installed(name) for name in PACKAGES}
    return {"python": platform.python_version(), "machine": platform.machine(), "system": platform.system(), **packages}
