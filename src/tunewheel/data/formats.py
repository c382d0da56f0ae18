"""Which format a file has, by its name and by what it holds; files that only pretend are named for what they are."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

from ..errors import ReadError
from .readers.conll import looks_like_conll

BINARY = ("parquet", "xlsx")
TEXT = ("csv", "tsv", "jsonl", "json", "conll")
FORMATS = (*TEXT, *BINARY, "images")
_SUFFIXES = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".conll": "conll",
    ".iob": "conll",
    ".iob2": "conll",
    ".bio": "conll",
    ".bioes": "conll",
    ".bmes": "conll",
}
_EXPORT = "Open it and export it as CSV (UTF-8)."
_UNPACK = "Unpack it first and name the file inside."
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_REFUSED = (
    (_OLE, "an old Excel file (.xls) or one with a password", "Save it as .xlsx or CSV without a password."),
    (b"\x1f\x8b", "a gzip archive", "Unpack it first (gunzip FILE) and name the file inside."),
    (b"BZh", "a bzip2 archive", _UNPACK),
    (b"\xfd7zXZ\x00", "an xz archive", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "a zstd archive", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACK),
    (b"Rar!", "a RAR archive", _UNPACK),
    (b"\x89PNG", "a PNG picture", "For pictures name a folder: FOLDER/LABEL/picture.png."),
    (b"\xff\xd8\xff", "a JPEG picture", "For pictures name a folder: FOLDER/LABEL/picture.jpg."),
    (b"GIF8", "a GIF picture", "For pictures name a folder: FOLDER/LABEL/picture.gif."),
    (b"%PDF", "a PDF document", "Copy its rows into a CSV file."),
    (b"SQLite format 3\x00", "an SQLite database", "Export the table as CSV."),
    (b"ARROW1", "an Arrow file", "Save it as Parquet."),
    (b"\x93NUMPY", "a NumPy file", "Save the rows as CSV or Parquet."),
    (b"\x89HDF", "an HDF5 file", "Save the rows as CSV or Parquet."),
    (b"\x80\x04", "a Python pickle, which can run code when opened", "Save the rows as CSV or Parquet."),
    (b"\x80\x05", "a Python pickle, which can run code when opened", "Save the rows as CSV or Parquet."),
    (b"{\\rtf", "a rich text document", _EXPORT),
)  # fmt: skip
_UNPACKED_LIMIT = 2**30
_MARKUP = re.compile(r"\s*<(!doctype|html|head|body|table|\?xml|svg)\b", re.IGNORECASE)


def binary_format(path: Path, head: bytes) -> str:
    """ "parquet" or "xlsx" by the first bytes, "" for what may be text. Raises `ReadError` for other known files."""
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"PK\x03\x04") or head.startswith(b"PK\x05\x06"):
        return _zip_format(path)
    for mark, name, advice in _REFUSED:
        if head.startswith(mark):
            raise ReadError(f"this is {name}, not a table.", where=str(path), mend=advice)
    return ""


def text_format(path: Path, head: str) -> str:
    """One of `TEXT`, from the file's name and the beginning of its text. Raises `ReadError` for web pages."""
    if _MARKUP.match(head):
        what = "this is a web page or an XML document, not a table (perhaps an error page saved by a download)."
        raise ReadError(what, where=str(path), mend=_EXPORT)
    named = _SUFFIXES.get(path.suffix.lower(), "")
    if _is_json(head):
        return _json_format(head, named)
    if named in ("json", "jsonl"):
        return named
    if named != "csv" and looks_like_conll(head.splitlines() if named == "conll" else head.split("\n")):
        return "conll"
    return named or "csv"


def _is_json(head: str) -> bool:
    """Whether the text begins as JSON objects or lists do; a CSV text may begin with a bracket, too."""
    return re.match(r'\s*(\{\s*["}]|\[\s*[\[{"\]\d-])', head) is not None


def _json_format(head: str, named: str) -> str:
    first, _, rest = head.lstrip().partition("\n")
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        return named if named in ("json", "jsonl") else "json"
    if named == "json" and not rest.strip():
        return "json"
    return "jsonl" if rest.lstrip()[:1] in ("{", "[", "") and (first[0] == "{" or rest.strip()) else "json"


def _zip_format(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            unpacked = sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        what = "this is a damaged Excel or zip file: its table of contents cannot be read."
        raise ReadError(what, where=str(path), mend="Save or download it again.") from None
    if "xl/workbook.xml" not in names:
        what = "this is a zip archive without an Excel workbook in it."
        raise ReadError(what, where=str(path), mend=f"{_UNPACK} OpenDocument files (.ods): export as CSV.")
    if unpacked > _UNPACKED_LIMIT:
        what = f"this Excel file unpacks to {unpacked / 2**30:.1f} GB; the limit is {_UNPACKED_LIMIT // 2**30} GB."
        raise ReadError(what, where=str(path), mend="Save it as CSV or Parquet.")
    return "xlsx"
