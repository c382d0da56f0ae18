"""How a table of text is written: the mark between fields, the way of quoting, and whether there is a header."""

from __future__ import annotations

import csv
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .reading import LINE_LIMIT

NO_DELIMITER = "\x1f"
_DELIMITERS = (",", "\t", ";", "|")
_SPOKEN = {",": "commas", "\t": "tabs", ";": "';'", "|": "'|'"}
_STYLES: dict[str, dict[str, Any]] = {
    "quoted": {"quoting": csv.QUOTE_MINIMAL, "doublequote": True},
    "escaped": {"quoting": csv.QUOTE_MINIMAL, "doublequote": False, "escapechar": "\\"},
    "plain": {"quoting": csv.QUOTE_NONE},
}
_SAMPLED = 200
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?\Z")


@dataclass(frozen=True)
class Dialect:
    """`style` is "quoted" (a quote inside is doubled), "escaped" (it follows a backslash) or "plain" (no quoting)."""

    delimiter: str
    style: str = "quoted"

    def records(self, lines: Iterable[str]) -> Any:
        """A `csv.reader`, whose `line_num` counts the lines taken so far."""
        csv.field_size_limit(LINE_LIMIT)
        return csv.reader(lines, delimiter=self.delimiter, **_STYLES[self.style])

    def __str__(self) -> str:
        between = _SPOKEN.get(self.delimiter)
        if between is None:
            return "one column"
        return f"{between} between fields" + ("" if self.style == "quoted" else f", {self.style} quotes")


def detect_dialect(sample: Sequence[str], preferred: str = ",", least: float = 0.0) -> Dialect:
    """The dialect of the first lines of a file: the one that gives most rows as many fields as the first.

    `preferred` is the mark that the file's name promises; it wins when the evidence is even. When no more than the
    share `least` in [0, 1) of the rows agree, every line is one field.
    """
    marks = sorted(_DELIMITERS, key=lambda mark: mark != preferred)
    found = [Dialect(mark, style) for mark in marks for style in _possible_styles(mark, sample)]
    agreement = [round(_agreement(dialect, sample), 2) for dialect in found]
    best = max(agreement)
    return found[agreement.index(best)] if best > least else Dialect(NO_DELIMITER)


def looks_like_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names columns. It does not when it holds numbers, sentences or its columns' own values."""
    first, others = rows[0], [list(row) for row in rows[1:]]
    if list(first) in others:  # a header that is repeated further down is still a header
        return True
    if any(_NUMBER.match(cell.strip()) for cell in first):
        return False
    if any(len(cell) > 60 or len(cell.split()) > 6 for cell in first):
        return False
    return not any(_is_value(cell, column, others) for column, cell in enumerate(first))


def _is_value(cell: str, column: int, others: list[list[str]]) -> bool:
    """Whether a cell of the first row comes again below it among few others: a label, then, and no name."""
    values = Counter(row[column] for row in others if column < len(row))
    return bool(cell.strip()) and values[cell] >= 1 and len(values) <= len(others) / 2 + 1


def _possible_styles(mark: str, sample: Sequence[str]) -> Iterator[str]:
    """Ways of quoting in order of preference. Tab-separated text often holds a lone quote that means nothing."""
    text = "".join(sample)
    if mark != "\t" or re.search(r'(^|\t)"[^\n]*"(\t|\r?$)', text, re.MULTILINE):
        yield "quoted"
        if '\\"' in text:
            yield "escaped"
    if mark == "\t":
        yield "plain"


def _agreement(dialect: Dialect, sample: Sequence[str]) -> float:
    """Share in [0.01, 1] of records with as many fields as the first; 0 when that has only one."""
    try:
        counts = [len(record) for record in itertools.islice(dialect.records(sample), _SAMPLED) if record]
    except csv.Error:
        return 0.0
    if not counts or counts[0] < 2:
        return 0.0
    return max(sum(count == counts[0] for count in counts) / len(counts), 0.01)
