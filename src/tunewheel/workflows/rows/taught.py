"""Taught: rows that people gave an answer to, as examples with a target."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...feedback.labels import labelled
from ...records import Example, Source
from ...task import Task


def taught(task: Task, row: Mapping[str, Any], answer: Any, source: Source) -> Example:
    """The row with this answer: a label, several labels, tags, or spans. Raises `DataError` naming the source when the
    task cannot read it."""
    return task.parse(labelled(task, row, answer, source), source)
