"""JSON Lines: one object a line; a broken line is left out by its number."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from .json_shapes import row_of
from .lines import fault, lines
from .reading import Numbered, Reading


def read_jsonl(reading: Reading) -> Iterator[Numbered]:
    """Rows of a file with one JSON value a line, numbered by line."""
    reading.unit = "line"
    reading.facts.append("one JSON object a line")
    for number, line in enumerate(lines(reading), start=1):
        if not line.strip():
            continue
        bad = fault(line, reading.encoding)
        item = None if bad else _parsed(reading, number, line.strip())
        if bad:
            reading.broken(number, f"the line {bad}", "Write the file as UTF-8.")
        elif item is not None:
            row = row_of(reading, number, item)
            if row is not None:
                yield number, row


def _parsed(reading: Reading, number: int, line: str) -> Any:
    """The value of a line, or None when it is broken (and noted)."""
    try:
        item = json.loads(line)
    except RecursionError:
        reading.broken(number, "the line is nested too deeply.", "Write one flat object a line.")
    except ValueError as error:
        where = f" at character {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        reading.broken(number, f"the line is not JSON: {_reason(error)}{where}.", "Write one whole object a line.")
    else:
        if item is None:
            reading.broken(number, "the line holds null, not an object.")
        return item
    return None


def _reason(error: ValueError) -> str:
    return error.msg if isinstance(error, json.JSONDecodeError) else str(error)
