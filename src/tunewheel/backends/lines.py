"""What the journal keeps, as lines of its tables and back."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import Row

from ..errors import Problem, WorkspaceError
from ..feedback.journal import Asked, Drawn, Said
from ..registry.canonical import canonical_json

Noun = TypeVar("Noun", Asked, Said, Drawn)

# Ids and names are in indexes, and PostgreSQL refuses an index entry of more than 2,700 bytes.
LONGEST_NAME = 200
_NAMES = ("id", "version", "key", "who", "asked", "audit", "rival")
_SHARES = ("confidence", "probability")
_JSON = ("row", "answer", "probabilities", "value", "rival_answer")
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)


def moment(at: str) -> int:
    """Microseconds since 1970 of a time in ISO 8601; without a zone it is UTC. Raises `ValueError`."""
    time = datetime.fromisoformat(at)
    since = (time if time.tzinfo else time.replace(tzinfo=UTC)) - _FIRST
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def line(noun: Asked | Said | Drawn) -> dict[str, Any]:
    """The columns of what is to be kept; what is JSON as text."""
    columns = dict(vars(noun))
    for name in _JSON:
        if name in columns:
            columns[name] = _json_text(columns[name])
    if isinstance(noun, Asked):
        columns["moment"] = moment(noun.at)
    return columns


def noun(kind: type[Noun], found: Row[Any]) -> Noun:
    """What was kept, from its columns."""
    columns = found._mapping
    return kind(
        **{
            field.name: json.loads(columns[field.name]) if field.name in _JSON else columns[field.name]
            for field in fields(kind)
        }
    )


def check(nouns: Sequence[Asked | Said | Drawn]) -> None:
    """Raise `WorkspaceError` naming everything that no database could keep."""
    problems = [problem for each in nouns for problem in _problems(each)]
    if problems:
        raise WorkspaceError.of(problems)


def _problems(each: Asked | Said | Drawn) -> list[Problem]:
    columns = vars(each)
    place = str(columns.get("id") or columns.get("asked") or columns["key"])[:LONGEST_NAME]
    wrong = [name for name in _NAMES if name in columns and not is_name(columns[name])]
    found = [
        Problem(f"the {name} cannot be kept.", place, f"Give a text of at most {LONGEST_NAME} characters.")
        for name in wrong
    ]
    for name in _SHARES:
        if name in columns and not math.isfinite(columns[name]):
            found.append(Problem(f"the {name} is no number.", place, "Give a share of 1."))
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
        text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except ValueError:
        return canonical_json(value)  # makes null of what is no number
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")
