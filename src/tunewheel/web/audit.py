"""Audit: a line of JSON for every request that is not a probe: when, who, what, what came of it. Never its contents."""

from __future__ import annotations

import json
import os
import threading
import time
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from ..serving.priority import give_way
from .fields import address_of
from .security import OPEN_ROUTES
from .sent import Sent

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

MOST_BYTES = 50_000_000
MOST_WAITING = 10_000
# How often waiting lines are written, and how many at a time.
WRITE_SECONDS, LINES = 0.2, 16
LONGEST_PATH = 200

# When, what, and what there is to say of it.
_Line = tuple[float, str, dict[str, Any]]


class AuditLog:
    """Appends lines to `path`; a full file becomes `NAME.1`, so that at most two of `MOST_BYTES` are kept.

    A thread of its own writes what has come every `WRITE_SECONDS`: no request waits for the disk, and none wakes a
    thread, which would cost it more than all the rest of a line. A full disk stops nobody: what cannot be written is
    dropped and counted in `dropped`. Several processes may write to one file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._waiting: deque[_Line] = deque()
        self._closed = threading.Event()
        self.dropped = 0
        self._thread = threading.Thread(target=self._run, name="tunewheel-audit", daemon=True)
        self._thread.start()

    def note(self, what: str, **facts: Any) -> None:
        """One line, with the time in UTC."""
        if len(self._waiting) >= MOST_WAITING:
            self.dropped += 1
        else:
            self._waiting.append((time.time(), what, facts))

    def close(self) -> None:
        """Write what waits, and end."""
        self._closed.set()
        self._thread.join()

    def _run(self) -> None:
        give_way()
        ended = False
        while not ended:
            ended = self._closed.wait(WRITE_SECONDS)
            while self._waiting:
                self._write([self._waiting.popleft() for _ in range(min(len(self._waiting), LINES))])

    def _write(self, lines: Sequence[_Line]) -> None:
        """Several lines at once, which other processes' lines do not come between."""
        text = "".join(map(_as_json, lines)).encode()
        try:
            if self._path.exists() and self._path.stat().st_size > MOST_BYTES:
                self._set_aside()
            with self._path.open("ab", buffering=0) as file:
                whole = file.write(text) == len(text)
        except OSError:
            whole = False
        self.dropped += 0 if whole else len(lines)

    def _set_aside(self) -> None:
        """The full file becomes the old one. Of several processes that see it one does it: for the others there is a
        new file by then, which they must not set aside."""
        with self._path.open("rb") as full:
            if fcntl is not None:
                fcntl.flock(full, fcntl.LOCK_EX)
            if os.path.samestat(os.fstat(full.fileno()), self._path.stat()):
                self._path.replace(self._path.with_name(f"{self._path.name}.1"))


def _as_json(line: _Line) -> str:
    at, what, facts = line
    when = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    return json.dumps({"at": when, "what": what, **facts}, ensure_ascii=True) + "\n"


class Audited:
    """ASGI: notes every request but those of the page and the probes, refused ones too."""

    def __init__(self, app: ASGIApp, log: AuditLog) -> None:
        self.app = app
        self.log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in OPEN_ROUTES:
            await self.app(scope, receive, send)
            return
        sent = Sent(send)
        started = time.perf_counter()
        try:
            await self.app(scope, receive, sent)
        finally:
            self._note(scope, sent.status, time.perf_counter() - started)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        self.log.note(
            "request",
            client=address_of(scope),
            token=scope.get("token", ""),
            method=scope["method"],
            path=scope["path"][:LONGEST_PATH],
            status=status,
            rows=scope.get("rows", 0),
            version=scope.get("version", ""),
            ms=round(1000 * seconds, 1),
        )
