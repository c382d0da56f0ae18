"""A model folder that was zipped and cut into parts: join them and take out the three files of a model folder."""

from __future__ import annotations

import io
import zipfile
from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from ...errors import ModelDamaged
from ..archives import CHUNK, DEFAULT_LIMIT
from ..folder import CONFIG, WEIGHTS

WANTED = (CONFIG, WEIGHTS, "tokenizer.json")


def convert_zip_parts(parts: Sequence[Path], target: Path) -> None:
    """Extract `config.json`, `model.safetensors` and `tokenizer.json` of the archive's only folder into `target`.

    Raises `ModelDamaged` if the parts do not join to a zip archive that holds them.
    """
    try:
        with io.BufferedReader(JoinedFiles(parts)) as joined, zipfile.ZipFile(joined) as archive:
            for name in WANTED:
                _extract(archive, _only(archive, name), target / name)
    except (zipfile.BadZipFile, OSError, EOFError) as error:
        raise ModelDamaged(f"the parts do not make a zip archive ({error}).", where=parts[0].name) from error


def _only(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    """The member called `name` in the archive's top folder."""
    found = [member for member in archive.infolist() if member.filename.split("/")[1:] == [name]]
    if len(found) != 1:
        raise ModelDamaged(f"the joined archive does not hold exactly one {name}.")
    return found[0]


def _extract(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path) -> None:
    if member.file_size > DEFAULT_LIMIT:
        raise ModelDamaged(f"{member.filename} is larger than {DEFAULT_LIMIT / 1e6:,.0f} MB.")
    with archive.open(member) as stream, target.open("wb") as out:
        # zipfile never yields more than the declared size that was just checked.
        while chunk := stream.read(CHUNK):
            out.write(chunk)


class JoinedFiles(io.RawIOBase):
    """Files read one after the other as if they were one, without a copy on disk."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._streams: list[IO[bytes]] = [path.open("rb") for path in paths]
        self._starts = [0]
        for path in paths:
            self._starts.append(self._starts[-1] + path.stat().st_size)
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        anchor = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._starts[-1]}[whence]
        self._position = max(anchor + offset, 0)
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        part = bisect_right(self._starts, self._position) - 1
        if part >= len(self._streams):
            return 0
        stream = self._streams[part]
        stream.seek(self._position - self._starts[part])
        room = min(len(buffer), self._starts[part + 1] - self._position)
        data = stream.read(room)
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def close(self) -> None:
        for stream in self._streams:
            stream.close()
        super().close()
