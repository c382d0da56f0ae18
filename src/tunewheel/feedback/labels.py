"""Labels that people give: read by the task itself, and written in one way only."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from ..data.cells import is_tags
from ..data.tags import tags_to_spans
from ..errors import LabelError, Problem
from ..records import Example, Source, Words
from ..task import Task

LONGEST_LABEL = 200
_ALMOST = 0.8
_NOTED = "span problems"


def read_label(task: Task, row: Mapping[str, Any], value: Any, source: Source) -> tuple[Any, str, list[Problem]]:
    """What a person gave for `row`, as it is kept: a label, a list of labels, or spans of the text; the content key of
    the row; and what had to be mended in the label.

    Raises `DataError` (its problems name `source`) when it is nothing that the task could answer.
    """
    example = task.parse(labelled(task, row, value, source), source)
    if isinstance(example.content, Words):
        return spans_of(example), example.key, list(example.columns.get(_NOTED, ()))
    one = isinstance(example.target, str) and not isinstance(value, list | tuple | dict)
    if not (isinstance(example.target, tuple) or (one and example.target.strip())):
        what = "there is no label." if value in (None, "", [], {}) else "this is not one label."
        raise LabelError(what, where=str(source), mend="Give the right label as a text.")
    kept = list(example.target) if isinstance(example.target, tuple) else example.target
    _check_length([kept] if isinstance(kept, str) else kept, source)
    return kept, example.key, []


def labelled(task: Task, row: Mapping[str, Any], value: Any, source: Source | None = None) -> dict[str, Any]:
    """The row as a file for training would hold it: with `value` in the column of the answer."""
    options = task.options
    if task.reads != "words":
        return {**row, getattr(options, "label", "label"): value}
    words, tags = getattr(options, "words", "words"), getattr(options, "tags", "tags")
    if words in row and is_tags(value):
        return {**row, tags: value}
    text = task.parse(row, source or Source()).text  # spans count the characters of the text, not the words
    rest = {name: kept for name, kept in row.items() if name not in (words, tags)}
    return {**rest, getattr(options, "text", "text"): text, getattr(options, "spans", "spans"): value}


def spans_of(example: Example) -> list[dict[str, Any]]:
    """The tags of an example as spans of its text."""
    bounds = example.content.bounds
    return [
        {"start": bounds[first][0], "end": bounds[last - 1][1], "label": label}
        for first, last, label in tags_to_spans(example.target or ())
    ]


def spelled(value: Any) -> str:
    """Equal for equal answers: the order of labels and of spans does not matter."""
    if isinstance(value, str):
        return f'"{value}'  # no JSON begins so and does not end so: it is no answer of another kind
    if isinstance(value, list | tuple):
        return json.dumps(sorted(json.dumps(_marks(part), sort_keys=True, ensure_ascii=False) for part in value))
    return json.dumps(_marks(value), sort_keys=True, ensure_ascii=False)


def names_in(value: Any) -> list[str]:
    """The labels that occur in an answer."""
    if isinstance(value, list | tuple):
        return [str(part["label"]) if isinstance(part, Mapping) else str(part) for part in value]
    return [str(value)]


def known_labels(task: Task) -> list[str]:
    """The labels that a version knows; of tags what they mark."""
    labels = task.facts.get("labels", ())
    if task.reads != "words":
        return list(labels)
    return sorted({label.partition("-")[2] for label in labels if "-" in label})


class Spelling:
    """Looks for labels that are almost known. New ones are welcome, so it only asks."""

    def __init__(self, known: Iterable[str]) -> None:
        self._known = {label.casefold(): label for label in known}
        self._exactly = set(self._known.values())
        self._asked: dict[str, str] = {}

    def doubt(self, label: str) -> str:
        """The known label that may be meant; empty for one that is known or altogether new."""
        if label in self._exactly or not self._known:
            return ""
        if label not in self._asked:
            close = get_close_matches(label.casefold(), self._known, n=1, cutoff=_ALMOST)
            self._asked[label] = self._known[close[0]] if close else ""
        return self._asked[label]


def _marks(part: Any) -> Any:
    """A span by what it says, whatever else is noted with it."""
    return {name: part[name] for name in ("start", "end", "label")} if isinstance(part, Mapping) else part


def _check_length(labels: Iterable[str], source: Source) -> None:
    if any(len(label) > LONGEST_LABEL for label in labels):
        raise LabelError(f"a label has at most {LONGEST_LABEL} characters.", where=str(source), mend="Shorten it.")
