"""Rows handed to another process of the same run: a file of JSON lines that it reads once."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from pathlib import Path

from ...records import Example
from .frozen import as_example, as_row


def write_examples(path: Path, examples: Sequence[Example]) -> None:
    """Write the examples to a file, a line each."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(as_row(example), default=_as_text) + "\n" for example in examples)


def read_examples(path: Path) -> list[Example]:
    """What `write_examples` wrote."""
    with path.open(encoding="utf-8") as file:
        return [_example(line) for line in file]


def _as_text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _example(line: str) -> Example:
    row = json.loads(line)
    if row.get("picture") is not None:
        row["picture"] = base64.b64decode(row["picture"])
    return as_example(row)
