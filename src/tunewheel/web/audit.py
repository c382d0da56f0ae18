"""Audit: a line of JSON for every request that is not a probe: when, who, what, what came of it. Never its contents."""

from __future__ import annotations

import json
import logging
import logging.handlers
import queue
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from .security import OPEN_ROUTES
from .sent import Sent

MOST_BYTES = 50_000_000
MOST_WAITING = 10_000
LONGEST_PATH = 200


class AuditLog:
    """Appends lines to `path`; a full file becomes `NAME.1`, so that at most two of `MOST_BYTES` are kept.

    A thread of its own writes, so that no request waits for the disk, and a full disk stops nobody: what cannot be
    written is dropped and counted in `dropped`. Several processes may write to one file.
    """

    def __init__(self, path: Path) -> None:
        self._waiting: queue.Queue[logging.LogRecord] = queue.Queue(MOST_WAITING)
        self._handler = _Appending(path)
        self._listener = logging.handlers.QueueListener(self._waiting, self._handler)
        self._listener.start()
        self._unqueued = 0

    @property
    def dropped(self) -> int:
        """Lines that could not be written."""
        return self._handler.failed + self._unqueued

    def note(self, what: str, **facts: Any) -> None:
        """One line, with the time in UTC."""
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"at": at, "what": what, **facts}, ensure_ascii=True)
        try:
            self._waiting.put_nowait(logging.makeLogRecord({"msg": line}))
        except queue.Full:
            self._unqueued += 1

    def close(self) -> None:
        """Write what waits, and end."""
        self._listener.stop()
        self._handler.close()


class _Appending(logging.handlers.WatchedFileHandler):
    """Opens the file anew when it was moved, and moves it when it is full."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, encoding="utf-8", delay=True)
        self._path = path
        self.failed = 0

    def emit(self, record: logging.LogRecord) -> None:
        try:
            if self._path.exists() and self._path.stat().st_size > MOST_BYTES:
                self._path.replace(self._path.with_name(f"{self._path.name}.1"))
            super().emit(record)
        except OSError:
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:
        """Nobody is stopped by a full disk."""
        self.failed += 1


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
            client=str((scope.get("client") or ("unknown",))[0]),
            token=scope.get("token", ""),
            method=scope["method"],
            path=scope["path"][:LONGEST_PATH],
            status=status,
            rows=scope.get("rows", 0),
            version=scope.get("version", ""),
            ms=round(1000 * seconds, 1),
        )
