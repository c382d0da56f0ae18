"""Shared frozen tensors, kept once by content: a version stores only what moved and names the rest by hash."""

from __future__ import annotations

import re
from pathlib import Path

from safetensors import SafetensorError, safe_open

from ..errors import BundleDamaged, ModelDamaged
from .durable import atomic_copy, file_sha256
from .manifest import LARGEST

_DIGEST = re.compile("[0-9a-f]{64}")
# (path, size, time of change) of the files this process has hashed: half a gigabyte is hashed once, not at each load.
_verified: set[tuple[str, int, int]] = set()


class BaseStore:
    """A folder of safetensors files named by the SHA-256 of their bytes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, source: Path) -> str:
        """Keep a copy of the safetensors file `source` unless there is one; return its SHA-256.

        Raises `ModelDamaged` when it is not a safetensors file or is too large, `WorkspaceError` when the disk refuses.
        """
        _check(source)
        digest = file_sha256(source)
        target = self._place(digest)
        if not self._intact(target, digest):
            copied = atomic_copy(source, target)
            if copied != digest:
                target.unlink()
                raise ModelDamaged("the file changed while it was being copied.", where=str(source), mend="Try again.")
        return digest

    def path(self, sha256: str) -> Path:
        """Where the tensors with this hash are. Raises `BundleDamaged` when they are missing or changed."""
        path = self._place(sha256) if _DIGEST.fullmatch(sha256) else None
        if path is None or not path.is_file():
            raise BundleDamaged(
                f"the shared tensors {sha256[:80]!r} are missing.",
                where=str(self.folder),
                mend="Restore the file from a copy of the workspace, or tune again.",
            )
        if not self._intact(path, sha256):
            raise BundleDamaged("the shared tensors were changed.", where=str(path), mend="Restore them from a copy.")
        return path

    def _place(self, digest: str) -> Path:
        return self.folder / f"{digest}.safetensors"

    def _intact(self, path: Path, digest: str) -> bool:
        """Whether the file is there with the right bytes, hashing it at most once while it stays as it is."""
        if path.is_symlink() or not path.is_file():
            return False
        facts = path.stat()
        seen = (str(path.resolve()), facts.st_size, facts.st_mtime_ns)
        if seen not in _verified and file_sha256(path) == digest:
            _verified.add(seen)
        return seen in _verified


def _check(source: Path) -> None:
    """Raise `ModelDamaged` unless `source` is a safetensors file of bearable size."""
    if source.suffix != ".safetensors" or not source.is_file():
        raise ModelDamaged("it is not a .safetensors file.", where=str(source))
    if source.stat().st_size > LARGEST[".safetensors"]:
        raise ModelDamaged(f"it is larger than {LARGEST['.safetensors']} bytes.", where=str(source))
    try:
        with safe_open(source, framework="np"):
            pass
    except SafetensorError as error:
        raise ModelDamaged(f"it is not a safetensors file ({error}).", where=str(source)) from None
