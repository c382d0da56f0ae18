"""A contest as a file: what a rival is told, without the answers to the test rows."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from ..sets import LabelledSet, csv_rows, lines
from .contests import Contest

Part = dict[str, list[Any]]
# So many validation rows tell a rival which of its readings is the best; all of them would cost minutes.
MOST_STEERING, STEERING_SEED = 1000, 0


def read_part(path: Path, kind: str) -> Part:
    """`contents` (texts, or lists of words) and `answers` (labels, or lists of tags) of a file."""
    if kind == "words":
        rows = [json.loads(line) for line in lines(path)]
        return {"contents": [row["tokens"] for row in rows], "answers": [row["tags"] for row in rows]}
    found = csv_rows(path)
    return {"contents": [row["text"] for row in found], "answers": [row["label"] for row in found]}


def steering(part: Part) -> Part:
    """The validation rows that a rival is given: a part, drawn at random, of many."""
    count = len(part["answers"])
    rows = sorted(random.Random(STEERING_SEED).sample(range(count), min(count, MOST_STEERING)))
    return {name: [values[row] for row in rows] for name, values in part.items()}


def write_contest(contest: Contest, data: LabelledSet, model: Path, target: Path) -> Path:
    """Write what a rival is told; the test rows are contents only."""
    told: dict[str, Any] = {
        "name": contest.name,
        "kind": contest.kind,
        "chinese": contest.chinese,
        "marks": contest.marks,
        "model": str(model),
        "train": read_part(data.train, contest.kind),
        "validation": steering(read_part(data.validation, contest.kind)) if data.validation else None,
        "test": read_part(data.test, contest.kind)["contents"],
    }
    target.write_text(json.dumps(told, ensure_ascii=False), "utf-8")
    return target
