"""Gather: files of rows to parsed examples, every broken row named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...data import Roles, Table, read
from ...data.readers.pictures import is_picture_name, named_picture
from ...errors import DataError, Problem, ReadError
from ...models.images.decode import decode
from ...records import Example, Picture, Row, Source
from ...task import Task

MOST_SHOWN = 20
TABLES = (
    ".csv", ".tsv", ".tab", ".jsonl", ".ndjson", ".json", ".parquet", ".xlsx",
    ".conll", ".iob", ".iob2", ".bio", ".bioes", ".bmes",
)  # fmt: skip
# Above this share of unreadable rows the file is not what it was taken for.
MOST_BROKEN = 0.5


@dataclass(frozen=True)
class Gathered:
    """The examples of one file, the rows that could not be read, and the file's fingerprint."""

    examples: list[Example]
    problems: list[Problem]
    fingerprint: str


def open_table(path: str | Path, settings: Mapping[str, Any] | None = None, cache: Path | None = None) -> Table:
    """The table at `path`, read as the `data` section of a recipe says; rows that memory does not hold lie in `cache`
    (or the system's temporary folder) meanwhile. Raises `ReadError`."""
    chosen = {name: (settings or {}).get(name) for name in ("format", "encoding", "sheet")}
    told = {name: None if value == "auto" else value for name, value in chosen.items()}
    return read(Path(path), **told, cache=cache)


def names_a_file(text: str) -> bool:
    """Whether a text can only be meant as the name of a table or a picture, be it there or not."""
    return is_picture_name(text) or ("://" not in text and text.strip().lower().endswith(TABLES))


def gather(table: Table, task: Task) -> Gathered:
    """Parse every row. Rows that cannot be parsed are named; a file of mostly such rows is refused."""
    examples: list[Example] = []
    problems: list[Problem] = list(table.problems)
    for example in _parsed(table, task):
        if isinstance(example, Example):
            examples.append(example)
        else:
            problems.extend(example)
    if not examples or len(problems) > MOST_BROKEN * (len(examples) + len(problems)):
        raise _refused(problems, table.path)
    return Gathered(examples, problems, table.fingerprint)


def _parsed(table: Table, task: Task) -> Iterator[Example | tuple[Problem, ...]]:
    file, path, folder = table.path.name, str(table.path), table.path.parent
    for number, row in table.numbered():
        source = Source(file, number, path)
        try:
            yield checked(task.parse(with_pictures(row, task, folder, source), source))
        except DataError as error:
            yield error.problems


def with_pictures(row: Row, task: Task, folder: Path, source: Source) -> Row:
    """The row with the picture that it names, read from `folder`. Raises `DataError` naming the row."""
    if task.reads != "image":
        return row
    column = getattr(task.options, "image", "")
    name = row.get(column)
    if not is_picture_name(name):
        return row
    return {**row, column: {"bytes": named_picture(str(name), folder, str(source)), "path": name}}


def checked(example: Example) -> Example:
    """The example, if its picture can be decoded: met later, one damaged picture would stop all others.

    Raises `DataError` naming the row.
    """
    picture = example.content
    if isinstance(picture, Picture):
        try:
            decode(picture)
        except DataError as error:
            named = f" ({picture.name})" if picture.name and picture.name != str(example.source) else ""
            what = error.problems[0]
            raise DataError(what.what, where=f"{example.source}{named}", mend=what.mend) from None
    return example


def span_problems(examples: Sequence[Example]) -> list[Problem]:
    """What the task noted while it put spans onto words, with the row it was met in."""
    return [
        Problem(problem.what, f"{example.source}, {problem.where}", problem.mend)
        for example in examples
        for problem in example.columns.get("span problems", ())
    ]


def _refused(problems: list[Problem], path: Path) -> DataError:
    if not problems:
        return ReadError("there are no rows.", where=str(path), mend="Give a file with a header and labelled rows.")
    shown = problems[:MOST_SHOWN]
    if len(problems) > MOST_SHOWN:
        shown.append(Problem(f"... and {len(problems) - MOST_SHOWN} more.", str(path)))
    error = ReadError.of(shown)
    assert isinstance(error, DataError)
    return error


def options_from(roles: Roles, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The task options that the roles of columns decide."""
    chosen: dict[str, Any] = {role: column for role, column in roles.columns.items() if role in fields}
    if "multi_label" in fields and roles.multi_label:
        chosen["multi_label"] = True
        if roles.separator:
            chosen["separator"] = roles.separator
    return chosen
