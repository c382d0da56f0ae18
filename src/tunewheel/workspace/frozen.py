"""Frozen test sets: kept at the first run, checked at every opening, never replaced."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import FrozenTestChanged, WorkspaceError
from ..registry.canonical import utc_now
from ..registry.durable import atomic_folder, file_sha256, remove_partial
from ..registry.frozen import Seal, SealStore
from ..registry.names import checked_slug
from .columns import content_sha256, read_rows, write_rows
from .locks import FolderLock

FORMAT = 1
ROWS, DESCRIPTION = "rows.parquet", "test.json"
_WAIT_SECONDS = 60.0


@dataclass(frozen=True)
class FrozenTest:
    """A frozen test set. `sha256` is the hash of its content, `keys` the content keys of its examples.

    `facts` are what the caller knew at freezing: the task, the fingerprint of the source file, ...
    """

    name: str
    sha256: str
    keys: frozenset[str] = field(repr=False)
    created: str
    facts: Mapping[str, Any]
    path: Path

    def rows(self) -> list[dict[str, Any]]:
        """The raw rows, in the order in which they were frozen; every row has every column."""
        return read_rows(self.path / ROWS)


@dataclass(frozen=True)
class FrozenTests:
    """The frozen test sets in `folder`; the database holds a seal of each, so that an edit shows."""

    folder: Path
    seals: SealStore
    locks: FolderLock

    def find(self, name: str) -> FrozenTest | None:
        """The frozen test set of this name, or None. Raises `FrozenTestChanged` when a byte of it was changed."""
        checked_slug(name, "name of a test set")
        seal = self.seals.sealed(name)
        return None if seal is None else _opened(self.folder / name, seal.sha256)

    def freeze(
        self, name: str, rows: Sequence[Mapping[str, Any]], keys: Sequence[str], facts: Mapping[str, Any]
    ) -> FrozenTest:
        """Freeze `rows` under `name`; when the name is taken, what was frozen first is returned instead.

        Raises `WorkspaceError` when there are no rows, `FrozenTestChanged` when the frozen rows were changed.
        """
        checked_slug(name, "name of a test set")
        if not any(rows):
            raise WorkspaceError(f"the test set {name!r} has no rows.", mend="Give a file with more rows.")
        with self.locks.hold("tests", wait=_WAIT_SECONDS):
            return self.find(name) or self._frozen(name, rows, keys, facts)

    def _frozen(
        self, name: str, rows: Sequence[Mapping[str, Any]], keys: Sequence[str], facts: Mapping[str, Any]
    ) -> FrozenTest:
        folder = self.folder / name
        remove_partial(self.folder)
        # A folder without a seal was written by a run that died before it could seal it: it was first, so it holds.
        if not folder.exists():
            with atomic_folder(folder) as temporary:
                write_rows(temporary / ROWS, rows)
                description = _description(name, rows, keys, facts, file_sha256(temporary / ROWS))
                (temporary / DESCRIPTION).write_text(description, encoding="utf-8")
        seal = Seal(name, file_sha256(folder / DESCRIPTION), utc_now())
        test = _opened(folder, seal.sha256)
        self.seals.seal(seal)
        return test


def _description(
    name: str, rows: Sequence[Mapping[str, Any]], keys: Sequence[str], facts: Mapping[str, Any], rows_sha256: str
) -> str:
    """The text of `test.json`; it names the hash of the rows file, so that its own hash seals both."""
    described = {
        "format": FORMAT,
        "name": name,
        "sha256": content_sha256(rows),
        "created": utc_now(),
        "rows": len(rows),
        "rows_sha256": rows_sha256,
        "facts": dict(facts),
        "keys": list(keys),
    }
    return json.dumps(described, indent=1) + "\n"


def _opened(folder: Path, seal: str) -> FrozenTest:
    """The test set in `folder`, if both of its files are what was sealed."""
    description = _unchanged(folder / DESCRIPTION, seal)
    found = json.loads(description)
    if found["format"] != FORMAT:
        raise FrozenTestChanged(
            f"its format is {found['format']}; this Tunewheel reads {FORMAT}.",
            where=str(folder),
            mend="Upgrade with `pip install -U tunewheel`.",
        )
    if not (folder / ROWS).is_file() or file_sha256(folder / ROWS) != found["rows_sha256"]:
        raise _changed(folder / ROWS)
    return FrozenTest(
        found["name"], found["sha256"], frozenset(found["keys"]), found["created"], found["facts"], folder
    )


def _unchanged(path: Path, sha256: str) -> bytes:
    """The bytes of a file whose hash is known. Raises `FrozenTestChanged` when it is missing or another one."""
    data = path.read_bytes() if path.is_file() else b""
    if hashlib.sha256(data).hexdigest() != sha256:
        raise _changed(path)
    return data


def _changed(path: Path) -> FrozenTestChanged:
    what = "was changed after the test set was frozen" if path.is_file() else "is missing from the frozen test set"
    return FrozenTestChanged(
        f"the file {what}, so scores on it cannot be compared with earlier ones.",
        where=str(path),
        mend="Restore the file from a copy, or freeze a test set under a new name.",
    )
