"""Alone: whether anybody else computes with the same file at this moment, in this process or in another one.

A request that comes alone may use all cores; two that do so at once take longer than one after the other. Processes
tell each other by locks on the file that all of them read: that costs three calls of the system, needs nothing that
they share, and is gone with a process that dies.
"""

from __future__ import annotations

import os
import struct
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

# Locks of an open file (fcntl(2), "open file description locks"). Where there are none, nobody is ever alone.
KNOWN = hasattr(fcntl, "F_OFD_SETLK")
_LOCK = struct.Struct("hhqqi4x")


class Alone:
    """Who computes with the file at `path`. Nobody ever waits for anybody here."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self._file)
        self._guard = threading.Lock()
        self._inside = 0

    @contextmanager
    def inside(self) -> Iterator[bool]:
        """Compute, and hear whether nobody else does. Who comes meanwhile is not alone."""
        with self._guard:
            self._inside += 1
            alone = self._inside == 1 and self._seen_nobody()
        try:
            yield alone
        finally:
            with self._guard:
                self._inside -= 1
                if not self._inside and KNOWN:
                    with suppress(OSError):
                        self._set("F_UNLCK")

    def _seen_nobody(self) -> bool:
        """Be seen first and look then: of two who come together both may see the other, never neither."""
        if not KNOWN:
            return False
        try:
            self._set("F_RDLCK")
            found = fcntl.fcntl(self._file, fcntl.F_OFD_GETLK, _asked("F_WRLCK"))
        except OSError:  # a file system without such locks
            return False
        return int(_LOCK.unpack(found)[0]) == fcntl.F_UNLCK

    def _set(self, kind: str) -> None:
        fcntl.fcntl(self._file, fcntl.F_OFD_SETLK, _asked(kind))


def _asked(kind: str) -> bytes:
    return _LOCK.pack(getattr(fcntl, kind), os.SEEK_SET, 0, 1, 0)
