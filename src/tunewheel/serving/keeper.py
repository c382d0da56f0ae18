"""Keeper: writes the answers of a server into the journal, behind the back of the requests."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ..feedback.journal import Asked, Journal, Role
from ..feedback.kept import answer_of, is_sampled, plain_row
from ..feedback.options import JournalOptions
from ..records import Example, Row
from .present import Answer
from .priority import give_way

_log = logging.getLogger("tunewheel.journal")

# Written together are so many answers, or as many as have come in so long.
BATCH_ROWS, BATCH_SECONDS = 200, 0.5
WAITING_BYTES = 64_000_000
FORGET_SECONDS = 6 * 3_600.0
# What could not be kept is said so often at most.
SAY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class _Noted:
    """An answer on its way. `wanted` is false where the client opted out of having its row kept."""

    answer: Answer
    row: Row
    example: Example
    version: str
    role: Role
    at: float
    wanted: bool


class Keeper:
    """Keeps a share of the answers in a thread of its own: no request ever waits for the database.

    What cannot be written (the line is full, the database is away) is dropped, counted and said in the log. `kept` and
    `dropped` count; who wants to hear of it as it happens is `told`, with the same two names.
    """

    def __init__(self, journal: Journal, options: JournalOptions | None = None) -> None:
        self.options = options or JournalOptions()
        self.kept = self.dropped = 0
        self.told: Callable[[str, int], None] = lambda name, count: None
        self._journal = journal
        self._waiting: list[_Noted] = []
        self._bytes = self._unsaid = 0
        self._busy = self._hurry = self._closed = False
        self._said_at = self._forgot_at = -float("inf")
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="tunewheel-keeper", daemon=True)
        self._thread.start()

    def note(
        self, rows: Sequence[Row], examples: Sequence[Example], answers: Sequence[Answer], version: str,
        role: Role = "live", *, wanted: bool = True,
    ) -> None:  # fmt: skip
        """Keep these answers soon, those of them that belong to the share that is kept. Returns at once."""
        at, share = time.time(), self.options.keep
        noted = [
            _Noted(answer, row, example, version, role, at, wanted)
            for row, example, answer in zip(rows, examples, answers, strict=True)
            if is_sampled(answer["id"], share)
        ]
        size = sum(_size(each.example) for each in noted)
        with self._changed:
            full = len(self._waiting) + len(noted) > self.options.waiting_rows or self._bytes + size > WAITING_BYTES
            if self._closed or full:
                return self._drop(len(noted))
            self._waiting += noted
            self._bytes += size
            if len(self._waiting) >= BATCH_ROWS:
                self._changed.notify_all()
        return None

    def flush(self, seconds: float) -> bool:
        """Write what waits now; True when that was done within `seconds`."""
        with self._changed:
            self._hurry = True
            self._changed.notify_all()
            return self._changed.wait_for(lambda: not self._waiting and not self._busy, seconds)

    def close(self, seconds: float) -> bool:
        """Take nothing more, write what waits, and end; True when that was done within `seconds`."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join(seconds)
        with self._changed:
            left, self._waiting = len(self._waiting), []
            self._drop(left)
        if self._unsaid:
            self._say("the server stopped")
        return not left and not self._thread.is_alive()

    def _run(self) -> None:
        give_way()
        while (batch := self._next()) is not None:
            if batch:
                self._write(batch)
            self._forget()
            with self._changed:
                self._busy = False
                self._changed.notify_all()

    def _next(self) -> list[_Noted] | None:
        """What has come in, perhaps nothing; None when nothing more will."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._closed or self._hurry or len(self._waiting) >= BATCH_ROWS, BATCH_SECONDS
            )
            if self._closed and not self._waiting:
                return None
            taken, self._waiting = self._waiting[:BATCH_ROWS], self._waiting[BATCH_ROWS:]
            self._bytes -= sum(_size(each.example) for each in taken)
            self._hurry = self._hurry and bool(self._waiting)
            self._busy = bool(taken)
            return taken

    def _write(self, noted: Sequence[_Noted]) -> None:
        try:
            self._journal.keep([self._asked(each) for each in noted])
        except Exception as error:  # whatever the database does, the next answers are tried again
            with self._changed:
                self._drop(len(noted))
            return self._say(str(error))
        self.kept += len(noted)
        self.told("kept", len(noted))
        if self._unsaid:
            self._say("more came than could be written")
        return None

    def _asked(self, noted: _Noted) -> Asked:
        answer = noted.answer
        return Asked(
            id=answer["id"],
            at=_utc(noted.at),
            version=noted.version,
            role=noted.role,
            key=noted.example.key if noted.wanted else "",
            row=plain_row(noted.row, self.options) if noted.wanted else {},
            answer=answer_of(answer),
            confidence=answer["confidence"],
        )

    def _drop(self, count: int) -> None:
        self.dropped += count
        self._unsaid += count
        if count:
            self.told("dropped", count)

    def _say(self, why: str) -> None:
        if time.monotonic() < self._said_at + SAY_SECONDS and not self._closed:
            return
        unsaid, self._unsaid, self._said_at = self._unsaid, 0, time.monotonic()
        _log.warning("%d answers were not kept in the journal: %s", unsaid, why)

    def _forget(self) -> None:
        """Remove what is older than it may be, now and then."""
        if time.monotonic() < self._forgot_at + FORGET_SECONDS:
            return
        self._forgot_at = time.monotonic()
        try:
            self._journal.forget(_utc(time.time() - timedelta(days=self.options.days).total_seconds()))
        except Exception as error:
            _log.warning("old answers stay in the journal for now: %s", error)


def _size(example: Example) -> int:
    """About how many bytes an example holds."""
    content: Any = example.content
    return len(getattr(content, "data", None) or getattr(content, "text", None) or content)


def _utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
