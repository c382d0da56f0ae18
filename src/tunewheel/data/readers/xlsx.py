"""Excel workbooks: one sheet as text, the way the spreadsheet shows it."""

from __future__ import annotations

import datetime
import itertools
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any, BinaryIO
from xml.etree.ElementTree import ParseError

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from .delimited import column_names
from .dialect import looks_like_header
from .reading import MOST_COLUMNS, Numbered, Reading

_DAMAGED = (zipfile.BadZipFile, InvalidFileException, ParseError, KeyError, ValueError, TypeError, EOFError, OSError)


def read_xlsx(reading: Reading) -> Iterator[Numbered]:
    """Rows of one sheet (the first that is not empty, or `reading.sheet`), numbered as in the spreadsheet."""
    with reading.path.open("rb") as file, closing(_opened(reading, file)) as workbook:
        sheet = _chosen(reading, workbook)
        yield from _rows(reading, _texts(reading, sheet))


def _opened(reading: Reading, file: BinaryIO) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # styles and validations that a table does not need
            return openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
    except _DAMAGED as error:
        raise reading.error(f"the workbook is damaged ({error}).", "Open it, save it again, or export CSV.") from None


def _chosen(reading: Reading, workbook: Any) -> Any:
    names = list(workbook.sheetnames)
    listed = ", ".join(repr(name) for name in names)
    if reading.sheet is not None:
        if reading.sheet not in names:
            raise reading.error(f"there is no sheet {reading.sheet!r}.", f"The sheets are {listed}.")
        return workbook[reading.sheet]
    filled = [sheet for sheet in workbook.worksheets if sheet.sheet_state == "visible" and _has_values(sheet)]
    if not filled:
        raise reading.error("every sheet of the workbook is empty.", f"The sheets are {listed}.")
    if len(filled) > 1:
        others = ", ".join(repr(sheet.title) for sheet in filled[1:])
        reading.notes.append(f"sheet {filled[0].title!r}; {others} not read (choose with --sheet NAME)")
    return filled[0]


def _has_values(sheet: Any) -> bool:
    rows = itertools.islice(sheet.iter_rows(values_only=True), 100)
    return any(value is not None for row in rows for value in row)


def _texts(reading: Reading, sheet: Any) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not blank as texts, with their numbers."""
    try:
        for number, row in enumerate(sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS), start=1):
            texts = [_text(value) for value in row]
            if any(texts):
                reading.consumed += sum(map(len, texts))
                yield number, texts
    except _DAMAGED as error:
        raise reading.error(f"the sheet is damaged ({error}).", "Open it, save it again, or export CSV.") from None


def _text(value: Any) -> str:
    """A cell as people read it: 3 and not 3.0, dates as 2024-05-31."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if value.time() == datetime.time() else value.isoformat(" ", "seconds")
    return value.isoformat() if isinstance(value, datetime.date | datetime.time) else str(value)


def _rows(reading: Reading, rows: Iterator[tuple[int, list[str]]]) -> Iterator[Numbered]:
    first = list(itertools.islice(rows, 200))
    if not first:
        raise reading.error("the sheet has no rows.", "Choose another one with --sheet NAME.")
    width = max(_width(texts) for _, texts in first)
    header = [*first[0][1], *[""] * width][:width]
    if looks_like_header([texts[:width] for _, texts in first]):
        names = column_names(reading, header)
        first = first[1:]
    else:
        reading.notes.append("the first row looks like data, so the columns are named 'column 1', 'column 2', ...")
        names = [f"column {place}" for place in range(1, width + 1)]
    reading.facts.append(f"Excel, {len(names)} columns")
    for number, texts in itertools.chain(first, rows):
        if any(texts[len(names) :]):
            reading.broken(number, "the row has values beyond the last column of the header.", "Name that column.")
        else:
            yield number, dict(zip(names, [*texts, *[""] * len(names)], strict=False))


def _width(texts: Sequence[str]) -> int:
    return max((place for place, text in enumerate(texts, start=1) if text), default=0)
