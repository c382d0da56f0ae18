"""check: what is in a file, what is wrong with it, and how to mend it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from .. import tasks
from ..data import Table, infer
from ..data.doctor import Diagnosis, examine
from ..data.doctor import fix as write_fixed
from ..errors import Problem
from ..records import Example
from .choose import ROLES
from .gather import gather, open_table, options_from
from .leak_score import leak_score
from .say import Say, Silent

# What the models of the catalogue read at once, in tokens, and about how many characters a token has.
WINDOW_TOKENS = 256
CHARACTERS_A_TOKEN = 4


def check(
    path: str | Path,
    *,
    test: str | Path | None = None,
    fix: str | Path | None = None,
    probe: bool = True,
    format: str | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
    say: Say | None = None,
    **roles: Any,
) -> Diagnosis:
    """Examine the file at `path`; `fix` names where a cleaned copy goes. The original and `test` are never touched.

    `roles` name the task and columns as in `tune`. Raises `DataError` for a file that cannot be read at all.
    """
    say = say or Silent()
    table = open_table(path, {"format": format, "encoding": encoding, "sheet": sheet})
    found = infer(table, **{role: name for role, name in roles.items() if role in (*ROLES, "task")})
    for line in (*table.notes, *found.said):
        say.line(line)
    kind = tasks.find(found.task)
    task = kind(kind.Options(**options_from(found, kind.Options.model_fields)))
    with say.stage("Examining", 2) as stage:
        rows = gather(table, task)
        stage.advance()
        held = gather(open_table(test), task).examples if test else None
        diagnosis = examine(
            rows.examples, task=task.name, test=held, problems=rows.problems,
            span_problems=span_problems(rows.examples), measure=_tokens, limit=WINDOW_TOKENS, probe=probe,
        )  # fmt: skip
        if probe and held:
            found_of_leaks = leak_score(task, rows.examples, held, diagnosis.leaked_test)
            diagnosis = replace(diagnosis, findings=(*diagnosis.findings, *found_of_leaks))
        stage.advance()
    if fix is not None:
        _write_fixed(table, diagnosis, Path(fix), found.columns, test, say)
    return diagnosis


def span_problems(examples: Sequence[Example]) -> list[Problem]:
    """What the task noted while it put spans onto words, with the row it was met in."""
    return [
        Problem(problem.what, f"{example.source}, {problem.where}", problem.mend)
        for example in examples
        for problem in example.columns.get("span problems", ())
    ]


def _tokens(text: str) -> int:
    """About how many tokens a text has, without loading a tokenizer: a Chinese character is about one."""
    plain = sum(ord(character) < 0x2E80 for character in text)
    return plain // CHARACTERS_A_TOKEN + len(text) - plain


def _write_fixed(
    table: Table, diagnosis: Diagnosis, target: Path, columns: Any, test: str | Path | None, say: Say
) -> None:
    protected = [Path(test)] if test else []
    for line in write_fixed(table, diagnosis, target, _format(target), columns=columns, protected=protected):
        say.line(line)


def _format(target: Path) -> Any:
    return "jsonl" if target.suffix in (".jsonl", ".json") else "csv"
