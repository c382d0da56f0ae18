"""Lines of a text file: decoded as they are read, of bounded length, with undecodable bytes marked and not lost."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from ..encodings import spoken
from .reading import LINE_LIMIT, Reading

_MARKED = re.compile("[\udc80-\udcff]")
_CHUNK = 2**20


def lines(reading: Reading) -> Iterator[str]:
    """Lines with their ends (`\\n`, `\\r\\n` or `\\r`; U+2028 is none), never longer than `LINE_LIMIT` characters.

    In encodings that extend ASCII a byte that cannot be decoded becomes a lone surrogate (see `fault`), so that
    one bad byte costs one row. Raises `ReadError` for a longer line and for damaged UTF-16.
    """
    number = 0
    with reading.path.open(encoding=reading.encoding, errors=_errors(reading.encoding), newline="") as file:
        while line := guarded(reading, file.readline, LINE_LIMIT + 1):
            number += 1
            if len(line) > LINE_LIMIT:
                raise reading.error(
                    f"line {number:,} is longer than {LINE_LIMIT // 2**20} MB.",
                    "Write one row a line, with line breaks between rows; very long texts belong into several rows.",
                )
            reading.consumed += len(line)
            yield line


def fault(text: str, encoding: str) -> str:
    """What is wrong with the characters of a row, as a sentence; "" when nothing is."""
    if text.isascii():
        return "holds a zero byte." if "\0" in text else ""
    marked = _MARKED.search(text)
    if marked is not None:
        return f"holds the byte 0x{ord(marked[0]) - 0xDC00:02X}, which is not {spoken(encoding)} text."
    return "holds a zero byte." if "\0" in text else ""


def _errors(encoding: str) -> str:
    return "strict" if encoding.startswith(("utf-16", "utf-32")) else "surrogateescape"


def guarded(reading: Reading, take: Callable[[int], str], size: int) -> str:
    """What `take(size)` reads, with a `ReadError` that names the byte when it cannot be decoded."""
    try:
        return take(size)
    except UnicodeError as error:
        place = _first_bad_byte(reading.path, reading.encoding)
        raise reading.error(
            f"byte {place:,} cannot be decoded as {spoken(reading.encoding)} ({getattr(error, 'reason', error)}).",
            "Save the file as UTF-8, or name its encoding with --encoding NAME.",
        ) from None


def _first_bad_byte(path: Path, encoding: str) -> int:
    """Offset from 0 of the first byte that does not decode."""
    decoder = codecs.getincrementaldecoder(encoding)()
    offset = 0
    with path.open("rb") as file:
        while True:
            chunk = file.read(_CHUNK)
            kept = len(decoder.getstate()[0])
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeError as error:
                return offset - kept + getattr(error, "start", 0)
            if not chunk:
                return offset
            offset += len(chunk)
