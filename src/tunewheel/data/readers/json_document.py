"""JSON documents: a list of objects, {"data": [...]}, columns of lists, pandas layouts, lists by split."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..column_names import TEST, TRAIN, VALIDATION
from .json_shapes import row_of
from .json_stream import JsonStream
from .reading import Numbered, Reading

SPLITS = TRAIN | VALIDATION | TEST
_LAYOUT = 'Write a list of objects: [{"text": "...", "label": "..."}, ...].'


def read_json(reading: Reading) -> Iterator[Numbered]:
    """Rows of a JSON document, numbered by item from 1. A list is read piece by piece, whatever its length."""
    reading.unit = "item"
    with reading.path.open(encoding=reading.encoding) as file:
        stream = JsonStream(reading, file)
        items = stream.items() if stream.next_mark() == "[" else _items(reading, stream.document())
        for number, item in enumerate(items, start=1):
            row = row_of(reading, number, item)
            if row is not None:
                yield number, row


def _items(reading: Reading, document: Any) -> Iterator[Any]:
    """The items of a document that is not a list."""
    if not isinstance(document, dict):
        kind = {str: "a text", bool: "true or false", type(None): "null"}.get(type(document), "a number")
        raise reading.error(f"the document is {kind}, not rows.", _LAYOUT)
    for layout in (_split_frame, _lists_by_split, _one_list, _columns_of_lists, _frames_of_objects):
        found = layout(reading, document)
        if found is not None:
            return iter(found)
    if any(isinstance(value, list | dict) for value in document.values()):
        names = ", ".join(repr(name) for name in list(document)[:8])
        raise reading.error(f"no rows can be told in this object with the names {names}.", _LAYOUT)
    return iter([document])


def _split_frame(reading: Reading, document: dict[str, Any]) -> list[Any] | None:
    """pandas orient="split": {"columns": [...], "data": [[...], ...]}."""
    columns, data = document.get("columns"), document.get("data")
    if not isinstance(columns, list) or not isinstance(data, list) or not all(isinstance(row, list) for row in data):
        return None
    reading.facts.append("a pandas table (columns and data)")
    return [dict(zip(map(str, columns), row, strict=False)) for row in data]


def _lists_by_split(reading: Reading, document: dict[str, Any]) -> list[Any] | None:
    """{"train": [...], "test": [...]}, with the split as a column."""
    splits = {name: rows for name, rows in document.items() if name.lower() in SPLITS and isinstance(rows, list)}
    if not splits:
        return None
    left = [repr(name) for name in document if name not in splits]
    reading.facts.append(f"lists of {', '.join(splits)}" + (f"; {', '.join(left)} not read" if left else ""))
    return [_with_split(item, name) for name, rows in splits.items() for item in rows]


def _with_split(item: Any, split: str) -> Any:
    if isinstance(item, list) and item and not isinstance(item[-1], dict | list):
        item = {f"column {place}": value for place, value in enumerate(item, start=1)}
    return {**item, "split": split} if isinstance(item, dict) else item


def _one_list(reading: Reading, document: dict[str, Any]) -> list[Any] | None:
    """{"data": [{...}, ...]} under any name, with whatever else stands beside it."""
    lists = {name: value for name, value in document.items() if isinstance(value, list) and value}
    objects = [name for name, value in lists.items() if all(isinstance(item, dict) for item in value)]
    if len(objects) != 1 or len(lists) > 1:
        return None
    reading.facts.append(f"a list of JSON items under {objects[0]!r}")
    return lists[objects[0]]


def _columns_of_lists(reading: Reading, document: dict[str, Any]) -> list[Any] | None:
    """{"text": [...], "label": [...]}, all of one length."""
    lists = list(document.values())
    if not lists or not all(isinstance(value, list) for value in lists):
        return None
    lengths = {name: len(value) for name, value in document.items()}
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{name!r} {count:,}" for name, count in lengths.items())
        raise reading.error(f"the columns are of different length: {listed}.", "Give every column one value a row.")
    reading.facts.append("columns of lists")
    return [dict(zip(document, values, strict=True)) for values in zip(*lists, strict=True)]


def _frames_of_objects(reading: Reading, document: dict[str, Any]) -> list[Any] | None:
    """pandas orient="columns" ({"text": {"0": ...}}) and orient="index" ({"0": {"text": ...}})."""
    inner = list(document.values())
    if not inner or not all(isinstance(value, dict) for value in inner) or len({tuple(v) for v in inner}) > 1:
        return None
    if all(name.isdigit() for name in inner[0]) and inner[0]:
        reading.facts.append("a pandas table (columns)")
        return [{name: column[key] for name, column in document.items()} for key in inner[0]]
    reading.facts.append("objects by key")
    return inner
