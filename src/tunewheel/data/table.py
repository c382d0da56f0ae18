"""Table: the rows of one file, in memory or memory-mapped, with what was decided and left out in reading them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ..errors import ColumnError, Problem
from ..records import Row
from .arrow_rows import ArrowRows


class Table:
    """Rows of one file. Values are what the file holds: text, numbers, lists, objects, bytes.

    `notes` says what was decided in reading ("GB18030 text, ';' between fields, 3 columns"), `problems` which rows
    were left out and why, `fingerprint` is the SHA-256 of the file (of sorted names and contents for a folder).
    """

    def __init__(
        self,
        rows: ArrowRows,
        path: Path,
        *,
        format: str,
        encoding: str = "",
        notes: Sequence[str] = (),
        problems: Sequence[Problem] = (),
        fingerprint: str = "",
        indices: Sequence[int] | None = None,
    ) -> None:
        self.path = path
        self.format = format
        self.encoding = encoding
        self.notes = list(notes)
        self.problems = list(problems)
        self.fingerprint = fingerprint
        self._rows = rows
        self._indices = indices

    def __len__(self) -> int:
        return len(self._rows) if self._indices is None else len(self._indices)

    def __repr__(self) -> str:
        return f"Table({str(self.path)!r}, {self.format}, {len(self)} rows, columns {self.columns})"

    @property
    def columns(self) -> list[str]:
        """Names of the columns, in the file's order."""
        return self._rows.columns

    def row(self, index: int) -> Row:
        """Row `index`, from 0. Raises `IndexError`."""
        return next(self._rows.rows([self._at(index)]))

    def rows(self) -> Iterator[Row]:
        """All rows in order, read a few thousand at a time."""
        yield from self._rows.rows(self._indices)

    def numbered(self) -> Iterator[tuple[int, Row]]:
        """All rows in order, each with its `number`."""
        yield from zip(self._rows.numbers(self._indices), self.rows(), strict=True)

    def number(self, index: int) -> int:
        """The number a person looks for: a spreadsheet's row (header: 1), a line of text, or the item from 1."""
        return self._rows.number(self._at(index))

    def column(self, name: str) -> list[Any]:
        """All values of one column. Raises `ColumnError`."""
        if name not in self.columns:
            listed = ", ".join(repr(column) for column in self.columns)
            raise ColumnError(f"there is no column {name!r}.", where=str(self.path), mend=f"The columns are {listed}.")
        return self._rows.column(name, self._indices)

    def select(self, indices: Sequence[int]) -> Table:
        """The rows at `indices`, in that order, sharing this table's storage."""
        chosen = [self._at(int(index)) for index in indices]
        return Table(
            self._rows,
            self.path,
            format=self.format,
            encoding=self.encoding,
            notes=self.notes,
            problems=self.problems,
            fingerprint=self.fingerprint,
            indices=chosen,
        )

    def _at(self, index: int) -> int:
        if not 0 <= index < len(self):
            raise IndexError(f"row {index} of {len(self)}")
        return index if self._indices is None else self._indices[index]
