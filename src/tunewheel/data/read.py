"""read(): a file or folder as a `Table`, whatever its format and encoding."""

from __future__ import annotations

import codecs
import difflib
import hashlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from ..errors import ReadError
from . import encodings, formats
from .arrow_rows import ArrowRows, Gatherer
from .readers.conll import read_conll
from .readers.delimited import read_csv, read_tsv
from .readers.json_document import read_json
from .readers.jsonl import read_jsonl
from .readers.parquet import read_parquet
from .readers.pictures import read_pictures
from .readers.reading import Numbered, Reading
from .readers.xlsx import read_xlsx
from .table import Table

_READERS: dict[str, Callable[[Reading], Iterator[Numbered]]] = {
    "csv": read_csv,
    "tsv": read_tsv,
    "jsonl": read_jsonl,
    "json": read_json,
    "conll": read_conll,
    "xlsx": read_xlsx,
    "images": read_pictures,
}
_CHUNK_ROWS = 4096
_CHUNK_SIZE = 16 * 2**20
_HEAD_BYTES = 64 * 1024


def read(
    path: str | Path,
    *,
    format: str | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
    cache: Path | None = None,
) -> Table:
    """The rows of a file or of a folder of pictures.

    Format and encoding are found out unless they are given. More than 64 MB of rows are kept in a memory-mapped
    file, in a folder of its own within `cache` (or the system's temporary folder) that goes with the table.
    Raises `ReadError`, naming rows, when the file cannot be read.
    """
    path = Path(path)
    try:
        return _read(path, format, encoding, sheet, cache)
    except PermissionError:
        raise ReadError("you may not read this file.", where=str(path), mend=f"Try: chmod u+r '{path}'") from None


def _read(path: Path, format: str | None, encoding: str | None, sheet: str | None, cache: Path | None) -> Table:
    _check_exists(path)
    kind = _checked_format(path, format) or _binary_or_folder(path)
    reading = Reading(path, sheet=sheet)
    if kind in ("", *formats.TEXT):
        reading.encoding = encodings.checked(encoding) if encoding else encodings.detect(path)
        reading.facts.append(f"{encodings.spoken(reading.encoding)} text")
        kind = kind or formats.text_format(path, _head(path, reading.encoding))
    if sheet is not None and kind != "xlsx":
        raise ReadError("only Excel files have sheets.", where=str(path), mend="Leave --sheet out.")
    rows = _gathered(reading, kind, cache)
    _check_rows(reading, rows)
    return Table(
        rows,
        path,
        format=kind,
        encoding=reading.encoding,
        notes=[", ".join(reading.facts), *reading.notes],
        problems=reading.problems,
        fingerprint=_fingerprint(path),
    )


def _check_exists(path: Path) -> None:
    if not path.exists():
        beside = [other.name for other in path.parent.iterdir()] if path.parent.is_dir() else []
        close = difflib.get_close_matches(path.name, beside, n=1)
        mend = f"Did you mean {path.parent / close[0]}?" if close else "Check the path."
        raise ReadError("there is no such file.", where=str(path), mend=mend)
    if not (path.is_file() or path.is_dir()):
        raise ReadError("this is neither a file nor a folder.", where=str(path), mend="Copy the rows into a file.")
    if path.is_file() and path.stat().st_size == 0:
        raise ReadError("the file is empty.", where=str(path), mend="Check that the export went through.")


def _checked_format(path: Path, format: str | None) -> str:
    if format is None:
        return ""
    if format not in formats.FORMATS:
        raise ReadError(f"{format!r} is no format that can be read.", mend=f"One of {', '.join(formats.FORMATS)}.")
    if (format == "images") != path.is_dir():
        what = "a folder is read as pictures." if path.is_dir() else "pictures are read from a folder."
        raise ReadError(what, where=str(path), mend=f"Leave --format {format} out, or name another path.")
    found = "images" if path.is_dir() else _binary_or_folder(path)
    if found != format and (found or format in formats.BINARY):
        what = f"the file was to be read as {format}, but it is {found or 'text'}."
        raise ReadError(what, where=str(path), mend=f"Leave --format {format} out.")
    return format


def _binary_or_folder(path: Path) -> str:
    """ "images", "parquet", "xlsx", or "" for what may be text."""
    if path.is_dir():
        return "images"
    with path.open("rb") as file:
        return formats.binary_format(path, file.read(16))


def _head(path: Path, encoding: str) -> str:
    """The beginning of a text, perhaps cut within a line."""
    with path.open("rb") as file:
        return codecs.getincrementaldecoder(encoding)("replace").decode(file.read(_HEAD_BYTES)).lstrip("\ufeff")


def _gathered(reading: Reading, kind: str, cache: Path | None) -> ArrowRows:
    gatherer = Gatherer(cache)
    if kind == "parquet":
        schema = None
        for batch in read_parquet(reading):
            schema = batch.schema
            gatherer.add_batch(batch)
        return gatherer.finish(schema)
    for chunk in _chunks(reading, _READERS[kind](reading)):
        gatherer.add([number for number, _ in chunk], [row for _, row in chunk])
    if gatherer.replaced:
        reading.notes.append("halves of broken characters were replaced by U+FFFD")
    return gatherer.finish()


def _chunks(reading: Reading, rows: Iterable[Numbered]) -> Iterator[list[Numbered]]:
    """Rows in chunks that are bounded in number and size."""
    chunk: list[Numbered] = []
    limit = reading.consumed + _CHUNK_SIZE
    for row in rows:
        chunk.append(row)
        if len(chunk) == _CHUNK_ROWS or reading.consumed > limit:
            yield chunk
            chunk, limit = [], reading.consumed + _CHUNK_SIZE
    if chunk:
        yield chunk


def _check_rows(reading: Reading, rows: ArrowRows) -> None:
    """Some whole rows must be there, and more of them than broken ones."""
    if len(reading.problems) > len(rows):
        broken, all_rows = len(reading.problems), len(reading.problems) + len(rows)
        raise reading.refusal(f"{broken:,} of {all_rows:,} {reading.unit}s are broken.")
    if not len(rows):
        raise reading.error("the file has no rows.", "Check that the export went through.")
    if not rows.columns:
        raise reading.error("the file has no columns.", "Check that the export went through.")


def _fingerprint(path: Path) -> str:
    """SHA-256 of a file's bytes, or of the names and hashes of a folder's files in order (hex)."""
    if path.is_dir():
        digest = hashlib.sha256()
        for inner in sorted(one for one in path.rglob("*") if one.is_file() and not one.is_symlink()):
            digest.update(f"{inner.relative_to(path).as_posix()}\0{_fingerprint(inner)}\n".encode())
        return digest.hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
