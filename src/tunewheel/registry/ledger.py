"""The ledger: decisions in order, append-only, each entry chained to the one before by its hash."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ..errors import WorkspaceError
from .canonical import canonical_json

START = "0" * 64


@dataclass(frozen=True)
class Entry:
    """One decision: its number from 1, when (UTC), what kind, the facts, and the hashes that chain it."""

    number: int
    at: str
    kind: str
    facts: Mapping[str, Any]
    previous: str
    sha256: str


class Ledger(Protocol):
    """Where decisions are kept. Entries are never changed or removed."""

    def append(self, kind: str, facts: Mapping[str, Any]) -> Entry:
        """Add an entry; `facts` is plain JSON. Safe for several processes."""

    def entries(self, kind: str = "") -> Sequence[Entry]:
        """All entries, or those of one kind, oldest first."""

    def last(self) -> int:
        """The number of the newest entry; 0 when there is none. Cheap, for who asks whether there is a new one."""

    def verify(self) -> None:
        """Raise `WorkspaceError` naming the first entry that was changed, removed or put in."""


def chained(number: int, at: str, kind: str, facts: Mapping[str, Any], previous: str) -> Entry:
    """An entry with its hash: SHA-256 of the previous hash followed by the canonical JSON of the entry."""
    text = canonical_json({"number": number, "at": at, "kind": kind, "facts": facts})
    digest = hashlib.sha256((previous + text).encode("utf-8")).hexdigest()
    return Entry(number, at, kind, facts, previous, digest)


def verify_chain(entries: Iterable[Entry], length: int) -> None:
    """Raise `WorkspaceError` naming the first bad entry, or the first missing one of `length` entries."""
    previous, number = START, 0
    for number, entry in enumerate(entries, start=1):
        wanted = chained(number, entry.at, entry.kind, entry.facts, previous)
        if entry != wanted:
            raise _broken(number, "is missing" if entry.number != number else "was changed after it was written")
        previous = entry.sha256
    if number != length:
        raise _broken(number + 1, "is missing" if number < length else "was added from outside")


def _broken(number: int, what: str) -> WorkspaceError:
    return WorkspaceError(
        f"entry {number} of the ledger {what}; it and what follows cannot be trusted.",
        mend="Restore tunewheel.db from a copy, and find out who writes to it.",
    )
