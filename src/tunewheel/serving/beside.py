"""Beside: asks another version about what was answered, later and on what is left of the machine."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..feedback.alike import alike
from ..feedback.kept import answer_of
from .intake import only_content
from .present import Answer
from .priority import BACKGROUND, give_way
from .service import Service

_log = logging.getLogger("tunewheel.serving")

ENDS = ("agreed", "differed", "failed", "dropped")
# So much may wait; what comes then is left out.
WAITING_ROWS, WAITING_BYTES = 1_000, 16_000_000
# How often it is looked whether a request is being answered.
BUSY_SECONDS = 0.002


@dataclass(frozen=True, slots=True)
class _Second:
    """A row that `service` is to be asked about, what was answered, and whether the row may be kept."""

    service: Service
    row: Mapping[str, Any]
    answer: Answer
    keep: bool


class Beside:
    """Asks in a thread of its own, one row at a time, and only while nobody is being answered (`idle`).

    What it hears is noted in the journal under the id of the first answer, in the role "shadow". `ends` counts what
    became of the rows: the answers "agreed" or "differed", asking "failed", or it was "dropped" because too much waits.
    """

    def __init__(self, idle: Callable[[], bool]) -> None:
        self.ends: Counter[str] = Counter(dict.fromkeys(ENDS, 0))
        self._idle = idle
        self._waiting: deque[_Second] = deque()
        self._bytes = 0
        self._closed = False
        self._changed = threading.Condition()
        self._taken = (0, 0)
        threading.Thread(target=self._run, name="tunewheel-beside", daemon=True).start()

    def offer(
        self, service: Service, rows: Sequence[Mapping[str, Any]], answers: Sequence[Answer], *, keep: bool = True
    ) -> None:  # fmt: skip
        """Ask `service` about these rows, too, some time. They were admitted. Returns at once."""
        rows = [only_content(row, service.columns) for row in rows]
        size = sum(map(_size, rows))
        with self._changed:
            full = len(self._waiting) + len(rows) > WAITING_ROWS or self._bytes + size > WAITING_BYTES
            if full or self._closed:
                self.ends["dropped"] += len(rows)
                return
            self._bytes += size
            self._waiting.extend(_Second(service, *pair, keep) for pair in zip(rows, answers, strict=True))
            self._changed.notify()

    def take(self) -> tuple[int, int]:
        """How many rows both have answered since the last call, and how many of them differently."""
        now = (self.ends["agreed"] + self.ends["differed"], self.ends["differed"])
        before, self._taken = self._taken, now
        return now[0] - before[0], now[1] - before[1]

    def close(self) -> None:
        """Ask nothing more."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify()

    def _run(self) -> None:
        give_way(BACKGROUND)
        while (second := self._next()) is not None:
            while not self._idle():
                time.sleep(BUSY_SECONDS)
                if self._closed:
                    return
            started = time.monotonic()
            self._ask(second)
            time.sleep(time.monotonic() - started)  # never more than half of a core

    def _next(self) -> _Second | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            if self._closed:
                return None
            second = self._waiting.popleft()
            self._bytes -= _size(second.row)
            return second

    def _ask(self, second: _Second) -> None:
        try:
            answer = second.service.think(second.row, second.answer["id"], keep=second.keep)
        except Exception as error:  # whatever a version does that nobody is served by, it harms nobody
            if not self.ends["failed"]:
                _log.warning("%s cannot answer what was asked beside it: %s", second.service.version, error)
            self.ends["failed"] += 1
            return
        same = alike(answer_of(answer), answer_of(second.answer))
        self.ends["agreed" if same else "differed"] += 1


def _size(row: Mapping[str, Any]) -> int:
    """About how many bytes the content of a row holds: a text or a picture in base64, or words."""
    return sum(len(value) if isinstance(value, str) else sum(map(len, value)) for value in row.values())
