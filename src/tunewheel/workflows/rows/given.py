"""Given: the labelled rows that files and a column of parts give to each part, and what had to be left out.

A part that was named and has no labels is a mistake: rows of the data must never take its place unasked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ...data import Table
from ...data.column_names import part_named
from ...errors import LabelError, Problem
from ...recipe import DataOptions
from ...records import Example
from ...task import Task
from .gather import Gathered, gather, open_table, span_problems

Tell = Callable[[str], None]
ANSWERS = ("label", "tags", "spans")
MOST_TOLD = 3
LABEL_THEM = "Label them, or take them out of the file: other rows are then set apart."


@dataclass(frozen=True)
class Given:
    """Labelled rows: `pool` is still to be divided, `validation` and `test` are so by the user's word (or empty).

    `problems` are the rows and spans that were left out or mended in reading; `fingerprints` are those of the files.
    """

    pool: list[Example]
    validation: list[Example]
    test: list[Example]
    problems: list[Problem]
    fingerprints: dict[str, str]


def given_rows(table: Table, task: Task, options: DataOptions, split: str | None, tell: Tell) -> Given:
    """Read the files that `options` names beside `table`, and divide its rows by the column `split`, if there is one.

    Raises `LabelError` naming a file, or a part of the data, that has no label at all.
    """
    named = {name: path for name, path in (("validation", options.validation), ("test", options.test)) if path}
    files = {"data": table} | {name: open_table(path, options.model_dump()) for name, path in named.items()}
    read = {name: gather(file, task) for name, file in files.items()}
    problems = [problem for name, file in files.items() for problem in _told(file, read[name], tell)]
    fingerprints = {file.path.name: file.fingerprint for file in files.values()}
    data, parts = table.path.name, divided(read["data"].examples, split)
    labelled = {"pool": _labelled(parts["train"], data, _name_the_column(task), tell)}
    for name in ("validation", "test"):
        examples, where, mend = parts[name], f"{data}, rows that '{split}' calls {name}", LABEL_THEM
        if name in files:
            examples, where, mend = read[name].examples, files[name].path.name, _mend(files[name], table, task)
        labelled[name] = _labelled(examples, where, mend, tell) if examples else []
    return Given(**labelled, problems=problems, fingerprints=fingerprints)


def divided(examples: Sequence[Example], split: str | None) -> dict[str, list[Example]]:
    """The rows of each part by the words in the column `split`; without one all are to train."""
    parts: dict[str, list[Example]] = {"train": [], "validation": [], "test": []}
    for example in examples:
        parts[part_named(example.columns.get(split)) if split else "train"].append(example)
    return parts


def _labelled(examples: Sequence[Example], where: str, mend: str, tell: Tell) -> list[Example]:
    """Those with a label; says how many have none. Raises `LabelError` when none of them has."""
    labelled = [example for example in examples if example.target is not None]
    if not labelled:
        raise LabelError("no row has a label.", where=where, mend=mend)
    if len(labelled) < len(examples):
        tell(f"Left out for want of a label: {_counted(len(examples) - len(labelled), 'row')} of {where}.")
    return labelled


def _name_the_column(task: Task) -> str:
    flags = [f"--{role} COLUMN" for role in ANSWERS if hasattr(task.options, role)]
    return f"Name the column with {' or '.join(flags)}."


def _mend(file: Table, data: Table, task: Task) -> str:
    """What to do with a file that has no label: its columns must be called as those of the `data` are."""
    options = task.options.model_dump()
    wanted = {options.get(role) for role in ANSWERS} | set(options.get("votes", ()))
    there = [name for name in data.columns if name in wanted]
    quoted, listed = (" or ".join(f"'{name}'" for name in there), ", ".join(f"'{name}'" for name in file.columns))
    if set(there) & set(file.columns):
        return f"Fill in column {quoted}, or leave the file out."
    return (
        f"{data.path.name} has its labels in {quoted}, and this file has {listed}. Rename one, or leave the file out."
    )


def _told(file: Table, read: Gathered, tell: Tell) -> list[Problem]:
    """Says how many rows and spans of a file were left out or mended, and the first of them; gives all."""
    spans = span_problems(read.examples)
    _tell_first(f"{_counted(len(read.problems), 'row')} of {file.path.name} cannot be used:", read.problems, tell)
    _tell_first(f"{_counted(len(spans), 'span')} of {file.path.name} mended or left out:", spans, tell)
    return [*read.problems, *spans]


def _tell_first(heading: str, problems: Sequence[Problem], tell: Tell) -> None:
    if problems:
        tell(heading)
    for problem in problems[:MOST_TOLD]:
        tell(f"  {problem}")
    if len(problems) > MOST_TOLD:
        tell(f"  ... and {len(problems) - MOST_TOLD:,} more, which the report lists.")


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
