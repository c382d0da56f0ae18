"""What one JSON value means as a row: an object, a spaCy example, a Label Studio task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .label_studio import is_task, task_row
from .reading import MOST_COLUMNS, Reading

_ONE_OBJECT = 'Write an object a row, such as {"text": "...", "label": "..."}.'


def row_of(reading: Reading, number: int, item: Any) -> dict[str, Any] | None:
    """The row that `item` stands for, or None when it stands for none (and is noted as broken)."""
    if isinstance(item, dict) and is_task(item):
        return task_row(reading, number, item)
    if isinstance(item, list) and _is_spacy_pair(item):
        item = {"text": item[0], **item[1]}
    if isinstance(item, list) and item and not any(isinstance(value, list | dict) for value in item):
        item = {f"column {place}": value for place, value in enumerate(item, start=1)}
    if isinstance(item, str):
        item = {"text": item}
    if not isinstance(item, dict) or not item:
        reading.broken(number, f"{_kind(item)} is not a row.", _ONE_OBJECT)
        return None
    if len(item) > MOST_COLUMNS:
        reading.broken(number, f"the object has {len(item):,} names; the limit is {MOST_COLUMNS:,}.", _ONE_OBJECT)
        return None
    return _with_cats_as_label(item)


def _is_spacy_pair(item: list[Any]) -> bool:
    return len(item) == 2 and isinstance(item[0], str) and isinstance(item[1], dict)


def _with_cats_as_label(item: dict[str, Any]) -> dict[str, Any]:
    """spaCy's {"cats": {"GOOD": 1.0, "BAD": 0.0}} as a label, or a list of labels unless there is exactly one."""
    cats = item.get("cats")
    if not isinstance(cats, Mapping) or "label" in item or not _are_shares(cats):
        return item
    labels = [name for name, share in cats.items() if share >= 0.5]
    return {name: value for name, value in item.items() if name != "cats"} | {"label": one_or_many(labels)}


def _are_shares(cats: Mapping[str, Any]) -> bool:
    return all(isinstance(share, int | float) for share in cats.values())


def one_or_many(labels: list[str]) -> str | list[str]:
    """A single label as text, none or several as a list."""
    return labels[0] if len(labels) == 1 else labels


def _kind(item: Any) -> str:
    if isinstance(item, dict | list):
        return "an empty object" if isinstance(item, dict) else "a list"
    return {bool: "true or false", int: "a number", float: "a number"}.get(type(item), "null")
