"""Taught: rows that people gave an answer to, as examples with a target."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...records import Example, Source
from ...task import Task


def taught(task: Task, row: Mapping[str, Any], answer: Any, source: Source) -> Example:
    """The row with this answer: a label, several labels, tags, or spans. Raises `DataError` naming the source when the
    task cannot read it."""
    return task.parse(_answered(task, row, answer), source)


def _answered(task: Task, row: Mapping[str, Any], answer: Any) -> dict[str, Any]:
    """The row with the answer under the column that the task reads it from."""
    if task.reads != "words":
        return {**row, str(getattr(task.options, "label", "label")): answer}
    options: Any = task.options
    if isinstance(answer, list) and answer and all(isinstance(part, str) for part in answer):
        return {**row, options.tags: answer}
    # Spans count characters of a text; words are one with a blank between them.
    words = row.get(options.words)
    text = {options.text: " ".join(words)} if words and options.text not in row else {}
    return {**{name: value for name, value in row.items() if name != options.words}, **text, options.spans: answer}
