"""Folders of pictures: FOLDER/LABEL/picture.png, also below train, val and test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ...errors import DataError
from .json_document import SPLITS
from .reading import Numbered, Reading

SUFFIXES = frozenset((".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff"))
_MARKS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*")
_TABLES = (".csv", ".tsv", ".jsonl", ".json", ".parquet", ".xlsx", ".conll")
_PICTURE_LIMIT = 64 * 2**20
_LONGEST_NAME = 1000
_LAYOUT = "Put each picture into a folder named by its label: FOLDER/LABEL/picture.png."


def is_picture(data: object) -> bool:
    """Whether bytes begin like a picture of a known format."""
    if not isinstance(data, bytes):
        return False
    return data.startswith(_MARKS) or (data.startswith(b"RIFF") and data[8:12] == b"WEBP")


def is_picture_name(value: object) -> bool:
    """Whether a cell names a picture's file on this machine: "shoes/1.png"."""
    if not isinstance(value, str) or len(value) > _LONGEST_NAME or "://" in value:
        return False
    return Path(value.strip()).suffix.lower() in SUFFIXES


def named_picture(name: str, folder: Path, where: str) -> bytes:
    """The bytes of a picture that a table beside it names. It must lie inside `folder`, links followed.

    Raises `DataError` naming the row (`where`).
    """
    path = (folder / name.strip()).resolve()
    if not path.is_relative_to(folder.resolve()):
        mend = "Put the pictures beside the table, or below it."
        raise DataError(f"'{name}' lies outside the folder of the table.", where=where, mend=mend)
    try:
        with path.open("rb") as stream:
            return stream.read(_PICTURE_LIMIT + 1)
    except OSError as error:
        mend = f"Paths start from the folder of the table, {folder}."
        raise DataError(f"'{name}' cannot be read ({error.strerror}).", where=where, mend=mend) from None


def read_pictures(reading: Reading) -> Iterator[Numbered]:
    """{"image" (bytes), "label", "file"} of each picture in order of names, and "split" where folders tell it."""
    reading.unit = "picture"
    reading.facts.append("a folder of pictures")
    splits = [folder for folder in _folders(reading.path) if folder.name.lower() in SPLITS]
    roots = [(folder, {"split": folder.name.lower()}) for folder in splits] or [(reading.path, {})]
    if splits:
        left = [repr(folder.name) for folder in _folders(reading.path) if folder not in splits]
        reading.notes.append(
            f"splits {', '.join(f.name for f in splits)}" + (f"; {', '.join(left)} not read" if left else "")
        )
    number = 0
    for root, extra in roots:
        for folder in _folders(root):
            for path in _pictures(folder):
                number += 1
                data = _read(reading, number, path)
                if data is not None:
                    file = path.relative_to(reading.path).as_posix()
                    yield number, {"image": data, "label": folder.name, "file": file, **extra}
    if not number:
        raise reading.error(_nothing(reading.path), _LAYOUT)


def _folders(root: Path) -> list[Path]:
    """Folders inside, in order; hidden ones and links are passed over."""
    return sorted(one for one in root.iterdir() if one.is_dir() and not one.is_symlink() and one.name[0] not in "._")


def _pictures(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.name[0] != ".")


def _read(reading: Reading, number: int, path: Path) -> bytes | None:
    """Bytes of a picture, or None when it is none (and is noted)."""
    shown = path.relative_to(reading.path).as_posix()
    if path.is_symlink() or not path.resolve().is_relative_to(reading.path.resolve()) or not path.is_file():
        reading.broken(number, f"{shown} is a link, and links are not followed.", "Copy the picture to its place.")
        return None
    if path.stat().st_size > _PICTURE_LIMIT:
        reading.broken(number, f"{shown} is larger than {_PICTURE_LIMIT // 2**20} MB.", "Make it smaller.")
        return None
    data = path.read_bytes()
    if not is_picture(data):
        what = f"{shown} is empty." if not data else f"{shown} is not a picture, whatever its name says."
        reading.broken(number, what, "Delete it or put the picture there.")
        return None
    reading.consumed += len(data)
    return data


def _nothing(folder: Path) -> str:
    """Why a folder gives no rows."""
    if folder.suffix.lower() in _TABLES:
        return "this is a folder, not a file, whatever its name says, and it holds no pictures."
    inside = sorted(path.name for path in folder.iterdir())
    if any(Path(name).suffix.lower() in SUFFIXES for name in inside):
        return "the pictures lie directly in the folder, so their labels are unknown."
    tables = [name for name in inside if Path(name).suffix.lower() in _TABLES]
    if tables:
        return f"there are no pictures in the folder; to read a table, name its file ({folder / tables[0]})."
    return "the folder holds no pictures."
