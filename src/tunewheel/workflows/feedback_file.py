"""Files of feedback: rows that people labelled, read; rows to train on, written."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from ..data import Table
from ..data.times import sortable_times
from ..errors import ColumnError, DataError, Problem, ServingError
from ..feedback.remarks import Remark
from ..records import Source
from ..registry.durable import unwritable
from ..serving import content_columns
from ..task import Task

# What the columns are called, the surest name first.
_NAMES: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "prediction_id", "answer_id"),
    "label": ("label", "correct_label", "corrected", "correction", "标签", "正确标签"),
    "who": ("who", "annotator", "user", "标注人"),
    "at": ("at", "time", "when", "时间"),
}
_ANSWERS = ("label", "spans", "tags")
_MEND = "Each row needs the id of an answer, or what was asked, and the right label."


@dataclass(frozen=True)
class GivenRemarks:
    """The rows of a file as remarks; `unlabelled` have no label, `wrong` say why others cannot be used."""

    remarks: Sequence[Remark]
    unlabelled: int
    wrong: Sequence[Problem]


def read_remarks(table: Table, task: Task, columns: Mapping[str, str], who: str = "") -> GivenRemarks:
    """Each row of the table as a label for an answer (`id`), or for a text (`text`) that may never have been asked.

    `columns` may name the columns for "id", "label", "text", "who" and "at"; the others are found by their names. A row
    without a label is not labelled yet. Raises `ColumnError` when a needed column is not there.
    """
    names = _columns(table, task, columns)
    times, wrong = _times(table, names.get("at"))
    remarks, unlabelled = [], 0
    for (number, row), at in zip(table.numbered(), times, strict=True):
        source = Source(table.path.name, number)
        label, identity = row.get(names["label"]), str(row.get(names.get("id", "")) or "").strip()
        if label is None or label == "" or label != label:
            unlabelled += 1
            continue
        said_by = str(row.get(names.get("who", "")) or who).strip()
        content = {names["content"]: row.get(names["text"])} if "text" in names else {}
        if identity:
            remarks.append(Remark(source, "label", label, said_by, asked=identity, at=at))
        elif content and str(next(iter(content.values())) or "").strip():
            remarks.append(Remark(source, "label", label, said_by, row=content, at=at))
        else:
            wrong.append(Problem("there is neither an id nor anything that was asked.", str(source), "Fill it in."))
    return GivenRemarks(remarks, unlabelled, wrong)


def _columns(table: Table, task: Task, asked: Mapping[str, str]) -> dict[str, str]:
    """The column for each part; under "content" the name by which the task reads the text."""
    found = {part: name for part, names in _NAMES.items() if (name := _first(table, names))}
    answers = [getattr(task.options, role) for role in _ANSWERS if hasattr(task.options, role)]
    if label := _first(table, [*answers, *_NAMES["label"]]):
        found["label"] = label
    texts = {kind: column for kind, column in content_columns(task).items() if kind != "image"}
    for kind, column in texts.items():
        if "text" not in found and (name := _first(table, [column, kind])):
            found |= {"text": name, "content": column}
    if "text" in asked and texts:
        found["content"] = texts.get("text", next(iter(texts.values())))
    _check_asked(table, asked)
    found |= asked
    if "label" not in found or not {"id", "text"} & found.keys():
        missing = "label" if "label" not in found else "id or text"
        listed = ", ".join(f"'{name}'" for name in table.columns)
        raise ColumnError(
            f"there is no column for the {missing}; there are {listed}.", where=str(table.path), mend=_MEND
        )
    return found


def _first(table: Table, names: Iterable[str]) -> str:
    """The first of the names that a column has, whatever its case; empty when none has."""
    plain = {column.strip().casefold(): column for column in reversed(table.columns)}
    return next((plain[name.casefold()] for name in names if name.casefold() in plain), "")


def _check_asked(table: Table, asked: Mapping[str, str]) -> None:
    problems = []
    for name in asked.values():
        if name not in table.columns:
            close = get_close_matches(name, table.columns, n=1, cutoff=0.5)
            mend = f"Did you mean '{close[0]}'?" if close else f"The columns are {', '.join(table.columns)}."
            problems.append(Problem(f"there is no column '{name}'.", str(table.path), mend))
    if problems:
        raise ColumnError.of(problems)


def _times(table: Table, column: str | None) -> tuple[list[str], list[Problem]]:
    """When each row was said, in UTC (empty: not told), and the rows whose time cannot be read."""
    if column is None:
        return [""] * len(table), []
    values = table.column(column)
    filled = [place for place, value in enumerate(values) if value is not None and str(value).strip()]
    places = [f"{table.path.name} row {table.number(place)}" for place in filled]
    times = [""] * len(values)
    try:
        seconds = sortable_times([values[place] for place in filled], places).tolist() if filled else []
    except DataError as error:
        return times, list(error.problems)
    for place, second in zip(filled, seconds, strict=True):
        with suppress(OverflowError, OSError, ValueError):
            times[place] = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return times, []


def checked_target(output: str | Path | None) -> Path | None:
    """Where rows go. Raises `ServingError` when they cannot be written there."""
    if output is None:
        return None
    target = Path(output)
    if target.suffix.lower() not in (".csv", ".jsonl"):
        raise ServingError("rows are written as .csv or .jsonl.", where=str(target), mend="Give it such an ending.")
    if target.is_dir() or not target.parent.is_dir():
        raise ServingError("the rows cannot be written here.", where=str(target), mend="Name a file in a folder.")
    return target


def write_rows(target: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the rows as CSV or JSONL; the file is whole or not there. Raises `WorkspaceError` when the disk refuses."""
    text = json_lines(rows) if target.suffix.lower() == ".jsonl" else _csv(rows)
    partial = target.with_name(f".{target.name}.partial")
    try:
        # With a byte order mark, or spreadsheets show Chinese as debris.
        partial.write_text(text, "utf-8-sig" if target.suffix.lower() == ".csv" else "utf-8", newline="")
        partial.replace(target)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise unwritable(target, error) from error


def json_lines(rows: Sequence[Mapping[str, Any]]) -> str:
    """A line of JSON a row."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _csv(rows: Sequence[Mapping[str, Any]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(dict.fromkeys(name for row in rows for name in row)), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value
