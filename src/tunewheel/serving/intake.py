"""What a client sent as rows that a task may read: only its content, of the right type, within limits, never a path."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..errors import Problem, RequestInvalid, RequestTooLarge
from ..records import Row
from ..task import Task
from .options import ServingOptions
from .pictures import picture

_KINDS: Mapping[str, Sequence[str]] = {"text": ("text",), "words": ("words", "text"), "image": ("image",)}


def content_columns(task: Task) -> dict[str, str]:
    """What a row may hold for this task ("text", "words", "image"), in order, and the column each is read from."""
    return {kind: getattr(task.options, kind, kind) for kind in _KINDS[task.reads]}


def admit(rows: Sequence[Mapping[str, Any]], task: Task, options: ServingOptions) -> list[Row]:
    """The content of every row under the column that the task reads; answers and other columns are left out.

    A client may use the column's name or the plain name ("text", "words", "image"). Pictures are base64 here and
    bytes afterwards, so a client can never name a file of the server.
    Raises `RequestTooLarge` or `RequestInvalid` with every problem.
    """
    if len(rows) > options.max_rows:
        raise RequestTooLarge(f"{len(rows)} rows in one request; {options.max_rows} may be.", mend="Send fewer.")
    admitted: list[Row] = []
    problems: list[Problem] = []
    for number, row in enumerate(rows, start=1):
        try:
            admitted.append(_content(row, content_columns(task), options))
        except ValueError as error:
            problems.append(Problem(str(error), f"request row {number}"))
    if problems:
        raise RequestInvalid.of(problems)
    return admitted


def _content(row: Mapping[str, Any], columns: Mapping[str, str], options: ServingOptions) -> Row:
    """Raises `ValueError` with a sentence about a row that cannot be read."""
    if held := _held(row, columns):
        kind, column, value = held
        return {column: _READ[kind](value, options)}
    wanted = " or ".join(f"'{column}'" for column in columns.values())
    raise ValueError(f"there is no {wanted}. It has: {', '.join(row)[:200] or 'nothing'}.")


def only_content(row: Mapping[str, Any], columns: Mapping[str, str]) -> Row:
    """What is read of a row that was admitted, as the client sent it: whatever else stands in it may be of any size."""
    held = _held(row, columns)
    return {held[1]: held[2]} if held else {}


def _held(row: Mapping[str, Any], columns: Mapping[str, str]) -> tuple[str, str, Any] | None:
    """The first kind of content that stands in a row, which is the one that is read, its column and its value."""
    for kind, column in columns.items():
        value = row.get(column, row.get(kind))
        if value is not None:
            return kind, column, value
    return None


def _text(value: object, options: ServingOptions) -> str:
    if not isinstance(value, str):
        raise ValueError("the text is not a string. Send it in quotes.")
    if not value.strip():
        raise ValueError("the text is empty. Send at least one word.")
    _check_length(len(value), options)
    return value


def _words(value: object, options: ServingOptions) -> list[str]:
    if not isinstance(value, list) or not value or not all(isinstance(word, str) and word.strip() for word in value):
        raise ValueError("the words are not a list of strings. Send one string a word, or a 'text'.")
    _check_length(sum(len(word) + 1 for word in value), options)
    return value


def _check_length(characters: int, options: ServingOptions) -> None:
    if characters > options.max_characters:
        raise ValueError(f"it has {characters:,} characters and {options.max_characters:,} may be. Send a part.")


def _picture(value: object, options: ServingOptions) -> bytes:
    return picture(value, options.max_pixels)


_READ: Mapping[str, Callable[[object, ServingOptions], Any]] = {"text": _text, "words": _words, "image": _picture}
