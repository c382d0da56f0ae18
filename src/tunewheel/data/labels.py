"""How a column writes its labels: one a row, lists, or several joined by a mark."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .cells import read_labels, unwrap

_SEPARATORS = ("|", ";", "；", ",", "，", "、")
_LONGEST_LABEL = 60


def label_writing(values: Sequence[Any]) -> tuple[bool, str | None]:
    """Whether rows can have several labels, and what joins them within a text (None: they are in lists)."""
    cells = [unwrap(value) for value in values if value is not None and value == value]
    if any(isinstance(cell, list) for cell in cells):
        return any(isinstance(cell, list) and len(cell) != 1 for cell in cells), None
    texts = {cell for cell in cells if isinstance(cell, str) and cell.strip()}
    separator = next((mark for mark in _SEPARATORS if _joins_labels(texts, mark)), None)
    return separator is not None, separator


def count_labels(values: Sequence[Any]) -> int:
    """How many different labels the cells of a column hold."""
    _, separator = label_writing(values)
    cells = [value for value in values if not isinstance(value, dict | bytes)]
    return len({label for cell in cells for label in read_labels(cell, separator)})


def _joins_labels(cells: set[str], mark: str) -> bool:
    """Whether the parts around a mark are labels of their own: shared by cells, and fewer than these.

    "a|b", "a", "b" are three cells of two labels; "Paris, France", "Lyon, France" are two labels with a comma.
    """
    if not any(mark in cell for cell in cells):
        return False
    parts = [{part.strip() for part in cell.split(mark)} for cell in cells]
    labels = set().union(*parts)
    if "" in labels or max(map(len, labels)) > _LONGEST_LABEL or len(labels) > len(cells) - (mark in ",，、"):
        return False
    shared = sum(sum(label in one for one in parts) >= 2 for label in labels)
    return shared >= 0.5 * len(labels)
