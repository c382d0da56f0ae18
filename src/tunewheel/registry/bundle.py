"""A bundle: a saved model as a folder of allowed files, each known by size and hash, written whole or not at all."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import BundleDamaged, Problem, WorkspaceError
from .canonical import utc_now
from .durable import atomic_folder, file_sha256, sync_tree
from .manifest import LARGEST, NAME, FileMark, Manifest, name_fault

Fill = Callable[[Path], None]
_RESTORE = "Restore the folder from a copy, or use another version."


@dataclass(frozen=True)
class Bundle:
    """A bundle that was opened: `path` is its folder, `manifest` what it says about itself."""

    path: Path
    manifest: Manifest

    def __contains__(self, name: object) -> bool:
        return name in self.manifest.files

    def file(self, name: str) -> Path:
        """The path of a file of the bundle. Raises `BundleDamaged` when it has no such file."""
        if name not in self.manifest.files:
            raise BundleDamaged(f"the bundle has no file {name!r}.", where=str(self.path), mend=_RESTORE)
        if problem := self._problem(name, full=False):
            raise BundleDamaged.of([problem])
        return self.path / name

    def text(self, name: str) -> str:
        """The text of a UTF-8 file of the bundle."""
        path = self.file(name)
        try:
            return path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise BundleDamaged("the file is not UTF-8 text.", where=str(path), mend=_RESTORE) from None

    def json(self, name: str) -> Any:
        """What a JSON file of the bundle says."""
        try:
            return json.loads(self.text(name))
        except (ValueError, RecursionError):
            raise BundleDamaged("the file is not JSON.", where=str(self.path / name), mend=_RESTORE) from None

    def verify(self, full: bool = True) -> Bundle:
        """Check that every file is there, plain and unchanged, and that there are no others; return the bundle.

        `full` reads every byte and compares hashes; otherwise names, kinds and sizes are compared.
        Raises `BundleDamaged` naming every damaged, missing and unexpected file.
        """
        problems = [problem for name in self.manifest.files if (problem := self._problem(name, full))]
        expected = {NAME, *self.manifest.files}
        problems += [
            Problem("the file does not belong to the bundle.", str(self.path / name), "Remove it.")
            for name in sorted(set(_names(self.path)) - expected)
        ]
        if problems:
            raise BundleDamaged.of(problems)
        return self

    def _problem(self, name: str, full: bool) -> Problem | None:
        """What is wrong with one file, if anything."""
        path, mark = self.path / name, self.manifest.files[name]
        fault = _fault(self.path, name)
        if fault is None and path.stat().st_size != mark.size:
            fault = f"the file has {path.stat().st_size} bytes instead of {mark.size}"
        if fault is None and full and file_sha256(path) != mark.sha256:
            fault = "the file was changed: its hash is not the one that was saved"
        return Problem(f"{fault}.", str(path), _RESTORE) if fault else None


def write(folder: Path, fill: Fill, manifest: Mapping[str, Any]) -> Bundle:
    """Write a bundle: `fill(temporary)` writes its files, then it is sealed and renamed to `folder`.

    `manifest` gives `name`, `kind`, `task` and whatever else belongs in `manifest.json` as plain JSON.
    Raises `WorkspaceError` when `folder` exists, a file is not allowed in a bundle, or the disk refuses.
    """
    entries = dict(manifest)
    known = {key: str(entries.pop(key)) for key in ("name", "kind", "task")}
    with atomic_folder(folder) as temporary:
        fill(temporary)
        sealed = Manifest(**known, created=utc_now(), files=_marks(temporary), entries=entries)
        # The manifest is written when all else is safely on disk: a folder that has one is complete.
        sync_tree(temporary)
        (temporary / NAME).write_text(sealed.dump(), encoding="utf-8")
    return Bundle(folder, sealed)


def read(folder: Path) -> Bundle:
    """Open a bundle and check the names, kinds and sizes of its files (`verify` also compares the hashes).

    Raises `BundleDamaged` naming everything that is wrong.
    """
    if folder.is_symlink() or not folder.is_dir():
        raise BundleDamaged("there is no bundle folder here.", where=str(folder), mend=_RESTORE)
    return Bundle(folder, Manifest.load(folder / NAME)).verify(full=False)


def _marks(folder: Path) -> dict[str, FileMark]:
    """Size and hash of every file that was written, if all of them are allowed."""
    names = sorted(_names(folder))
    faults = [(name, name_fault(name) or _fault(folder, name)) for name in names]
    problems = [Problem(f"{fault}.", name, "This is a bug: please report it.") for name, fault in faults if fault]
    if problems:
        raise WorkspaceError.of(problems)
    return {name: FileMark(file_sha256(folder / name), (folder / name).stat().st_size) for name in names}


def _fault(folder: Path, name: str) -> str | None:
    """Why the file cannot be trusted as it lies there: missing, a link, a device, too large."""
    path = folder / name
    try:
        facts = path.lstat()
    except OSError:
        return "the file is missing"
    if not stat.S_ISREG(facts.st_mode) or any(p.is_symlink() for p in path.parents if p.is_relative_to(folder)):
        return "it is a link or another special file"
    if facts.st_nlink > 1:
        return "it is a hard link to a file elsewhere (copy bundles with `cp -r`)"
    if not os.access(path, os.R_OK):
        return "the file may not be read by this user"
    limit = LARGEST[path.suffix]
    return f"it is larger than {limit} bytes" if facts.st_size > limit else None


def _names(folder: Path) -> Iterator[str]:
    """Relative names of all files under `folder`; a linked folder is named like a file and not entered."""
    for parent, folders, files in os.walk(folder, followlinks=False):
        links = [name for name in folders if (Path(parent) / name).is_symlink()]
        for name in [*files, *links]:
            yield (Path(parent) / name).relative_to(folder).as_posix()
