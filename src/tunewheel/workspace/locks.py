"""Locks between processes (and threads), let go by the system when their holder dies."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ..errors import Busy
from ..registry.canonical import utc_now
from ..registry.names import checked_slug

_PAUSE_SECONDS = 0.05


@dataclass(frozen=True)
class FolderLock:
    """Named locks, each a file in `folder`. The files stay; what counts is the lock on them."""

    folder: Path

    @contextmanager
    def hold(self, name: str, wait: float = 0.0) -> Iterator[None]:
        """Hold the lock `name`, waiting up to `wait` seconds. Raises `Busy` naming who holds it and since when."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{checked_slug(name, 'name of a lock')}.lock"
        # "a+" opens without emptying: the words in the file belong to the holder.
        with path.open("a+", encoding="utf-8") as stream:
            _acquire(stream, name, time.monotonic() + wait)
            _sign(stream)
            try:
                yield
            finally:
                stream.truncate(0)
                fcntl.flock(stream, fcntl.LOCK_UN)


def _acquire(stream: IO[str], name: str, deadline: float) -> None:
    while True:
        try:
            # flock, not lockf: it also keeps two threads of one process apart.
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise _busy(stream, name) from None
            time.sleep(_PAUSE_SECONDS)


def _sign(stream: IO[str]) -> None:
    """Write who holds the lock."""
    stream.truncate(0)
    stream.write(json.dumps({"pid": os.getpid(), "since": utc_now()}))
    stream.flush()


def _busy(stream: IO[str], name: str) -> Busy:
    stream.seek(0)
    try:
        holder = json.loads(stream.read())
        who = f"process {holder['pid']} since {holder['since']}"
    except (ValueError, KeyError, TypeError):
        # The holder has the lock and has not signed yet, or is just letting go.
        who = "another process"
    return Busy(f"the lock {name!r} is held by {who}.", mend="Wait for it to end, then try again.")
