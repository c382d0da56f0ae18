"""A journal in memory, and answers and remarks to fill it with."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tunewheel.feedback.journal import Asked, Drawn, Kind, Role, Said
from tunewheel.records import content_key


class MemoryJournal:
    """Obeys `feedback.journal.Journal`. While `away` is set, every call raises it; `written` lists sizes of `keep`."""

    def __init__(self) -> None:
        self._asked: dict[tuple[str, str], Asked] = {}
        self._said: list[Said] = []
        self._drawn: list[Drawn] = []
        self._lock = threading.Lock()
        self.away: Exception | None = None
        self.written: list[int] = []

    def keep(self, asked: Sequence[Asked]) -> int:
        self._check()
        with self._lock:
            new = {(one.id, one.role): one for one in asked if (one.id, one.role) not in self._asked}
            self._asked |= new
            self.written.append(len(asked))
            return len(new)

    def asked(
        self, since: str = "", until: str = "", version: str = "", role: Role | None = None, most: int | None = None
    ) -> Iterator[Asked]:
        found = [
            one
            for one in self._asked.values()
            if since <= one.at and (not until or one.at < until) and version in ("", one.version)
            if role in (None, one.role)
        ]
        found.sort(key=lambda one: one.at)
        yield from found if most is None else found[max(len(found) - most, 0) :]

    def count(self, since: str = "", until: str = "", version: str = "", role: Role | None = None) -> int:
        return len(list(self.asked(since, until, version, role)))

    def find(self, ids: Iterable[str]) -> Mapping[str, Asked]:
        self._check()
        wanted = set(ids)
        with self._lock:
            return {one.id: one for one in self._asked.values() if one.id in wanted and one.role != "shadow"}

    def say(self, said: Sequence[Said]) -> int:
        self._check()
        with self._lock:
            self._said += [replace(one, number=len(self._said) + n) for n, one in enumerate(said, 1)]
            return len(self._said)

    def said(self, after: int = 0, kind: Kind | None = None, rows: bool = True) -> Iterator[Said]:
        found = (one for one in self._said[after:] if kind in (None, one.kind))
        yield from found if rows else (replace(one, row={}) for one in found)

    def last(self) -> int:
        return len(self._said)

    def draw(self, drawn: Sequence[Drawn]) -> int:
        self._drawn += [replace(one, number=len(self._drawn) + n) for n, one in enumerate(drawn, 1)]
        return len(self._drawn)

    def drawn(self, audit: str = "") -> Sequence[Drawn]:
        return [one for one in self._drawn if audit in ("", one.audit)]

    def forget(self, before: str) -> int:
        spoken = {one.asked for one in self._said}
        old = [key for key, one in self._asked.items() if one.at < before and one.id not in spoken]
        for key in old:
            del self._asked[key]
        kept = spoken | {one.id for one in self._asked.values()}
        self._drawn = [one if one.asked in kept else replace(one, row={}) for one in self._drawn]
        return len(old)

    def erase(self, key: str) -> int:
        self._asked = {place: replace(one, row={}) if one.key == key else one for place, one in self._asked.items()}
        self._said = [replace(one, row={}) if one.key == key else one for one in self._said]
        self._drawn = [replace(one, row={}) if one.key == key else one for one in self._drawn]
        return 0

    def counts(self) -> Mapping[str, int]:
        return {"asked": len(self._asked), "said": len(self._said), "drawn": len(self._drawn)}

    def _check(self) -> None:
        if self.away is not None:
            raise self.away


def asked(text: str, answer: Any = "cards", identity: str = "", at: str = "2026-11-01T10:00:00Z", **more: Any) -> Asked:
    """An answer to a text."""
    return Asked(
        id=identity or f"a-{text}", at=at, version="v0001", key=content_key(text), row={"text": text}, answer=answer,
        confidence=0.9, **more,
    )  # fmt: skip


def said(text: str, value: Any, who: str = "anna", number: int = 1, **more: Any) -> Said:
    """A label for a text, said in minute `number` of an hour."""
    given = {"origin": "api", "kind": "label", "at": f"2026-11-02T10:{number:02d}:00Z", "key": content_key(text)}
    return Said(**{**given, "number": number, "who": who, "value": value, "row": {"text": text}, **more})
