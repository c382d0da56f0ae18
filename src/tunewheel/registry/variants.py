"""Variants: other forms of a version (ONNX, eight bits), each a bundle of its own beside it, made anew at will."""

from __future__ import annotations

import shutil
from pathlib import Path

from . import bundle
from .bundle import Bundle, Fill
from .names import contained
from .versions import Version


class VariantStore:
    """The variants under `folder`, by version and name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, version: Version, name: str, fill: Fill) -> None:
        """Write a variant; one of this name that was there before goes when the new one is whole."""
        place, fresh = self._place(version, name), self._place(version, f"{name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        bundle.write(fresh, fill, {"name": name, "kind": "variant", "task": version.task})
        shutil.rmtree(place, ignore_errors=True)
        fresh.rename(place)

    def of(self, version: str) -> dict[str, Bundle]:
        """The variants of a version, by name. Raises `BundleDamaged` for one that was changed."""
        folder = contained(self.folder, version)
        places = sorted(folder.iterdir()) if folder.is_dir() else []
        return {
            place.name: bundle.read(place).verify()
            for place in places
            if place.is_dir() and not place.name.endswith((".new", ".partial"))
        }

    def _place(self, version: Version, name: str) -> Path:
        return contained(self.folder, f"{version.id}/{name}")
