"""Frozen examples: test rows as the workspace keeps them, independent of the columns they came from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ...records import Example, Picture, Source, Words


def as_row(example: Example) -> dict[str, Any]:
    """An example as a plain row."""
    content = example.content
    row: dict[str, Any] = {
        "target": json.dumps(example.target, ensure_ascii=False),
        "file": example.source.file,
        "row": example.source.row,
        "columns": json.dumps(_plain(example.columns), ensure_ascii=False),
    }
    if isinstance(content, Picture):
        return {**row, "picture": content.data, "name": content.name}
    if isinstance(content, Words):
        return {**row, "text": content.text, "bounds": json.dumps(content.bounds)}
    return {**row, "text": str(content)}


def as_example(row: Mapping[str, Any]) -> Example:
    """The example that `as_row` wrote."""
    return Example(
        _content(row), _target(json.loads(row["target"])), Source(row["file"], row["row"]), json.loads(row["columns"])
    )


def _content(row: Mapping[str, Any]) -> str | Words | Picture:
    if row.get("picture") is not None:
        return Picture(row["picture"], row["name"])
    if row.get("bounds") is not None:
        return Words(row["text"], tuple((start, end) for start, end in json.loads(row["bounds"])))
    return str(row["text"])


def _target(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _plain(columns: Mapping[str, Any]) -> dict[str, Any]:
    """Only the columns that slices, groups and time can use: short plain values."""
    return {
        name: value
        for name, value in columns.items()
        if isinstance(value, str | int | float | bool) and len(str(value)) <= 200
    }


def labels_of(examples: Sequence[Example]) -> set[str]:
    """All labels that occur in the targets."""
    found: set[str] = set()
    for example in examples:
        target = example.target
        if isinstance(target, str):
            found.add(target)
        elif target is not None:
            found.update(target)
    return found
