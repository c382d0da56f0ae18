"""Spill: a folder for what memory does not hold.

It goes with who made it; what a killed process left goes with the next that makes one in the same place.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import weakref
from contextlib import suppress
from pathlib import Path

PREFIX, HELD = "tunewheel-rows-", "held"


class Spill:
    """A new folder (`path`) within `place`, or the system's temporary folder; removed when this object goes."""

    def __init__(self, place: Path | None = None) -> None:
        if place is not None:
            place.mkdir(parents=True, exist_ok=True)
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
        # The lock is taken under another name: whoever sees the file HELD sees it locked, or left by the dead.
        fresh = self.path / f"{HELD}.new"
        lock = os.open(fresh, os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fresh.rename(self.path / HELD)
        weakref.finalize(self, _remove, self.path, lock, os.getpid())
        _clear(self.path.parent)


def _remove(path: Path, lock: int, owner: int) -> None:
    os.close(lock)
    if os.getpid() == owner:  # a forked child leaves what its parent works with
        shutil.rmtree(path, ignore_errors=True)


def _clear(place: Path) -> None:
    """Remove the folders in `place` that nobody holds any more."""
    for folder in place.glob(f"{PREFIX}*"):
        with suppress(OSError):  # it has just gone, belongs to somebody else, or is held
            lock = os.open(folder / HELD, os.O_RDWR)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)
