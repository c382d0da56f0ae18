"""A file that grows piece by piece beside its target and becomes it at the end; a crash costs the last second only.

Beside `out.csv` stand `.out.csv.partial`, which also carries the lock, and `.out.csv.partial.json`, the journal: how
many rows and bytes are surely on the disk, and what makes a later run the same run.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from io import FileIO
from pathlib import Path
from typing import Any

from ..errors import Busy, ServingError
from ..registry.durable import sync
from .say import Say

Sameness = Mapping[str, Any]
# To wait for the disk after every piece would take longer than a fast model takes to answer it.
KEEP_SECONDS = 1.0
_SHOWN_CHARACTERS = 40  # a longer value (a hash, a list of columns) says nothing to a person


@dataclass(frozen=True)
class Standing:
    """What a partial file holds: rows, how many of them have an error, bytes."""

    rows: int = 0
    failed: int = 0
    size: int = 0


class PartialFile:
    """The growing file, locked. `standing` is what was written into it; a new one is empty."""

    def __init__(self, file: FileIO, target: Path, same: Sameness) -> None:
        self.target = target
        self.standing = Standing()
        self._file = file
        self._same = dict(same)
        self._path, self._journal = _places(target)
        self._kept, self._kept_at = Standing(), time.monotonic()  # what is surely on the disk, and since when

    def go_on(self) -> str:
        """Take up what an earlier run left, if that was the same; else say why not ("" where nothing was left)."""
        found, why = _noted(self._journal, os.fstat(self._file.fileno()).st_size, self._same)
        with self._told():
            self.standing = self._kept = found
            if not found.size:
                # First of all: with new bytes in the file the old journal would lie.
                self._journal.unlink(missing_ok=True)
                sync(self.target.parent)
            self._file.truncate(found.size)
            self._keep()
        return why

    def append(self, data: bytes, rows: int = 0, failed: int = 0) -> None:
        """Write a piece; about once a second have the disk keep all. Raises `ServingError` when the disk refuses."""
        before = self.standing
        with self._told():
            _write_all(self._file, data)
            self.standing = Standing(before.rows + rows, before.failed + failed, before.size + len(data))
            if time.monotonic() - self._kept_at >= KEEP_SECONDS:
                self._keep()

    def finish(self) -> None:
        """Put the file in its place. In this order a crash in between loses nothing."""
        with self._told():
            self._keep()
            self._path.replace(self.target)
            sync(self.target.parent)
            self._journal.unlink(missing_ok=True)

    def leave(self) -> str:
        """What a failure leaves, as a sentence; a file without rows is not worth keeping."""
        with suppress(OSError):  # a full disk: what was kept before stays
            self._keep()
        if self._kept.rows:
            return f"{self._kept.rows:,} rows are kept. Start the same command again: it goes on after them."
        with suppress(OSError):
            self._journal.unlink(missing_ok=True)
            self._path.unlink(missing_ok=True)
        return ""

    def _keep(self) -> None:
        """Have the disk keep what was written, and note it."""
        os.fsync(self._file.fileno())
        _write_journal(self._journal, {"pid": os.getpid(), **asdict(self.standing), "same": self._same})
        self._kept, self._kept_at = self.standing, time.monotonic()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What the disk refuses, as a sentence."""
        try:
            yield
        except OSError as error:
            mend = " ".join(["Make room or mend the permissions.", self.leave()]).strip()
            raise ServingError(f"it cannot be written: {_reason(error)}", where=str(self.target), mend=mend) from error


@contextmanager
def partial_file(target: Path, same: Sameness, say: Say) -> Iterator[PartialFile]:
    """The partial file of `target`, taken up where an earlier run with the same `same` left it; says so.

    It becomes `target` when the block ends well. When anything fails its rows are kept for the same command.
    Raises `Busy` while another process writes it, and `ServingError` when the disk refuses.
    """
    with _locked(target) as file:
        partial = PartialFile(file, target, same)
        if why := partial.go_on():
            say.line(why)
        try:
            yield partial
        except ServingError:
            raise  # says itself what is kept
        except BaseException:
            if kept := partial.leave():
                say.line(kept)
            raise
        partial.finish()


def _places(target: Path) -> tuple[Path, Path]:
    """The partial file and its journal."""
    return target.with_name(f".{target.name}.partial"), target.with_name(f".{target.name}.partial.json")


def _locked(target: Path) -> FileIO:
    """The partial file, open and locked; the system lets go when its holder dies."""
    path, journal = _places(target)
    while True:
        try:
            file = FileIO(path, "a+")
        except OSError as error:
            raise ServingError(f"it cannot be written: {_reason(error)}", where=str(target)) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise _busy(target, journal) from None
        if _is_at(path, file):
            return file
        file.close()  # its writer finished just now, and what we opened is the finished file


def _is_at(path: Path, file: FileIO) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def _busy(target: Path, journal: Path) -> Busy:
    try:
        who = f"process {int(json.loads(journal.read_bytes())['pid'])}"
    except (OSError, ValueError, KeyError, TypeError):
        who = "another process"  # it has written nothing yet
    return Busy(f"{who} is writing this file.", where=str(target), mend="Wait for it to end, or name another file.")


def _noted(journal: Path, size: int, same: Sameness) -> tuple[Standing, str]:
    """Where to go on, or an empty standing and why nothing that was left can be used."""
    if not size:
        return Standing(), ""  # nothing was left, whatever a journal says
    try:
        noted = json.loads(journal.read_bytes())
        standing = Standing(**{name: int(noted[name]) for name in ("rows", "failed", "size")})
        then = dict(noted["same"])
    except FileNotFoundError:
        return Standing(), ""
    except (ValueError, KeyError, TypeError):
        return Standing(), "What an earlier run left is not used: its journal is damaged."
    changes = _changes(then, json.loads(json.dumps(same)))
    if standing.size > size:
        changes.insert(0, "a part of it is missing")
    if not standing.rows:
        return (Standing() if changes else standing), ""
    if changes:
        return Standing(), f"The {standing.rows:,} rows of an earlier run are not used: {'; '.join(changes)}."
    return standing, ""


def _changes(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What differs, as parts of a sentence."""
    return [_change(name, then.get(name), value) for name, value in now.items() if then.get(name) != value]


def _change(name: str, then: Any, now: Any) -> str:
    short = all(isinstance(value, str) and 0 < len(value) <= _SHOWN_CHARACTERS for value in (then, now))
    return f"the {name} was {then} and is {now}" if short else f"the {name} changed"


def _write_all(file: FileIO, data: bytes) -> None:
    rest = memoryview(data)
    while rest:  # a disk that fills up takes a part, and refuses the next
        rest = rest[file.write(rest) :]


def _write_journal(path: Path, content: Mapping[str, Any]) -> None:
    """Replace the journal in one step."""
    new = path.with_name(f"{path.name}.new")
    try:
        with new.open("wb") as file:
            file.write(json.dumps(content, ensure_ascii=False).encode("utf-8", "surrogatepass"))
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def _reason(error: OSError) -> str:
    return f"{(error.strerror or str(error)).rstrip('.').lower()}."
