"""predict: a version's answers to texts, or to every row of a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from ..data import Table, read
from ..errors import ColumnError, DataError, Problem, RequestInvalid
from ..records import Example, Source
from ..serving import Answer, Predictor, content_columns, present
from ..workspace import Workspace
from .answers_file import Line, answers_file, checked_output
from .gather import with_pictures
from .load import load
from .say import Say, Silent

SLAB = 1_000


@dataclass(frozen=True)
class Written:
    """What `predict_file` wrote: rows in all, how many of them have an error, and what the reader left out."""

    path: Path
    version: str
    rows: int
    failed: int
    left_out: Sequence[Problem]


def predict(workspace: Workspace, texts: Sequence[str], *, version: str = "live") -> list[Answer]:
    """One answer a text, in order, as the server would give it.

    Raises `RequestInvalid` naming every empty text, and what `load` raises.
    """
    predictor = load(workspace, version)
    columns = content_columns(predictor.task)
    if "text" not in columns:
        raise RequestInvalid(f"version {predictor.version} reads pictures, not text.", mend="Give it a file or folder.")
    empty = [Problem("the text is empty.", f"text {n}") for n, text in enumerate(texts, start=1) if not text.strip()]
    if empty:
        raise RequestInvalid.of(empty)
    examples = predictor.parse([{columns["text"]: text} for text in texts])
    predictions = predictor.predict_examples(examples)
    return [present(answer, example) for answer, example in zip(predictions, examples, strict=True)]


def predict_file(
    workspace: Workspace,
    path: str | Path,
    *,
    version: str = "live",
    output: str | Path | None = None,
    say: Say | None = None,
) -> Written:
    """Every row of a file with its columns, its `prediction` and `confidence`, in order, as CSV or JSONL.

    The answers are written beside the file as `NAME.predictions.csv` unless `output` names another place; the file
    appears only when it is complete. A row that cannot be answered has an `error` instead.
    Raises `ReadError`, `ColumnError`, and what `load` raises.
    """
    path = Path(path)
    target = checked_output(path, output)
    table = read(path)
    return predict_table(load(workspace, version), table, target, say or Silent())


def predict_table(predictor: Predictor, table: Table, target: Path, say: Say) -> Written:
    """The same for a table and a predictor that are at hand."""
    content = _content_column(table, predictor)
    rows = failed = 0
    with answers_file(target, table.columns) as write, say.stage("Predicting", len(table)) as stage:
        for slab in _slabs(table):
            lines = _answered(predictor, table, slab, content)
            write(lines)
            rows += len(lines)
            failed += sum(bool(line.error) for line in lines)
            stage.advance(len(lines))
    return Written(target, predictor.version, rows, failed, table.problems)


def _content_column(table: Table, predictor: Predictor) -> tuple[str, str]:
    """The column of the file that holds the content, and the name under which the task reads it."""
    columns = content_columns(predictor.task)
    for kind, column in columns.items():
        for name in (column, kind):
            if name in table.columns:
                return name, column
    wanted = " or ".join(f"'{column}'" for column in columns.values())
    listed = ", ".join(table.columns)
    raise ColumnError(f"there is no column {wanted}.", where=str(table.path), mend=f"Rename one of: {listed}.")


def _slabs(table: Table) -> Iterator[list[tuple[int, Mapping[str, Any]]]]:
    rows = enumerate(table.rows())
    while slab := list(islice(rows, SLAB)):
        yield slab


def _answered(
    predictor: Predictor, table: Table, slab: Sequence[tuple[int, Mapping[str, Any]]], content: tuple[str, str]
) -> list[Line]:
    """The rows of a slab with their answers, in order; those that cannot be read with a sentence instead."""
    name, column = content
    folder = table.path.parent
    parsed = [
        _example(predictor, {column: row[name]}, folder, Source(table.path.name, table.number(index)))
        for index, row in slab
    ]
    examples = [example for example in parsed if isinstance(example, Example)]
    answers = map(present, predictor.predict_examples(examples), examples)
    return [
        Line(row, next(answers)) if isinstance(example, Example) else Line(row, error=example)
        for (_, row), example in zip(slab, parsed, strict=True)
    ]


def _example(predictor: Predictor, row: Mapping[str, Any], folder: Path, source: Source) -> Example | str:
    (value,) = row.values()
    if value is None or (isinstance(value, str) and not value.strip()):
        return f"{source}: it is empty."
    try:
        return replace(predictor.task.parse(with_pictures(row, predictor.task, folder, source), source), target=None)
    except DataError as error:
        return str(error)
