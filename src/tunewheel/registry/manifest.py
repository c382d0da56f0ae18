"""The manifest of a bundle: what it is, and the size and hash of every file in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from ..errors import BundleDamaged, Problem
from .canonical import canonical_json
from .names import path_fault

FORMAT = 1
NAME = "manifest.json"
MOST_FILES = 10_000
LARGEST_MANIFEST = 16 * 2**20
_GIB = 2**30
# The only kinds of file a bundle may hold, and the most bytes of each: a bundle is untrusted input.
LARGEST = {
    ".safetensors": 64 * _GIB,
    ".onnx": 64 * _GIB,
    ".data": 64 * _GIB,
    ".parquet": 16 * _GIB,
    ".jsonl": 4 * _GIB,
    ".json": _GIB,
    ".html": _GIB,
    ".txt": _GIB // 4,
    ".yaml": _GIB // 64,
    ".md": _GIB // 64,
}


@dataclass(frozen=True, slots=True)
class FileMark:
    """How a file is known again: its SHA-256 (64 hex digits) and its size in bytes."""

    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    size: Annotated[int, Field(ge=0)]


@dataclass(frozen=True)
class Manifest:
    """What a bundle says about itself. `entries` are the facts its writer added (base tensors, licence, ...)."""

    name: str
    kind: str
    task: str
    created: str
    files: Annotated[Mapping[str, FileMark], Field(max_length=MOST_FILES)]
    entries: Mapping[str, Any] = field(default_factory=dict)

    def dump(self) -> str:
        """The text of `manifest.json`."""
        known = {"format": FORMAT, "name": self.name, "kind": self.kind, "task": self.task, "created": self.created}
        files = {name: asdict(mark) for name, mark in sorted(self.files.items())}
        plain = json.loads(canonical_json({**self.entries, **known, "files": files}))
        return json.dumps(plain, ensure_ascii=True, indent=1) + "\n"

    @classmethod
    def load(cls, path: Path) -> Manifest:
        """Read and check `manifest.json`. Raises `BundleDamaged` naming everything that is wrong with it."""
        raw = _mapping(path)
        given_format = raw.pop("format", None)
        if given_format != FORMAT:
            raise BundleDamaged(
                f"it has bundle format {given_format!r}; this Tunewheel reads format {FORMAT}.",
                where=str(path),
                mend="Upgrade with `pip install -U tunewheel` if a newer one wrote it.",
            )
        known: dict[str, Any] = {
            key: raw.pop(key) for key in ("name", "kind", "task", "created", "files") if key in raw
        }
        return cls._checked({**known, "entries": raw}, path)

    @classmethod
    def _checked(cls, values: Mapping[str, Any], path: Path) -> Manifest:
        try:
            manifest = _ADAPTER.validate_python(values)
        except ValidationError as error:
            raise BundleDamaged.of(
                [Problem(f"{'.'.join(map(str, e['loc']))}: {e['msg']}.", str(path)) for e in error.errors()]
            ) from None
        faults = [Problem(f"{fault}.", f"{path}: {name!r}") for name in manifest.files if (fault := name_fault(name))]
        if faults:
            raise BundleDamaged.of(faults)
        return manifest


def name_fault(name: str) -> str | None:
    """Why a bundle may not hold a file of this name, or None when it may."""
    if fault := path_fault(name):
        return fault
    if name == NAME or Path(name).suffix not in LARGEST:
        return f"a bundle holds only {' '.join(LARGEST)} files beside its {NAME}"
    return None


def _mapping(path: Path) -> dict[str, Any]:
    """The JSON object in the file at `path`, of bounded size."""
    if path.is_symlink() or not path.is_file():
        raise BundleDamaged(f"it has no {NAME}.", where=str(path.parent), mend="Restore the folder from a copy.")
    if path.stat().st_size > LARGEST_MANIFEST:
        raise BundleDamaged(f"it is larger than {LARGEST_MANIFEST} bytes.", where=str(path))
    try:
        raw = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        raise BundleDamaged("it is not JSON.", where=str(path), mend="Restore the folder from a copy.") from None
    if not isinstance(raw, dict):
        raise BundleDamaged("it is not a JSON object.", where=str(path), mend="Restore the folder from a copy.")
    return raw


_ADAPTER = TypeAdapter(Manifest)
