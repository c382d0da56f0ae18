"""What each column of a table holds, from a sample of its rows: the evidence for telling columns' roles."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..records import Row
from .cells import is_spans, is_tags, read_words, unwrap
from .column_names import rank
from .readers.pictures import is_picture, is_picture_name
from .table import Table

SAMPLED_ROWS = 5000
_MAGIC_BYTES = 16
_NUMBER = re.compile(r"\s*[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?\s*\Z", re.IGNORECASE)
_DATE = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}([ T]\d{1,2}:\d{2}(:\d{2})?.*)?\Z")
_LOCATION = re.compile(
    r"(https?://|www\.)\S+\Z|[\w./\\-]+\.(png|jpe?g|gif|bmp|webp|tiff?|wav|mp3|txt)\Z", re.IGNORECASE
)
_WRITTEN_TOGETHER = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]")


@dataclass(frozen=True)
class ColumnFacts:
    """One column. `kind` is text, number, flag, date, picture path, location, list (of words or labels), numbers,
    tags, spans, image, bytes, object or empty; `filled` counts sampled values that are not empty, `distinct` the
    different ones; `length` is their mean length in characters, `wordy` the share that reads like language.
    """

    name: str
    kind: str
    values: Sequence[Any] = field(repr=False)
    filled: int
    distinct: int
    length: float
    wordy: float

    @property
    def is_id(self) -> bool:
        """Names rows instead of describing them: different everywhere, no language in it."""
        if self.kind not in ("text", "number") or self.distinct < 0.98 * self.filled:
            return False
        named = rank("id", self.name) is not None
        if self.kind == "number" or named:
            return self.wordy < 0.5 and (named or self.filled > 2)
        digits = sum(any(character.isdigit() for character in str(value)) for value in self.values if value)
        return self.wordy < 0.05 and digits >= 0.5 * self.filled

    @property
    def repeats(self) -> bool:
        """Whether its values come again and again, as labels do."""
        return self.distinct <= max(2, self.filled / 2)

    def sample(self) -> str:
        """Two of its values, for people."""
        shown = dict.fromkeys(_shown(value) for value in self.values if not is_empty(value))
        return ", ".join(list(shown)[:2]) or "empty"


def column_facts(table: Table) -> list[ColumnFacts]:
    """Facts about every column, from at most `SAMPLED_ROWS` rows spread evenly over the table."""
    count = min(len(table), SAMPLED_ROWS)
    rows = table.select([place * len(table) // count for place in range(count)]).rows() if count else iter(())
    slim: list[Row] = [{name: _slim(value) for name, value in row.items()} for row in rows]
    return [_facts(name, [row.get(name) for row in slim]) for name in table.columns]


def are_twins(one: ColumnFacts, other: ColumnFacts) -> bool:
    """Whether each value of one column always stands beside the same value of the other."""
    if one.distinct != other.distinct or one.distinct < 2:
        return False
    return len({(repr(a), repr(b)) for a, b in zip(one.values, other.values, strict=True)}) == one.distinct


def is_empty(value: Any) -> bool:
    """None, NaN and blank text; an empty list is a value."""
    return value is None or value != value or (isinstance(value, str) and not value.strip())


def _slim(value: Any) -> Any:
    """Only the first bytes of a picture: enough to tell it."""
    return value[:_MAGIC_BYTES] if isinstance(value, bytes) else value


def _facts(name: str, values: list[Any]) -> ColumnFacts:
    filled = [value for value in values if not is_empty(value)]
    texts = [value if isinstance(value, str) else repr(value) for value in filled]
    return ColumnFacts(
        name=name,
        kind=_kind(filled),
        values=values,
        filled=len(filled),
        distinct=len(set(texts)),
        length=sum(map(len, texts)) / max(len(texts), 1),
        wordy=sum(map(_reads_like_language, texts)) / max(len(texts), 1),
    )


def _reads_like_language(text: str) -> bool:
    return " " in text.strip() or len(_WRITTEN_TOGETHER.findall(text)) >= 4


def _kind(filled: list[Any]) -> str:
    """The kind of nine values in ten. Empty lists fit every kind of list."""
    telling = [unwrap(value) for value in filled]
    telling = [value for value in telling if value != []]
    if not telling:
        return "list" if filled else "empty"
    for kind, fits in _KINDS.items():
        if sum(fits(value) for value in telling) >= 0.9 * len(telling) and _holds_a_tag(kind, telling):
            return kind
    return "mixed"


def _holds_a_tag(kind: str, values: list[Any]) -> bool:
    """A column of nothing but O is no column of tags."""
    return kind != "tags" or any(tag != "O" for value in values for tag in read_words(value))


def _is_list_of(value: Any, kinds: type | tuple[type, ...]) -> bool:
    return isinstance(value, list) and all(isinstance(item, kinds) for item in value)


def _matches(pattern: re.Pattern[str], value: Any) -> bool:
    return isinstance(value, str) and pattern.match(value.strip()) is not None


def _is_number(value: Any) -> bool:
    return (isinstance(value, int | float) and not isinstance(value, bool)) or _matches(_NUMBER, value)


_KINDS: Mapping[str, Any] = {
    "image": is_picture,
    "bytes": lambda value: isinstance(value, bytes),
    "flag": lambda value: isinstance(value, bool),
    "number": _is_number,
    "date": lambda value: _matches(_DATE, value) or hasattr(value, "isoformat"),
    "picture path": is_picture_name,
    "location": lambda value: _matches(_LOCATION, value),
    "tags": is_tags,
    "spans": lambda value: isinstance(value, list | dict) and is_spans(value),
    "list": lambda value: _is_list_of(value, str),
    "numbers": lambda value: _is_list_of(value, (int, float)),
    "object": lambda value: isinstance(value, list | dict),
    "text": lambda value: isinstance(value, str),
}


def _shown(value: Any) -> str:
    text = "a picture" if is_picture(value) else repr(value)
    return text if len(text) <= 50 else text[:47] + "..."
