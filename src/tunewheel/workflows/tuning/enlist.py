"""Enlist: a candidate as a registered version, its served answers certified against its evaluated ones."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...models.folder import WEIGHTS
from ...records import Example, Picture, Prediction, Scores
from ...registry import Draft, Kind, Status, Version, bundle
from ...registry.packing import pack_floor, pack_module, pack_reach
from ...registry.revive import revive
from ...serving import Certificate, Predictor, certify
from ...serving.certificate import SAMPLE, evenly
from ...training.floors import Floor
from ...workspace import Workspace
from ..rows.frozen import as_row
from ..rows.judged import ROWS, JudgedRow, as_judged, as_lines
from ..rows.lessons import TAUGHT
from ..rows.sets import Sets
from ..wheel.drifted import PROFILE, profile_of
from .budget import HURRIED_ROWS
from .contend import Candidate, Entrant

# A draft shows in a moment whether it answers as it was judged; what goes live is asked about everything.
DRAFT_ROWS, DRAFT_ALONE = 200, 10
# So many validation rows show how large activations become, and so many what confidence another form should have.
REACH_ROWS, HELD_ROWS, HELD_PICTURES = 64, 500, 200
HELD_BYTES = 64_000_000  # of pictures: every version has its own


@dataclass(frozen=True)
class Office:
    """Where the candidates of one run are registered: the workspace, the run's own folder, and the version that all of
    them follow. In a `hurry` a part of the test rows is enough for a certificate."""

    workspace: Workspace
    sets: Sets
    run: Path
    parent: str | None
    hurry: bool = False

    def enlist(self, entrant: Entrant, papers: Mapping[str, str]) -> Version:
        """Write the bundle, ask it for the test answers through the serving path, and register it with the certificate.

        A version whose served answers differ is registered as refused and cannot go live.
        """
        scores = entrant.contender.scores
        texts = {**papers, "scores.json": json.dumps(dict(scores.values)), ROWS: as_lines(_judged(entrant, self.sets))}
        texts |= _profile(entrant.candidate, self.sets)
        version = self._registered(entrant.candidate, texts, self._to_be_certified(entrant), "ready", "")
        if version.kind == "module":
            self.workspace.held.keep(version.id, self._held())
        return version

    def _held(self) -> list[dict[str, Any]]:
        """Contents of validation rows; what people said of answers is kept in the journal only, where it ages."""
        rows = [one for one in self.sets.validation if one.source.file != TAUGHT]
        return [as_row(Example(rows[i].content)) for i in evenly(len(rows), _most_held(rows))]

    def restore(self, version: str) -> Any:
        """The module of a version, as it was registered."""
        revived = revive(self.workspace.bundle(version), self.workspace.bases)
        return revived.engine.module  # type: ignore[attr-defined]

    def _to_be_certified(self, entrant: Entrant) -> Questions:
        test, answers = self.sets.test, entrant.contender.predictions
        if not self.hurry or len(test) <= HURRIED_ROWS:
            return Questions(test, answers, entrant.contender.scores, SAMPLE)
        few = evenly(len(test), HURRIED_ROWS)
        some, theirs = [test[i] for i in few], [answers[i] for i in few]
        return Questions(some, theirs, entrant.task.score(theirs, some), SAMPLE)

    def draft(self, candidate: Candidate, papers: Mapping[str, str]) -> Version:
        """The same for one that has not met the test rows: it can be served, and is certified on validation rows."""
        held = self.sets.validation
        few, answered = evenly(len(held), DRAFT_ROWS), candidate.held_answers(held)
        asked, answers = [held[i] for i in few], [answered[i] for i in few]
        texts = {**papers, "scores.json": json.dumps(dict(candidate.validation.values))}
        judged = Questions(asked, answers, candidate.task.score(answers, asked), DRAFT_ALONE)
        note = f"scored on {len(held):,} validation rows; the test rows have not been asked"
        return self._registered(candidate, texts, judged, "draft", note)

    def _registered(
        self, candidate: Candidate, texts: Mapping[str, str], judged: Questions, status: Status, notes: str
    ) -> Version:
        kind: Kind = "floor" if isinstance(candidate.made.origin, Floor) else "module"
        folder = self.run / "bundle"
        shutil.rmtree(folder, ignore_errors=True)

        def fill(there: Path) -> None:
            self._pack(there, candidate, final=status != "draft")
            for name, text in texts.items():
                (there / name).write_text(text, "utf-8")

        written = bundle.write(folder, fill, {"name": candidate.name, "task": candidate.task.name, "kind": kind})
        certificate = self._certificate(written, judged)
        draft = Draft(
            name=candidate.name, task=candidate.task.name, kind=kind, notes=notes, parent=self.parent,
            status=status if certificate.holds else "refused",
            scores=json.loads(texts["scores.json"]), certificate=certificate.to_json(),
        )  # fmt: skip
        version = self.workspace.register(lambda there: _copy(written, there), draft)
        shutil.rmtree(folder)
        return version

    def _pack(self, folder: Path, candidate: Candidate, *, final: bool) -> None:
        if isinstance(candidate.made.origin, Floor):
            pack_floor(folder, candidate.task, candidate.made.origin)
        else:
            assert candidate.made.body is not None
            source = candidate.made.body.folder / WEIGHTS
            pack_module(folder, candidate.task, candidate.made.origin, self.workspace.bases, source)
            if final:
                held = self.sets.validation
                rows = [held[i] for i in evenly(len(held), REACH_ROWS)]
                pack_reach(folder, candidate.task, candidate.made.origin, rows)

    def _certificate(self, written: bundle.Bundle, judged: Questions) -> Certificate:
        revived = revive(written, self.workspace.bases)
        predictor = Predictor(revived.task, revived.encode, revived.engine, "draft")
        return certify(predictor, judged.examples, judged.answers, judged.scores, judged.alone)


@dataclass(frozen=True)
class Questions:
    """Rows that a bundle is asked about, the answers and scores that evaluation gave, and how many rows are asked once
    more, one at a time."""

    examples: Sequence[Example]
    answers: Sequence[Prediction]
    scores: Scores
    alone: int


def _most_held(rows: Sequence[Example]) -> int:
    """How many of the rows are kept, at most: of large pictures fewer."""
    sizes = [len(one.content.data) for one in rows if isinstance(one.content, Picture)]
    return min(HELD_PICTURES, max(HELD_BYTES // max(*sizes, 1), 1)) if sizes else HELD_ROWS


def _judged(entrant: Entrant, sets: Sets) -> list[JudgedRow]:
    contender = entrant.contender
    ratio = contender.scores.rows[entrant.task.best_by]
    return as_judged(sets.test, contender.predictions, ratio, sets.groups(sets.test))


def _profile(candidate: Candidate, sets: Sets) -> dict[str, str]:
    """What the traffic will be compared with, told by one that has not learnt from the validation rows."""
    made = candidate.made
    known = profile_of(candidate.task, candidate.task.decode(made.outputs, made.held), sets)
    return {} if known is None else {PROFILE: json.dumps(known.to_json())}


def _copy(written: bundle.Bundle, folder: Path) -> None:
    for name in written.manifest.files:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(written.path / name, target)
