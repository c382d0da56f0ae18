"""What the journal keeps, as lines of its tables and back."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import Row

from ..errors import Problem, WorkspaceError
from ..feedback.journal import Asked, Drawn, Said
from ..registry.canonical import canonical_json

Noun = TypeVar("Noun", Asked, Said, Drawn)

# Ids and names are in indexes, and PostgreSQL refuses an index entry of more than 2,700 bytes.
LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class _Columns:
    """Which columns of a table are names, shares of 1, and JSON."""

    names: tuple[str, ...]
    shares: tuple[str, ...]
    json: tuple[str, ...]


_IN: Mapping[type, _Columns] = {
    Asked: _Columns(("id", "version", "key"), ("confidence",), ("row", "answer")),
    Said: _Columns(("who", "asked", "key"), (), ("row", "value")),
    Drawn: _Columns(
        ("version", "key", "asked", "audit", "rival"), ("confidence", "probability"), ("row", "answer", "rival_answer")
    ),
}
# Made once: `json.dumps` would make an encoder at every call.
_encoded = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode
_decoded = json.JSONDecoder().raw_decode
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=1_000)  # what is imported together was mostly said at one time
def moment(at: str) -> int:
    """Microseconds since 1970 of a time in ISO 8601; without a zone it is UTC. Raises `ValueError`."""
    time = datetime.fromisoformat(at)
    since = (time if time.tzinfo else time.replace(tzinfo=UTC)) - _FIRST
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def line(noun: Asked | Said | Drawn) -> dict[str, Any]:
    """The columns of what is to be kept; what is JSON as text."""
    columns = dict(vars(noun))
    for name in _IN[type(noun)].json:
        columns[name] = _json_text(columns[name])
    if isinstance(noun, Asked):
        columns["moment"] = moment(noun.at)
    return columns


def nouns(kind: type[Noun], found: Sequence[Row[Any]]) -> Iterator[Noun]:
    """What was kept, from its columns. There may be hundreds of thousands: where each column stands is asked once."""
    if not found:
        return
    names = [field.name for field in fields(kind)]
    places = [found[0]._fields.index(name) for name in names]
    packed = [names.index(name) for name in _IN[kind].json]
    for row in found:
        values = [row[place] for place in places]
        for place in packed:
            values[place] = _decoded(values[place])[0]
        yield kind(**dict(zip(names, values, strict=True)))


def check(nouns: Sequence[Asked | Said | Drawn]) -> None:
    """Raise `WorkspaceError` naming everything that no database could keep."""
    problems = [problem for each in nouns if not _can_be_kept(each) for problem in _problems(each)]
    if problems:
        raise WorkspaceError.of(problems)


def _can_be_kept(each: Asked | Said | Drawn) -> bool:
    columns, mine = vars(each), _IN[type(each)]
    names = all(is_name(columns[name]) for name in mine.names)
    return names and all(math.isfinite(columns[name]) for name in mine.shares) and _is_time(each.at)


def _problems(each: Asked | Said | Drawn) -> list[Problem]:
    columns, mine = vars(each), _IN[type(each)]
    place = str(columns.get("id") or columns.get("asked") or columns["key"])[:LONGEST_NAME]
    found = [
        Problem(f"the {name} cannot be kept.", place, f"Give a text of at most {LONGEST_NAME} characters.")
        for name in mine.names
        if not is_name(columns[name])
    ]
    found += [
        Problem(f"the {name} is no number.", place, "Give a share of 1.")
        for name in mine.shares
        if not math.isfinite(columns[name])
    ]
    if not _is_time(each.at):
        found.append(Problem(f"{each.at[:40]!r} is no time.", place, "Give UTC in ISO 8601."))
    return found


def is_name(text: str) -> bool:
    """Whether every database can keep `text` as an id or a name."""
    if len(text) > LONGEST_NAME or "\0" in text:
        return False
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def _is_time(text: str) -> bool:
    try:
        moment(text)
    except ValueError:
        return False
    return True


def _json_text(value: Any) -> str:
    """JSON in the order of its keys, because a row is exported in the order of its columns."""
    try:
        text = _encoded(value)
    except ValueError:
        return canonical_json(value)  # makes null of what is no number
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")
