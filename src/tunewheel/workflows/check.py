"""check: what is in a file, what is wrong with it, and how to mend it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from .. import tasks
from ..data import Table
from ..data.column_names import part_named
from ..data.doctor import Diagnosis, examine
from ..data.doctor import fix as write_fixed
from ..data.doctor.fix import Format
from ..errors import DataError, Problem
from ..records import Example
from ..task import Task
from .choose import ROLES, suited_body
from .rows.columns import roles_of
from .rows.gather import gather, open_table, options_from, span_problems
from .rows.given import divided
from .rows.leak_score import leak_score
from .say import Say, Silent

# About how many characters a token has.
CHARACTERS_A_TOKEN = 4
FORMATS: Mapping[str, Format] = {".csv": "csv", ".tsv": "tsv", ".jsonl": "jsonl", ".json": "jsonl"}


def check(
    path: str | Path,
    *,
    validation: str | Path | None = None,
    test: str | Path | None = None,
    fix: str | Path | None = None,
    probe: bool = True,
    format: str | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
    say: Say | None = None,
    **roles: Any,
) -> Diagnosis:
    """Examine the training rows of the file at `path`; `fix` names where a cleaned copy goes.

    Validation and test rows, of a column that divides the file or of files of their own, are looked at for what they
    share with the training rows. The original, test rows and other files are never touched. `roles` name the task and
    columns as in `tune`. Raises `DataError` for a file that cannot be read at all, and for a copy of unknown format.
    """
    say = say or Silent()
    copy = _copy(fix)
    reading = {"format": format, "encoding": encoding, "sheet": sheet}
    table = open_table(path, reading)
    found = roles_of(table, {role: name for role, name in roles.items() if role in (*ROLES, "task")})
    for line in (*table.notes, *found.said):
        say.line(line)
    kind = tasks.find(found.task)
    task = kind(kind.Options(**options_from(found, kind.Options.model_fields)))
    others = {name: Path(other) for name, other in (("validation", validation), ("test", test)) if other}
    split = found.columns.get("split")
    with say.stage("Examining", 2) as stage:
        rows = gather(table, task)
        parts = divided(rows.examples, split)
        parts |= {name: gather(open_table(other, reading), task).examples for name, other in others.items()}
        if split:
            say.line(_told(parts))
        stage.advance()
        diagnosis = _examined(task, parts, rows.problems, probe)
        stage.advance()
    if copy is not None:
        kept, test_rows = list(others.values()), _test_rows(table, split)
        for line in write_fixed(table, diagnosis, *copy, columns=found.columns, protected=kept, test_rows=test_rows):
            say.line(line)
    return diagnosis


def _examined(
    task: Task, parts: Mapping[str, Sequence[Example]], problems: Sequence[Problem], probe: bool
) -> Diagnosis:
    train, test = parts["train"], parts["test"]
    diagnosis = examine(
        train, task=task.name, test=test, validation=parts["validation"], problems=problems,
        span_problems=span_problems(train), measure=_tokens, limit=_window(task, train), probe=probe,
    )  # fmt: skip
    leaks = leak_score(task, train, test, diagnosis.leaked_test) if probe and test else []
    return replace(diagnosis, findings=(*diagnosis.findings, *leaks))


def _tokens(text: str) -> int:
    """About how many tokens a text has, without loading a tokenizer: a Chinese character is about one."""
    plain = len(text) if text.isascii() else sum(ord(character) < 0x2E80 for character in text)
    return plain // CHARACTERS_A_TOKEN + len(text) - plain


def _window(task: Task, examples: Sequence[Example]) -> int:
    """How many tokens the model that `tune` would choose reads at once."""
    return suited_body(examples, task.reads).entry.max_tokens


def _told(parts: Mapping[str, Sequence[Example]]) -> str:
    train, validation, test = (f"{len(parts[name]):,}" for name in ("train", "validation", "test"))
    return f"{train} training rows are examined; {validation} validation and {test} test rows are compared with them."


def _test_rows(table: Table, split: str | None) -> list[int]:
    """The numbers of the rows that the column `split` calls test rows, also of those that cannot be parsed."""
    sides = table.column(split) if split else []
    return [table.number(place) for place, side in enumerate(sides) if part_named(side) == "test"]


def _copy(fix: str | Path | None) -> tuple[Path, Format] | None:
    """Where the cleaned copy goes and how it is written. Raises `DataError` when its name promises another format."""
    if fix is None:
        return None
    target = Path(fix)
    if target.suffix.lower() not in FORMATS:
        what = f"a cleaned copy can be written as {', '.join(FORMATS)}, and not as '{target.suffix}'."
        raise DataError(what, where=str(target), mend=f"Name it {target.stem or 'clean'}.csv, for example.")
    return target, FORMATS[target.suffix.lower()]
