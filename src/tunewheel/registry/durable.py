"""Writing that survives a crash: fill a temporary sibling, make it durable, then rename it into place."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import WorkspaceError

PARTIAL = ".partial"


@contextmanager
def atomic_folder(target: Path) -> Iterator[Path]:
    """A new folder to fill: it becomes `target` when the block ends well and vanishes when it does not.

    After `kill -9` a sibling named `.<name>-<random>.partial` stays behind (`remove_partial` removes it).
    Raises `WorkspaceError` when `target` exists already or the disk refuses.
    """
    temporary = _sibling(target)
    try:
        temporary.mkdir(parents=True)
        yield temporary
        sync_tree(temporary)
        _place(temporary, target)
    except OSError as error:
        raise unwritable(target, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def atomic_copy(source: Path, target: Path) -> str:
    """Copy the bytes of `source` to `target` (replacing it in one step) and return their SHA-256."""
    temporary = _sibling(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, temporary)
        sync(temporary)
        digest = file_sha256(temporary)
        temporary.replace(target)
        sync(target.parent)
    except OSError as error:
        raise unwritable(target, error) from error
    finally:
        temporary.unlink(missing_ok=True)
    return digest


def replace_text(path: Path, text: str) -> None:
    """Write a file in one step: a crash leaves the old one or the new one."""
    fresh = path.with_suffix(".new")
    fresh.write_text(text, "utf-8")
    fresh.replace(path)


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes as 64 hex digits, read in pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sync_tree(folder: Path) -> None:
    """Have the disk keep every file and folder under `folder`, and `folder` itself."""
    for path in folder.rglob("*"):
        if not path.is_symlink():
            sync(path)
    sync(folder)


def remove_partial(folder: Path, idle: float = 0.0) -> None:
    """Remove what crashed writers left under `folder` and nobody touched for `idle` seconds.

    With `idle` 0 the caller holds a lock that keeps everybody else from writing there.
    """
    for path in folder.glob(f".*{PARTIAL}"):
        if time.time() - path.lstat().st_mtime < idle:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def unwritable(target: Path, error: OSError) -> WorkspaceError:
    """What to tell the user when the disk refuses."""
    reason = error.strerror or str(error)
    return WorkspaceError(
        f"it could not be written: {reason}.",
        where=str(error.filename or target),
        mend="Make room or mend the permissions, then run the same command again; nothing was changed.",
    )


def _sibling(target: Path) -> Path:
    return target.parent / f".{target.name}-{secrets.token_hex(4)}{PARTIAL}"


def _place(temporary: Path, target: Path) -> None:
    # Renaming onto an empty folder would succeed silently, so that case is asked for first.
    if target.exists():
        raise WorkspaceError("it exists already and is never replaced.", where=str(target), mend="Use another name.")
    temporary.rename(target)
    sync(target.parent)


def sync(path: Path) -> None:
    """Wait until a file, or what was renamed or removed in a folder, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
