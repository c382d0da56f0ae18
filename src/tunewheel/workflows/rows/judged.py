"""Judged rows: how a version answered each frozen test row, kept in its bundle, so that any two can be compared."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ...records import Example, Prediction, Ratio, Span
from ...registry import Bundle
from ...serving import Predictor

ROWS = "rows.jsonl"


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


@dataclass(frozen=True)
class Paired:
    """The rows that two versions were both judged on, by content `keys`; shapes (N,)."""

    new: Ratio
    old: Ratio
    groups: list[Any]
    keys: list[str]


def judged_rows(version: Bundle) -> list[JudgedRow]:
    """The per-row results that a bundle carries, in the order of the frozen test set."""
    return [JudgedRow(**json.loads(line)) for line in version.text(ROWS).split("\n") if line]


def judged_now(predictor: Predictor, examples: Sequence[Example], groups: Sequence[Any] | None) -> list[JudgedRow]:
    """The per-row results of a version on any labelled examples, asked through the serving path."""
    answers = predictor.predict_bulk(examples)
    scores = predictor.task.score(answers, examples)
    return as_judged(examples, answers, scores.rows[predictor.task.best_by], groups)


def as_judged(
    examples: Sequence[Example], answers: Sequence[Prediction], ratio: Ratio, groups: Sequence[Any] | None
) -> list[JudgedRow]:
    """Answers to examples, and what each of them counts, as rows."""
    known = groups or [None] * len(examples)
    parts = zip(examples, answers, ratio.numerator.tolist(), ratio.denominator.tolist(), known, strict=True)
    return [
        JudgedRow(example.key, float(top), float(bottom), plain(answer.value), answer.confidence, group)
        for example, answer, top, bottom, group in parts
    ]


def as_lines(rows: Sequence[JudgedRow]) -> str:
    """One JSON line a row, as a bundle keeps them."""
    return "".join(json.dumps(asdict(row), ensure_ascii=False) + "\n" for row in rows)


def paired(new: Sequence[JudgedRow], old: Sequence[JudgedRow]) -> Paired:
    """The rows of both, and their groups as the one or the other knows them."""
    known = dict(zip(_marks(old), old, strict=True))
    marks = _marks(new)
    shared = [(row, known[mark]) for mark, row in zip(marks, new, strict=True) if mark in known]
    parts = np.array([[(row.numerator, row.denominator) for row in pair] for pair in shared]).reshape(-1, 2, 2)
    by_side = [[pair[side].group for pair in shared] for side in (0, 1)]
    groups = next((side for side in by_side if any(group is not None for group in side)), by_side[0])
    ratios = [Ratio(parts[:, side, 0], parts[:, side, 1]) for side in (0, 1)]
    return Paired(ratios[0], ratios[1], groups, [row.key for row, _ in shared])


def plain(value: Any) -> Any:
    """An answer as JSON: a label, a list of labels, or a list of spans."""
    return [asdict(part) if isinstance(part, Span) else part for part in value] if isinstance(value, tuple) else value


def _marks(rows: Sequence[JudgedRow]) -> list[tuple[str, int]]:
    """Each row by content and occurrence: the same text may be in a test set twice."""
    seen: Counter[str] = Counter()
    marks = []
    for row in rows:
        marks.append((row.key, seen[row.key]))
        seen[row.key] += 1
    return marks
