"""predict: a version's answers to texts, or to every row of a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import Any

from .. import __version__
from ..data import Table
from ..errors import ColumnError, DataError, Problem, RequestInvalid
from ..records import Example, Source
from ..serving import Answer, Predictor, content_columns, present
from ..workspace import Workspace
from .answers_file import AnswersFormat, Line, checked_output
from .load import Engine, load
from .partial_file import partial_file
from .rows.gather import open_table, with_pictures
from .say import Say, Silent

# A slab is answered, written and made durable together: so many rows, or fewer where they are long.
SLAB, SLAB_PICTURES = 1_000, 256
SLAB_CHARACTERS = 8_000_000

Numbered = tuple[int, Mapping[str, Any]]


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
    appears only when it is complete. After a crash or Ctrl-C the same call goes on where it ended, as long as file,
    version and options are the same. A row that cannot be answered has an `error` instead. `text` names the column
    of the texts where it is called otherwise than in training; `format`, `encoding` and `sheet` are as in `tune`.
    Raises `ReadError`, `ColumnError`, `Busy` while another process writes the same answers, `ServingError` when the
    disk refuses, and what `load` raises.
    """
    reading = {"format": format, "encoding": encoding, "sheet": sheet}
    table = open_table(path, reading, workspace.cache / "rows")
    target = checked_output(table.path, output)
    return predict_table(load(workspace, version, engine), table, target, say or Silent(), text)


def predict_table(predictor: Predictor, table: Table, target: Path, say: Say, text: str | None = None) -> Written:
    """The same for a table and a predictor that are at hand."""
    content = _content_column(table, predictor, text)
    answers = AnswersFormat(target, table.columns)
    with partial_file(target, _same(predictor, table, content, answers), say) as partial:
        if not partial.standing.size:
            partial.append(answers.beginning())
        done, total = partial.standing.rows, len(table)
        if done:
            say.line(f"Going on after row {done:,} of {total:,}.")
        with say.stage("Predicting", total - done) as stage:
            for slab in _slabs(islice(enumerate(table.rows()), done, None), _most(predictor)):
                lines = _answered(predictor, table, slab, content)
                partial.append(answers.lines(lines), len(lines), sum(bool(line.error) for line in lines))
                stage.advance(len(lines))
    return Written(target, predictor.version, partial.standing.rows, partial.standing.failed, table.problems)


def _same(predictor: Predictor, table: Table, content: tuple[str, str], answers: AnswersFormat) -> dict[str, Any]:
    """All that decides the bytes of the answers, under the names that people are told when it changed."""
    return {
        "content of the input file": table.fingerprint,
        "name of the input file": table.path.name,
        "way to read it": [table.format, table.encoding, *table.notes],
        "columns": table.columns,
        "column of the texts": list(content),
        "version": predictor.version,
        "form of the version": predictor.form or "torch",
        "format of the answers": answers.name,
        "size of a slab": [_most(predictor), SLAB_CHARACTERS],  # batches, and so the last digits, follow from it
        "release of Tunewheel": __version__,
    }


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


def _most(predictor: Predictor) -> int:
    """Most rows of a slab: pictures are read into memory."""
    return SLAB_PICTURES if predictor.task.reads == "image" else SLAB


def _slabs(rows: Iterator[Numbered], most: int) -> Iterator[list[Numbered]]:
    """Slabs that are bounded in number and size; where one ends depends on its own rows alone."""
    slab: list[Numbered] = []
    characters = 0
    for index, row in rows:
        slab.append((index, row))
        characters += sum(len(value) for value in row.values() if isinstance(value, (str, bytes, list)))
        if len(slab) == most or characters > SLAB_CHARACTERS:
            yield slab
            slab, characters = [], 0
    if slab:
        yield slab


def _answered(predictor: Predictor, table: Table, slab: Sequence[Numbered], content: tuple[str, str]) -> list[Line]:
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
