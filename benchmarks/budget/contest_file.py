"""A contest as a file: what a rival is told, without the answers to the test rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..sets import LabelledSet, csv_rows, lines
from .contests import Contest

Part = dict[str, list[Any]]


def read_part(path: Path, kind: str) -> Part:
    """`contents` (texts, or lists of words) and `answers` (labels, or lists of tags) of a file."""
    if kind == "words":
        rows = [json.loads(line) for line in lines(path)]
        return {"contents": [row["tokens"] for row in rows], "answers": [row["tags"] for row in rows]}
    found = csv_rows(path)
    return {"contents": [row["text"] for row in found], "answers": [row["label"] for row in found]}


def write_contest(contest: Contest, data: LabelledSet, model: Path, target: Path) -> Path:
    """Write what a rival is told; the test rows are contents only."""
    told: dict[str, Any] = {
        "name": contest.name,
        "kind": contest.kind,
        "chinese": contest.chinese,
        "marks": contest.marks,
        "model": str(model),
        "train": read_part(data.train, contest.kind),
        "validation": read_part(data.validation, contest.kind) if data.validation else None,
        "test": read_part(data.test, contest.kind)["contents"],
    }
    target.write_text(json.dumps(told, ensure_ascii=False), "utf-8")
    return target
