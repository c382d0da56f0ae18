"""A cleaned copy: empty rows and copies dropped, spellings of labels joined, wrong encodings undone, all of it told."""

from __future__ import annotations

import csv
import json
import os
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from functools import partial
from pathlib import Path
from typing import IO, Any, Literal

from ...errors import DataError
from ...records import Row
from ..cells import unwrap
from ..table import Table
from .debris import mended
from .examine import Diagnosis, Repairs
from .finding import SHOWN_ROWS, counted

Format = Literal["csv", "tsv", "jsonl"]


def fix(
    table: Table,
    diagnosis: Diagnosis,
    destination: Path,
    format: Format,
    *,
    columns: Mapping[str, str],
    protected: Sequence[Path] = (),
    test_rows: Collection[int] = (),
) -> list[str]:
    """Write the rows of `table` with the repairs of its `diagnosis` to `destination`; say what was done, by row.

    `columns` gives the column of each role ("text", "label"). Conflicts and suspicious labels are never touched,
    nor are the `test_rows` (their numbers): what judges is never cleaned.
    Raises `DataError` when `destination` is the original, one of the `protected` files (test, validation) or
    any other file that exists, and for tables that hold pictures.
    """
    _refuse(table, destination, protected)
    changes = _Changes(diagnosis.repairs, columns, test_rows)
    _write(destination, format, table.columns, changes.applied(table.numbered()))
    told = [f"{problem.where}: could not be read and is not in the copy." for problem in table.problems]
    return [*told, *changes.sentences(), f"{counted(changes.written, 'row')} written to {destination}."]


class _Changes:
    """Applies repairs row by row and remembers each; test rows pass as they are."""

    def __init__(self, repairs: Repairs, columns: Mapping[str, str], test_rows: Collection[int]) -> None:
        self.repairs = repairs
        self.test_rows = frozenset(test_rows)
        self.text_column = columns.get("text", "")
        self.label_column = columns.get("label", "")
        self.written = 0
        self.dropped: dict[str, list[int]] = {}
        self.renamed: dict[tuple[str, str], list[int]] = {}
        self.mended: list[int] = []

    def applied(self, rows: Iterable[tuple[int, Row]]) -> Iterator[Row]:
        for number, row in rows:
            if number in self.repairs.drop and number not in self.test_rows:
                self.dropped.setdefault(self.repairs.drop[number], []).append(number)
                continue
            self.written += 1
            yield row if number in self.test_rows else self._mended(number, self._relabelled(number, row))

    def _relabelled(self, number: int, row: Row) -> Row:
        if self.label_column not in row or not self.repairs.relabel:
            return row
        value = unwrap(row[self.label_column])
        renamed = (
            [self._name(number, label) for label in value] if isinstance(value, list) else self._name(number, value)
        )
        return row if renamed == value else {**row, self.label_column: renamed}

    def _name(self, number: int, label: Any) -> Any:
        names = self.repairs.relabel
        old = label if label in names else label.strip() if isinstance(label, str) else str(label)
        new = names.get(old, old if isinstance(label, str) else label)
        if new != label:
            self.renamed.setdefault((str(label), str(new)), []).append(number)
        return new

    def _mended(self, number: int, row: Row) -> Row:
        text = row.get(self.text_column)
        if number not in self.repairs.retext or not isinstance(text, str) or mended(text) == text:
            return row
        self.mended.append(number)
        return {**row, self.text_column: mended(text)}

    def sentences(self) -> list[str]:
        """What was done, a sentence a kind, with row numbers."""
        said = [f"Dropped {_listed(rows)}: {reason}." for reason, rows in self.dropped.items()]
        said += [f"Wrote label {old!r} as {new!r} in {_listed(rows)}." for (old, new), rows in self.renamed.items()]
        said += [f"Undid a wrong encoding in {_listed(self.mended)}."] if self.mended else []
        said = said or ["Nothing had to be changed."]
        kept = counted(len(self.test_rows), "test row is", "test rows are")
        return [*said, f"{kept} left as in the original."] if self.test_rows else said


def _listed(rows: Sequence[int]) -> str:
    shown = ", ".join(map(str, rows[:SHOWN_ROWS]))
    more = f" and {len(rows) - SHOWN_ROWS:,} more" if len(rows) > SHOWN_ROWS else ""
    return f"{counted(len(rows), 'row')} ({shown}{more})"


def _refuse(table: Table, destination: Path, protected: Sequence[Path]) -> None:
    target = destination.resolve()
    names = {Path(path).resolve(): path for path in (table.path, *protected)}
    if target in names or any(target.is_relative_to(path) for path in names):
        raise DataError(f"the cleaned copy may not replace {names.get(target, target)}.", mend="Name another file.")
    if destination.exists() or destination.is_symlink():
        raise DataError("this file exists already.", where=str(destination), mend="Delete it or name another file.")


def _write(destination: Path, format: Format, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Under a temporary name first, so that a copy is whole or absent."""
    destination.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", newline="", dir=destination.parent, prefix=".fix-", delete=False
    ) as file:
        draft = Path(file.name)
        try:
            _WRITERS[format](file, columns, rows)
            file.flush()
            os.fsync(file.fileno())
            draft.replace(destination)
        finally:
            draft.unlink(missing_ok=True)


def _write_csv(file: IO[str], columns: Sequence[str], rows: Iterable[Row], **style: Any) -> None:
    writer = csv.writer(file, **style)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row.get(column)) for column in columns])


def _write_jsonl(file: IO[str], columns: Sequence[str], rows: Iterable[Row]) -> None:
    for row in rows:
        file.write(json.dumps(dict(row), ensure_ascii=False, default=_plain) + "\n")


_WRITERS: Mapping[Format, Callable[[IO[str], Sequence[str], Iterable[Row]], None]] = {
    "csv": _write_csv,
    "tsv": partial(_write_csv, delimiter="\t", quoting=csv.QUOTE_ALL),  # among tabs a lone quote is taken for text
    "jsonl": _write_jsonl,
}


def _cell(value: Any) -> Any:
    """Lists and objects as JSON text, which the reader takes as such; what is missing as nothing."""
    if value is None or value != value:
        return ""
    return json.dumps(value, ensure_ascii=False, default=_plain) if isinstance(value, list | dict | bytes) else value


def _plain(value: Any) -> str:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    raise DataError("a table that holds pictures or other bytes cannot be written as text.", mend="Mend it by hand.")
