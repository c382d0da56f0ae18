"""What names may be: titles and notes people write, slugs, paths inside a folder. Everything else is refused."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path, PurePosixPath

from ..errors import WorkspaceError

LONGEST_TITLE = 200
LONGEST_PATH = 400
_SLUG = re.compile(r"\w[\w.-]*")


def checked_title(text: str) -> str:
    """`text` if it can name a version: one line of 1 to 200 characters that cannot be taken for a path."""
    if not text.strip() or len(text) > LONGEST_TITLE:
        raise _refused("name", text, f"it must have 1 to {LONGEST_TITLE} characters")
    if "/" in text or "\\" in text or text.startswith("."):
        raise _refused("name", text, "it must not look like a path (no '/', no '\\', no '.' in front)")
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in text):
        raise _refused("name", text, "it holds control characters")
    return text


def checked_text(text: str, what: str) -> str:
    """`text` if every database can keep it: no NUL, no lone surrogates."""
    if any(character == "\0" or unicodedata.category(character) == "Cs" for character in text):
        raise _refused(what, text, "it holds characters that cannot be stored")
    return text


def checked_slug(text: str, what: str) -> str:
    """`text` if it can name a folder or an alias: letters of any script, digits, `_`, `-`, `.`; at most 200 bytes."""
    if not _SLUG.fullmatch(text) or ".." in text or len(text.encode("utf-8")) > 200:
        raise _refused(what, text, "use letters, digits, '-', '_' and '.' only (at most 200 bytes, no '..')")
    return text


def path_fault(name: str) -> str | None:
    """Why `name` is not a plain relative path with '/' between its parts, or None when it is one."""
    if not name or len(name) > LONGEST_PATH:
        return "its name is empty or too long"
    if "\\" in name or ":" in name or any(unicodedata.category(character) in {"Cc", "Cs"} for character in name):
        return "its name holds characters that are not allowed"
    parts = name.split("/")
    if PurePosixPath(name).is_absolute() or any(part.startswith(".") or not part for part in parts):
        return "its name leads out of the folder or hides"
    return None


def contained(folder: Path, name: str) -> Path:
    """The path of `name` under `folder`. Raises `WorkspaceError` when it would lie elsewhere."""
    fault = path_fault(name)
    path = folder / name
    if fault or not path.resolve().is_relative_to(folder.resolve()):
        raise _refused("path", name, fault or "it leads out of the folder through a link")
    return path


def _refused(what: str, text: str, why: str) -> WorkspaceError:
    return WorkspaceError(f"the {what} {text[:80]!r} cannot be used: {why}.", mend="Choose another one.")
