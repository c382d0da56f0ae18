"""Row, Source, Example and what an example can hold: text, words, a picture; spans of text."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a row came from: a file and the row number a person would look for (a spreadsheet's, from 1).

    `file` is the short name, for sentences; `path` is what the user called the file, for commands.
    """

    file: str = ""
    row: int = 0
    path: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"{self.file} row {self.row}" if self.row else self.file


@dataclass(frozen=True, slots=True)
class Span:
    """A labelled stretch of text: characters `start` (included) to `end` (excluded)."""

    start: int
    end: int
    label: str
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Words:
    """A text and where its words lie: `bounds[i]` is the (start, end) of word i in characters."""

    text: str
    bounds: tuple[tuple[int, int], ...]

    def __len__(self) -> int:
        return len(self.bounds)

    def words(self) -> list[str]:
        return [self.text[start:end] for start, end in self.bounds]


@dataclass(frozen=True, slots=True)
class Picture:
    """An encoded image (PNG, JPEG, ...), decoded only when it is needed."""

    data: bytes = field(repr=False)
    name: str = ""


@dataclass(frozen=True, slots=True)
class Example:
    """A parsed row: what the model reads, what it should answer (None: unknown), and where it came from.

    `content` is a str, `Words` or `Picture`; `target` is the task's own kind. `columns` keeps the other
    columns of the row, for slices, groups and time.
    """

    content: Any
    target: Any = None
    source: Source = Source()
    columns: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Content hash: the identity of an example across files, runs and machines (16 hex digits)."""
        return content_key(self.content)

    @property
    def text(self) -> str:
        """What a person reads of it: the text, or the picture's name."""
        return str(getattr(self.content, "text", None) or getattr(self.content, "name", None) or self.content)


def content_key(content: Any) -> str:
    """First 16 hex digits of the SHA-256 of a text or of a picture's bytes."""
    data = getattr(content, "data", None)
    if not isinstance(data, bytes):
        data = str(getattr(content, "text", content)).encode("utf-8", "surrogatepass")
    return hashlib.sha256(data).hexdigest()[:16]
