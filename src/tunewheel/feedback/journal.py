"""The journal: what was asked and answered, what people said of it, which rows an audit drew; and what a store of it
must do.

Everything that concerns one answer is joined by the id that the client got with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

Role = Literal["live", "canary", "shadow"]
Kind = Literal["label", "thumb", "text"]
Origin = Literal["api", "import", "cli", "audit"]
Reason = Literal["random", "uncertain", "disagreement", "drifted"]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One answer that was given, or, in the role of a "shadow", only thought of.

    `row` is what was asked, as plain JSON values by column (empty where the client opted out of keeping it), `key` the
    content key of the example, `answer` a label, a list of labels or a list of spans. `at` is UTC, ISO 8601.
    """

    id: str
    at: str
    version: str
    role: Role = "live"
    key: str
    row: Mapping[str, Any]
    answer: Any
    confidence: float


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a person said of an answer or a row.

    `asked` is the id of the answer; empty for a row that was never asked. A "label" is the right answer as the task's
    label column would hold it, a "thumb" is True or False, a "text" is free text. `number` counts from 1 in the order
    of arrival; 0 before it is kept.
    """

    number: int = 0
    at: str
    who: str
    origin: Origin
    kind: Kind
    value: Any
    asked: str = ""
    key: str
    row: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A row that an audit drew for a person to label, and with which probability it was to be drawn.

    `audit` names the drawing, `population` is among how many rows it was drawn. `answer` is what `version` said of it,
    `rival_answer` what `rival` (a candidate; empty: none) said. `number` counts from 1; 0 before it is kept.
    """

    number: int = 0
    at: str
    audit: str
    population: int
    asked: str
    key: str
    row: Mapping[str, Any]
    version: str
    answer: Any
    confidence: float
    rival: str = ""
    rival_answer: Any = None
    probability: float
    why: Reason


class Journal(Protocol):
    """Where all this is kept. Safe for several processes; a call is kept whole or not at all."""

    def keep(self, asked: Sequence[Asked]) -> int:
        """Keep answers; those whose id (and role) is there already change nothing. Gives how many were new."""

    def asked(
        self, since: str = "", until: str = "", version: str = "", role: Role | None = None, most: int | None = None
    ) -> Iterator[Asked]:
        """The answers given from `since` on and before `until` (UTC, ISO 8601), oldest first; with `most` only the
        newest so many, oldest first."""

    def count(self, since: str = "", until: str = "", version: str = "", role: Role | None = None) -> int:
        """How many answers `asked` would give."""

    def find(self, ids: Iterable[str]) -> Mapping[str, Asked]:
        """The answers that were given (not those of a shadow) under these ids."""

    def say(self, said: Sequence[Said]) -> int:
        """Keep what people said. Gives the number of the last of it."""

    def said(self, after: int = 0, kind: Kind | None = None, rows: bool = True) -> Iterator[Said]:
        """What people said after the number `after`, in order of arrival; without `rows` each `row` is empty, which is
        quicker."""

    def last(self) -> int:
        """The number of the last of what people said; 0 when nobody has said anything."""

    def draw(self, drawn: Sequence[Drawn]) -> int:
        """Keep what an audit drew. Gives the number of the last of it."""

    def drawn(self, audit: str = "") -> Sequence[Drawn]:
        """What audits drew, of one or of all, in order. A row counts as labelled when a "label" of origin "audit" was
        said under its `asked` id."""

    def forget(self, before: str) -> int:
        """Remove what was asked before this time (UTC, ISO 8601) and nobody said anything of, and empty the `row` of
        what audits drew from it. Gives how many answers."""

    def erase(self, key: str) -> int:
        """Empty the `row` of everything that has this content key, what audits drew among it: what a person may ask
        for. Gives how many."""

    def counts(self) -> Mapping[str, int]:
        """How many there are by name: "asked", "said", "drawn"."""
