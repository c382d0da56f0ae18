"""Enlist: an entrant as a registered version, its served answers certified against its evaluated ones."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..records import Span
from ..registry import Draft, Kind, Version, bundle
from ..registry.packing import pack_floor, pack_module
from ..registry.revive import revive
from ..serving import Certificate, Predictor, certify
from ..training.floors import Floor
from ..workspace import Workspace
from .contend import Entrant
from .sets import Sets

ROWS = "rows.jsonl"


def enlist(
    workspace: Workspace,
    entrant: Entrant,
    papers: Mapping[str, str],
    sets: Sets,
    run: Path,
    model: Path,
    parent: str | None,
) -> Version:
    """Write the bundle, ask it for the test answers through the serving path, and register it with the certificate.

    A version whose served answers differ is registered as refused and cannot go live.
    """
    draft_folder = run / "bundle"
    shutil.rmtree(draft_folder, ignore_errors=True)
    kind: Kind = "floor" if isinstance(entrant.origin, Floor) else "module"

    def fill(folder: Path) -> None:
        _pack(folder, entrant, workspace, model)
        for name, text in papers.items():
            (folder / name).write_text(text, "utf-8")
        (folder / "scores.json").write_text(json.dumps(dict(entrant.contender.scores.values)), "utf-8")
        (folder / ROWS).write_text(_rows(entrant, sets), "utf-8")

    written = bundle.write(
        draft_folder, fill, {"name": entrant.contender.name, "task": entrant.task.name, "kind": kind}
    )
    certificate = _certificate(written, workspace, entrant, sets)
    draft = Draft(
        name=entrant.contender.name, task=entrant.task.name, kind=kind,
        status="ready" if certificate.holds else "refused",
        scores=dict(entrant.contender.scores.values), certificate=certificate.to_json(), parent=parent,
    )  # fmt: skip
    version = workspace.register(lambda folder: _copy(written, folder), draft)
    shutil.rmtree(draft_folder)
    return version


@dataclass(frozen=True)
class JudgedRow:
    """A frozen test row as one version was judged on it: its share of the task's main metric (see `Ratio`).

    `group` is what it belongs to, where that was known when it was judged.
    """

    key: str
    numerator: float
    denominator: float
    predicted: Any
    confidence: float
    group: Any = None


def judged_rows(version: bundle.Bundle) -> list[JudgedRow]:
    """The per-row results that a bundle carries, in the order of the frozen test set."""
    return [JudgedRow(**json.loads(line)) for line in version.text(ROWS).split("\n") if line]


def _rows(entrant: Entrant, sets: Sets) -> str:
    """One JSON line a test row."""
    ratio = entrant.contender.scores.rows[entrant.task.best_by]
    groups = sets.groups(sets.test) or [None] * len(sets.test)
    lines = []
    for number, (example, answer) in enumerate(zip(sets.test, entrant.contender.predictions, strict=True)):
        parts = float(ratio.numerator[number]), float(ratio.denominator[number])
        row = JudgedRow(example.key, *parts, _plain(answer.value), answer.confidence, groups[number])
        lines.append(json.dumps(asdict(row), ensure_ascii=False))
    return "\n".join(lines) + "\n"


def _plain(value: Any) -> Any:
    """An answer as JSON: a label, a list of labels, or a list of spans."""
    return [asdict(part) if isinstance(part, Span) else part for part in value] if isinstance(value, tuple) else value


def _pack(folder: Path, entrant: Entrant, workspace: Workspace, model: Path) -> None:
    if isinstance(entrant.origin, Floor):
        pack_floor(folder, entrant.task, entrant.origin)
    else:
        pack_module(folder, entrant.task, entrant.origin, workspace.bases, model / "model.safetensors")


def _certificate(written: bundle.Bundle, workspace: Workspace, entrant: Entrant, sets: Sets) -> Certificate:
    revived = revive(written, workspace.bases)
    predictor = Predictor(revived.task, revived.encode, revived.engine, "draft")
    return certify(predictor, sets.test, entrant.contender.predictions, entrant.contender.scores)


def _copy(written: bundle.Bundle, folder: Path) -> None:
    for name in written.manifest.files:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(written.path / name, target)
