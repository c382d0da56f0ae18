"""predict: a version's answers to texts, or to every row of a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import Any

from ..data import Table
from ..errors import ColumnError, DataError, Problem, RequestInvalid
from ..records import Example, Source
from ..serving import Answer, Predictor, content_columns, present
from ..workspace import Workspace
from .answers_file import Line, answers_file, checked_output
from .load import Engine, load
from .rows.gather import open_table, with_pictures
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


def predict(
    workspace: Workspace, texts: Sequence[str], *, version: str = "live", engine: Engine = "auto"
) -> list[Answer]:  # fmt: skip
    """One answer a text, in order, as the server would give it.

    Raises `RequestInvalid` naming every empty text, and what `load` raises.
    """
    predictor = load(workspace, version, engine)
    column = _reads_texts(predictor)
    empty = [Problem("the text is empty.", f"text {n}") for n, text in enumerate(texts, start=1) if not text.strip()]
    if empty:
        raise RequestInvalid.of(empty)
    examples = predictor.parse([{column: text} for text in texts])
    predictions = predictor.predict_bulk(examples)
    return [present(answer, example) for answer, example in zip(predictions, examples, strict=True)]


def predict_file(
    workspace: Workspace,
    path: str | Path,
    *,
    version: str = "live",
    engine: Engine = "auto",
    output: str | Path | None = None,
    text: str | None = None,
    format: str | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
    say: Say | None = None,
) -> Written:
    """Every row of a file with its columns, its `prediction` and `confidence`, in order, as CSV or JSONL.

    The answers are written beside the file as `NAME.predictions.csv` unless `output` names another place; the file
    appears only when it is complete. A row that cannot be answered has an `error` instead. `text` names the column
    of the texts where it is called otherwise than in training; `format`, `encoding` and `sheet` are as in `tune`.
    Raises `ReadError`, `ColumnError`, and what `load` raises.
    """
    table = open_table(path, {"format": format, "encoding": encoding, "sheet": sheet})
    target = checked_output(table.path, output)
    return predict_table(load(workspace, version, engine), table, target, say or Silent(), text)


def predict_table(predictor: Predictor, table: Table, target: Path, say: Say, text: str | None = None) -> Written:
    """The same for a table and a predictor that are at hand."""
    content = _content_column(table, predictor, text)
    rows = failed = 0
    with answers_file(target, table.columns) as write, say.stage("Predicting", len(table)) as stage:
        for slab in _slabs(table):
            lines = _answered(predictor, table, slab, content)
            write(lines)
            rows += len(lines)
            failed += sum(bool(line.error) for line in lines)
            stage.advance(len(lines))
    return Written(target, predictor.version, rows, failed, table.problems)


def _content_column(table: Table, predictor: Predictor, text: str | None) -> tuple[str, str]:
    """The column of the file that holds the content, and the name under which the task reads it."""
    columns = content_columns(predictor.task)
    if text is not None:
        return _text_column(table, text), _reads_texts(predictor)
    for kind, column in columns.items():
        for name in (column, kind):
            if name in table.columns:
                return name, column
    wanted = " or ".join(f"'{column}'" for column in columns.values())
    listed = ", ".join(table.columns)
    raise ColumnError(f"there is no column {wanted}.", where=str(table.path), mend=f"Rename one of: {listed}.")


def _text_column(table: Table, name: str) -> str:
    if name not in table.columns:
        close = get_close_matches(name, table.columns, n=1, cutoff=0.5)
        mend = f"Did you mean '{close[0]}'?" if close else f"The columns are {', '.join(table.columns)}."
        raise ColumnError(f"there is no column '{name}'.", where=str(table.path), mend=mend)
    return name


def _reads_texts(predictor: Predictor) -> str:
    """The name under which the task reads a text. Raises `RequestInvalid` where it reads none."""
    columns = content_columns(predictor.task)
    if "text" not in columns:
        raise RequestInvalid(f"version {predictor.version} reads pictures, not text.", mend="Give it a file or folder.")
    return columns["text"]


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
    answers = iter(_answers(predictor, examples))
    told = (next(answers) if isinstance(example, Example) else example for example in parsed)
    return [
        Line(row, error=answer) if isinstance(answer, str) else Line(row, answer)
        for (_, row), answer in zip(slab, told, strict=True)
    ]


def _answers(predictor: Predictor, examples: Sequence[Example]) -> list[Answer | str]:
    """One answer an example; where one cannot be answered, each is asked alone, and that one gets a sentence."""
    try:
        return list(map(present, predictor.predict_bulk(examples), examples))
    except (DataError, UnicodeError) as error:
        if len(examples) > 1:
            return [answer for example in examples for answer in _answers(predictor, [example])]
        what = error.problems[0].what if isinstance(error, DataError) else f"it cannot be answered ({error})."
        return [f"{examples[0].source}: {what}"]


def _example(predictor: Predictor, row: Mapping[str, Any], folder: Path, source: Source) -> Example | str:
    (value,) = row.values()
    if value is None or (isinstance(value, str) and not value.strip()):
        return f"{source}: it is empty."
    try:
        return replace(predictor.task.parse(with_pictures(row, predictor.task, folder, source), source), target=None)
    except DataError as error:
        return str(error)
