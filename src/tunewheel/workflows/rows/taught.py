"""Taught: rows that people gave an answer to, as examples with a target."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...records import Example, Source
from ...task import Task


def taught(task: Task, row: Mapping[str, Any], answer: Any, source: Source) -> Example:
    """The row with this answer: a label, several labels, tags, or spans. Raises `DataError` naming the source when the
    task cannot read it."""
    return task.parse({**row, **_answered(task, row, answer)}, source)


def _answered(task: Task, row: Mapping[str, Any], answer: Any) -> dict[str, Any]:
    """The answer under the column that the task reads it from."""
    if task.reads != "words":
        return {str(getattr(task.options, "label", "label")): answer}
    options: Any = task.options
    if isinstance(answer, list) and answer and all(isinstance(part, str) for part in answer):
        return {options.tags: answer}
    # Spans count characters of a text, which a row of words is with a blank between them.
    words = row.get(options.words)
    return {options.spans: answer, **({options.text: " ".join(words)} if words and options.text not in row else {})}
