"""Lessons: rows that people gave the right answer to, kept with the run that learns them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from ...errors import DataError, Problem
from ...recipe import DataOptions
from ...records import Example, Source
from ...task import Task
from .taught import taught

FILE = "lessons.jsonl"


@dataclass(frozen=True)
class Lesson:
    """A row, its right answer, and the ids of what it comes from (answers that were given, or numbers of what people
    said). `at` is when the answer was last said (UTC, ISO 8601), `number` which of all things said it was."""

    row: Mapping[str, Any]
    answer: Any
    ids: Sequence[str] = ()
    at: str = ""
    number: int = 0


@dataclass(frozen=True)
class Lessons:
    """All lessons up to number `said` of what people said."""

    rows: Sequence[Lesson] = ()
    said: int = 0
    turn: int = 0

    def newer_than(self, number: int) -> int:
        """How many rows were answered after this number of what people said."""
        return sum(row.number > number for row in self.rows)

    def save(self, folder: Path) -> None:
        """Keep them with a run, so that an interrupted one goes on with the same."""
        lines = [{"said": self.said, "turn": self.turn}, *map(asdict, self.rows)]
        (folder / FILE).write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), "utf-8")

    @classmethod
    def load(cls, folder: Path) -> Lessons:
        """Those of a run; none where it had none."""
        path = folder / FILE
        if not path.exists():
            return cls()
        first, *rest = (json.loads(line) for line in path.read_text("utf-8").split("\n") if line)
        return cls([Lesson(**line) for line in rest], first["said"], first["turn"])


@dataclass(frozen=True)
class Learnt:
    """Lessons as examples, and what could not be read."""

    examples: list[Example] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def into(self, examples: Sequence[Example]) -> tuple[list[Example], Learnt]:
        """`examples` with the answers that people corrected, and the lessons that are not among them."""
        right = {example.key: example for example in self.examples}
        corrected = [replace(one, target=right[one.key].target) if one.key in right else one for one in examples]
        known = {one.key for one in examples}
        return corrected, Learnt([one for one in self.examples if one.key not in known], self.problems)


def learnt(lessons: Lessons, task: Task, options: DataOptions) -> Learnt:
    """The lessons as the task reads them. The column of times, if there is one, holds when they were said."""
    found, problems = [], []
    for number, lesson in enumerate(lessons.rows, start=1):
        try:
            example = taught(task, lesson.row, lesson.answer, Source("feedback", number))
        except DataError as error:
            problems.extend(error.problems)
            continue
        if example.target is not None:
            at = {options.time: lesson.at} if options.time else {}
            found.append(replace(example, columns={**example.columns, **at}))
    return Learnt(found, problems)
