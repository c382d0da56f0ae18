"""What one cell of a table means: words, tags, labels or character spans, in any of the ways people write them."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import LabelError, SpanError
from ..records import Span
from .tags import is_tag

_STARTS = ("start", "begin", "start_offset", "start_char", "startOffset", "offset")
_ENDS = ("end", "stop", "end_offset", "end_char", "endOffset")
_LABELS = ("label", "labels", "type", "tag", "entity", "entity_group", "entity_type", "name", "category")
_LISTS = ("spans", "entities", "ents")
_LONGEST_LITERAL = 1_000_000
_MEND_SPANS = 'Write them as [{"start": 0, "end": 5, "label": "PER"}] or [[0, 5, "PER"]].'


def read_labels(value: Any, separator: str | None = None) -> list[str]:
    """Labels of one cell: none for an empty one; several from a list, or from a string joined by `separator`."""
    value = unwrap(value)
    if value is None or value != value or value == "":
        return []
    if isinstance(value, Mapping):
        raise LabelError("the label is an object.", mend="Write its name as a column of its own.")
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [label for item in value for label in read_labels(item)]
    text = label_text(value)
    parts = text.split(separator) if separator else [text]
    return [part.strip() for part in parts if part.strip()]


def label_text(value: Any) -> str:
    """One label as text: whole numbers without a decimal point, so that 1 and 1.0 are one label."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def read_words(value: Any) -> list[str]:
    """Words or tags of one cell: a list, a list written as text, or words with spaces between them."""
    value = unwrap(value)
    if value is None or value != value:
        return []
    if isinstance(value, str):
        return value.split()
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return [str(item) for item in value]
    raise LabelError(f"{value!r} is no list of words.", mend='Write ["New", "York"] or words with spaces between.')


def read_spans(value: Any) -> list[Span]:
    """Character spans of one cell, as objects or triples, or a text that holds them as JSON.

    Raises `SpanError` when an item has no start, end and label.
    """
    value = unwrap(value)
    if value is None or value != value or value == "":
        return []
    if isinstance(value, Mapping):
        value = next((value[name] for name in _LISTS if name in value), [value])
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        raise SpanError(f"{_shown(value)} is no list of spans.", mend=_MEND_SPANS)
    return [_span(item) for item in value]


def is_spans(value: Any) -> bool:
    """Whether a cell holds at least one span and nothing else."""
    try:
        return bool(read_spans(value))
    except SpanError:
        return False


def is_tags(value: Any) -> bool:
    """Whether a cell holds tags such as O and B-PER and nothing else, at least one of them."""
    value = unwrap(value)
    if not isinstance(value, str | list):
        return False
    tags = value.split() if isinstance(value, str) else value
    return bool(tags) and all(is_tag(tag) for tag in tags)


def unwrap(value: Any) -> Any:
    """A list or object that a CSV file holds as text (`["a", "b"]`, `['a', 'b']`) as what it is; others unchanged."""
    if not isinstance(value, str) or len(value) > _LONGEST_LITERAL:
        return value
    text = value.strip()
    if (text[:1], text[-1:]) not in (("[", "]"), ("{", "}")):
        return value
    for parse in (json.loads, ast.literal_eval):
        try:
            found = parse(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        return found if isinstance(found, list | dict) else value
    return value


def _span(item: Any) -> Span:
    if isinstance(item, Mapping):
        start, end = _offsets(item)
        label = next((item[name] for name in _LABELS if name in item), None)
    elif isinstance(item, Sequence) and not isinstance(item, str) and len(item) >= 3:
        start, end, label = item[0], item[1], item[2]
    else:
        start = end = label = None
    label = label[0] if isinstance(label, list) and label else label
    if not _is_offset(start) or not _is_offset(end) or not isinstance(label, str | int):
        raise SpanError(f"{_shown(item)} is no span with a start, an end and a label.", mend=_MEND_SPANS)
    return Span(int(start), int(end), str(label))


def _offsets(item: Mapping[str, Any]) -> tuple[Any, Any]:
    pair = item.get("span")
    if isinstance(pair, Sequence) and len(pair) == 2:
        return pair[0], pair[1]
    start = next((item[name] for name in _STARTS if name in item), None)
    end = next((item[name] for name in _ENDS if name in item), None)
    if end is None and _is_offset(start) and _is_offset(item.get("length")):
        end = start + item["length"]
    return start, end


def _is_offset(value: Any) -> bool:
    if isinstance(value, float):
        return value.is_integer()
    return isinstance(value, int) and not isinstance(value, bool)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
