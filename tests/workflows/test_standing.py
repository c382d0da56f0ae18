"""How right the live version is: the newest audits, and what older ones let expect."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from keyword_task import KeywordTask, predictor

from tunewheel.feedback.journal import Asked, Drawn, Said
from tunewheel.records import Example, Prediction, Ratio, Scores, content_key
from tunewheel.registry import Draft
from tunewheel.workflows.tuning.papers import DATA, FEEDBACK
from tunewheel.workflows.wheel.standing import PRESENT, accuracy
from tunewheel.workspace import Workspace

DRAFT = Draft(name="one", task="keyword", kind="floor")
ROWS = 500


class Judging(KeywordTask):
    """The keyword task, row by row."""

    def score(self, predictions: Sequence[Prediction], examples: Sequence[Example]) -> Scores:
        right = np.array([float(p.value == e.target) for p, e in zip(predictions, examples, strict=True)])
        return Scores({"accuracy": float(right.mean())}, {"accuracy": Ratio(right, np.ones(len(right)))})


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """Two versions; the second began to learn when people had said 60 things."""
    with Workspace.open(tmp_path / "team") as opened:
        for taught in (0, 60):
            facts = json.dumps({FEEDBACK: taught})
            opened.register(lambda folder, facts=facts: (folder / DATA).write_text(facts) and None, DRAFT)
        yield opened


def audited(workspace: Workspace, day: int, version: str, labels: int, right: float | None) -> None:
    """A day's traffic, an audit of it, and its labels, of which this share is what the version answers
    (None: nobody has labelled a row)."""
    asked = [
        Asked(
            id=f"d{day}-{i}", at=f"2026-11-{day:02d}T10:00:00.{i:06d}Z", version=version, key=content_key(text),
            row={"text": text}, answer="cards", confidence=float(np.e / (np.e + 2)),
        )
        for i, text in enumerate(f"where is my card {day} {number}" for number in range(ROWS))
    ]  # fmt: skip
    workspace.journal.keep(asked)
    chosen = np.random.default_rng(day).choice(ROWS, labels, replace=False)
    workspace.journal.draw([
        Drawn(
            at=asked[i].at, audit=f"2026-11-{day:02d}T12:00:00.000000Z", population=ROWS, asked=asked[i].id,
            key=asked[i].key, row=asked[i].row, version=version, answer="cards", confidence=asked[i].confidence,
            probability=labels / ROWS, why="random",
        )
        for i in chosen
    ])  # fmt: skip
    if right is None:
        return
    workspace.journal.say([
        Said(
            at=asked[i].at, who="auditor", origin="audit", kind="label", asked=asked[i].id, key=asked[i].key,
            row=asked[i].row, value="cards" if place < right * labels else "fees",
        )
        for place, i in enumerate(chosen)
    ])  # fmt: skip


def test_rows_of_an_audit_before_it_that_a_version_has_not_learnt_from_tell_what_to_expect(workspace) -> None:
    live = predictor(task=Judging(), version="v0002")
    audited(workspace, 1, "v0001", 60, 0.5)  # learnt from: the first 60 things that people said
    audited(workspace, 8, "v0002", 60, 0.8)
    alone = accuracy(workspace, live).audited
    assert alone is not None
    assert (alone.labels, alone.asked, alone.method) == (60, ROWS, "prediction-powered inference")
    audited(workspace, 5, "v0001", 60, 0.9)  # not learnt from: it began before
    both = accuracy(workspace, live).audited
    assert both is not None
    assert (both.labels, both.asked) == (60, ROWS)
    assert both.method == "prediction-powered inference with earlier audits"
    assert alone.value < both.value < 0.9


def test_a_few_rows_of_an_earlier_audit_teach_nothing(workspace) -> None:
    audited(workspace, 1, "v0001", 60, 0.5)
    audited(workspace, 5, "v0001", 30, 0.9)
    audited(workspace, 8, "v0002", 60, 0.8)
    found = accuracy(workspace, predictor(task=Judging(), version="v0002")).audited
    assert found is not None and found.method == "prediction-powered inference"


def test_accuracy_is_that_of_the_newest_audits_and_older_ones_cannot_hide_a_loss(workspace) -> None:
    live = predictor(task=Judging(), version="v0001")
    audited(workspace, 1, "v0001", PRESENT, 0.9)
    audited(workspace, 8, "v0001", PRESENT // 2, 0.5)
    audited(workspace, 15, "v0001", PRESENT // 2, 0.5)
    found = accuracy(workspace, live)
    assert found.audited is not None and found.by_confidence is not None
    assert (found.audited.labels, found.audited.asked, found.by_confidence.asked) == (PRESENT, 2 * ROWS, 2 * ROWS)
    assert found.audited.value == pytest.approx(0.5, abs=0.02)
    assert found.audited.high < 0.6


def test_without_labels_there_are_only_the_confidences_of_the_newest_requests_that_were_drawn_from(workspace) -> None:
    live = predictor(task=Judging(), version="v0001")
    assert accuracy(workspace, live).by_confidence is None
    audited(workspace, 1, "v0001", 60, None)
    found = accuracy(workspace, live)
    assert found.audited is None and found.by_confidence is not None
    assert (found.by_confidence.asked, found.by_confidence.value) == (ROWS, pytest.approx(np.e / (np.e + 2)))
