"""CSV and TSV: quoted line breaks, ragged rows left out by number, an unclosed quote found where it opens."""

from __future__ import annotations

import csv
import itertools
from collections import Counter
from collections.abc import Iterator, Sequence

from ...errors import Problem, ReadError
from .dialect import Dialect, detect_dialect, looks_like_header
from .lines import fault, lines
from .reading import LINE_LIMIT, MOST_COLUMNS, Numbered, Reading

_SAMPLED_LINES = 500
_PROMISING = (".csv", ".tsv", ".tab")  # other names may hold plain lines of text
_SAMPLED_CHARACTERS = 2**18
_END = "\0end of file\0"
_CLOSE_IT = 'Close it, or double quotes that belong to the text ("").'


def read_csv(reading: Reading) -> Iterator[Numbered]:
    """Rows of a file with commas, semicolons, tabs or bars between fields."""
    return _read(reading, ",")


def read_tsv(reading: Reading) -> Iterator[Numbered]:
    """Rows of a file that promises tabs between fields."""
    return _read(reading, "\t")


def _read(reading: Reading, preferred: str) -> Iterator[Numbered]:
    source = lines(reading)
    sample = _sample(source)
    if sample and sample[0].strip().lower().startswith("sep=") and len(sample[0].strip()) == 5:
        preferred = sample[0].strip()[4]  # Excel's own line; a spreadsheet does not show it
        sample = sample[1:]
    least = 0.0 if reading.path.suffix.lower() in _PROMISING else 0.9
    dialect = detect_dialect(sample, preferred, least)
    records = _records(reading, dialect, itertools.chain(sample, source))
    columns, first_rows = _header(reading, records, dialect)
    reading.facts.append(f"{dialect}, {len(columns)} columns")
    for number, record in itertools.chain(first_rows, records):
        row = _row(reading, columns, number, record)
        if row is not None:
            yield number, row


def _sample(source: Iterator[str]) -> list[str]:
    """The first lines, within bounds; they are parsed again with the rest."""
    taken: list[str] = []
    characters = 0
    for line in itertools.islice(source, _SAMPLED_LINES):
        taken.append(line)
        characters += len(line)
        if characters > _SAMPLED_CHARACTERS:
            break
    return taken


def _records(reading: Reading, dialect: Dialect, source: Iterator[str]) -> Iterator[tuple[int, list[str]]]:
    """Records that are not blank, numbered from 1 as a spreadsheet does (blank ones count).

    A last line of our own tells whether the last quote was closed: if it was not, that line is swallowed.
    """
    reader = dialect.records(itertools.chain(source, [_END]))
    for number in itertools.count(1):
        line = reader.line_num + 1
        try:
            record = next(reader)
        except csv.Error as error:
            raise _unparsable(reading, number, line, str(error)) from None
        if record == [_END]:
            return
        if record and record[-1].endswith(_END):
            raise reading.error(f'a quote (") opens in this row (line {line}) and is never closed.', _CLOSE_IT, number)
        if record:
            yield number, record


def _unparsable(reading: Reading, number: int, line: int, reason: str) -> ReadError:
    if "field limit" in reason or "field larger" in reason:
        what = f"a field that begins in this row (line {line}) is longer than {LINE_LIMIT // 2**20} MB."
        return reading.error(what, f'Probably a quote (") opens there and is never closed. {_CLOSE_IT}', number)
    return reading.error(f"this row (line {line}) cannot be read: {reason}.", _CLOSE_IT, number)


def _header(
    reading: Reading, records: Iterator[tuple[int, list[str]]], dialect: Dialect
) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Names of the columns, and the rows that were read to tell them."""
    first_rows = list(itertools.islice(records, 200))
    if not first_rows:
        raise reading.error("the file has no rows, only blank lines.", "Check that the export went through.")
    names = first_rows[0][1]
    if len(names) > MOST_COLUMNS:
        raise reading.error(f"the first row has {len(names):,} fields; the limit is {MOST_COLUMNS:,}.", number=1)
    if not looks_like_header([record for _, record in first_rows]):
        reading.notes.append("the first row looks like data, so the columns are named 'column 1', 'column 2', ...")
        return [f"column {place}" for place in range(1, len(names) + 1)], first_rows
    return column_names(reading, names), first_rows[1:]


def column_names(reading: Reading, names: Sequence[str]) -> list[str]:
    """Names of a header row; nameless ones are called by their place. Raises `ReadError` for doubled names."""
    stripped = [name.strip() for name in names]
    bad = fault("".join(stripped), reading.encoding)
    if bad:
        raise reading.error(f"the header {bad}", "Save the file as UTF-8, or name its encoding with --encoding.", 1)
    repeated = [name for name, count in Counter(stripped).items() if name and count > 1]
    if repeated:
        problems = [_doubled(reading, name, stripped) for name in repeated]
        raise ReadError.of(problems)
    nameless = [place for place, name in enumerate(stripped, start=1) if not name]
    if nameless:
        listed = ", ".join(f"'column {place}'" for place in nameless)
        reading.notes.append(f"columns without a name in the header are called {listed}")
    return [name or f"column {place}" for place, name in enumerate(stripped, start=1)]


def _doubled(reading: Reading, name: str, names: Sequence[str]) -> Problem:
    places = [str(place) for place, other in enumerate(names, start=1) if other == name]
    what = f"the header names {name!r} {len(places)} times (columns {' and '.join(places)})."
    return Problem(what, str(reading.path), "Rename or delete all but one of them.")


def _row(reading: Reading, columns: list[str], number: int, record: list[str]) -> dict[str, str] | None:
    surplus = record[len(columns) :]
    if len(record) < len(columns) or any(surplus):
        has = f"{len(record)} field{'s' if len(record) != 1 else ''}"
        what = f"the row has {has} where the header has {len(columns)}."
        reading.broken(number, what, 'Put "quotes" around texts that hold the mark between fields.')
        return None
    bad = fault("".join(record), reading.encoding)
    if bad:
        reading.broken(number, f"the row {bad}", "Mend the character, or name the file's encoding with --encoding.")
        return None
    return dict(zip(columns, record, strict=False))
