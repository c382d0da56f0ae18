"""Finding: one thing the doctor has to say, with the rows it is about and what to do."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ...records import Example, Picture, Source

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
SHOWN_ROWS = 20
SHOWN_CHARACTERS = 60


@dataclass(frozen=True, slots=True)
class Finding:
    """`severity` error: tuning cannot go on; warning: the result will suffer; note: worth knowing.

    `rows` are the first 20 numbers a person looks for in the file, `count` says how many there are; `details`
    tell more, a line each; `command` is what to run or to edit; `fix` says whether `--fix` mends it.
    """

    kind: str
    severity: Severity
    message: str
    rows: tuple[int, ...] = ()
    count: int = 0
    command: str = ""
    fix: bool = False
    details: tuple[str, ...] = ()

    @classmethod
    def about(
        cls,
        kind: str,
        severity: Severity,
        message: str,
        rows: Sequence[int],
        *,
        command: str,
        fix: bool = False,
        details: Iterable[str] = (),
    ) -> Finding:
        """A finding about `rows` (all their numbers), of which the first are kept."""
        kept = tuple(details)[:SHOWN_ROWS]
        return cls(kind, severity, message, tuple(rows[:SHOWN_ROWS]), len(rows), command, fix, kept)


def row_numbers(examples: Sequence[Example], indices: Iterable[int]) -> list[int]:
    """The numbers a person looks for of the examples at `indices`."""
    return [examples[index].source.row for index in indices]


def file_of(examples: Sequence[Example]) -> str:
    """The file of the examples as it is written in a command: by the path that the user gave."""
    return shlex.quote(_path(examples))


def fix_command(examples: Sequence[Example]) -> str:
    """The command that writes a cleaned copy beside the file."""
    path = Path(_path(examples))
    suffix = ".jsonl" if path.suffix in (".json", ".jsonl", ".conll", ".txt") else ".csv"
    return f"tunewheel check {file_of(examples)} --fix {shlex.quote(str(path.with_suffix('.clean' + suffix)))}"


def are_pictures(examples: Sequence[Example]) -> bool:
    """Whether the rows are pictures, of which no cleaned copy can be written."""
    return bool(examples) and isinstance(examples[0].content, Picture)


def counted(count: int, noun: str, plural: str = "") -> str:
    """'1 row', '12,000 rows'."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def quoted(text: str) -> str:
    """A text in quotes, on one line, cut to what fits beside a row number."""
    line = " ".join(text.split())
    return repr(line if len(line) <= SHOWN_CHARACTERS else line[: SHOWN_CHARACTERS - 1] + "…")


def shown(example: Example) -> str:
    """What a person reads of an example beside its row number."""
    picture = isinstance(example.content, Picture)
    return "the picture" if picture and not example.content.name else quoted(example.text)


def _path(examples: Sequence[Example]) -> str:
    source = examples[0].source if examples else Source()
    return source.path or source.file or "FILE"
