"""Held rows: contents that a version did not learn from, for its other forms to be calibrated on.

They stay in the workspace: a bundle may be handed on, and carries nobody's rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from ..errors import WorkspaceError
from ..registry.durable import unwritable
from ..registry.names import contained
from .columns import read_rows, write_rows


@dataclass(frozen=True)
class HeldRows:
    """The held rows in `folder`, a Parquet file a version."""

    folder: Path

    def keep(self, version: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write the rows of a version. Raises `WorkspaceError` when the disk refuses."""
        place = self._place(version)
        half = place.with_suffix(".partial")
        try:
            write_rows(half, rows)
            half.replace(place)
        except OSError as error:
            raise unwritable(place, error) from error

    def of(self, version: str) -> list[dict[str, Any]]:
        """The rows of a version; none where none were kept. Raises `WorkspaceError` for a file that is no table."""
        place = self._place(version)
        if not place.exists():
            return []
        try:
            return read_rows(place)
        except pa.ArrowException:
            mend = "Remove it: the version is then exported with the temperature that it was registered with."
            raise WorkspaceError("the file is damaged.", where=str(place), mend=mend) from None

    def _place(self, version: str) -> Path:
        return contained(self.folder, f"{version}.parquet")
