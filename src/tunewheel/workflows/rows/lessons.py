"""Lessons: rows that people gave the right answer to, kept with the run that learns them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from ...data import overlap
from ...errors import DataError, Problem
from ...recipe import DataOptions
from ...records import Example, Source
from ...registry.durable import replace_text
from ...task import Task
from .given import Tell
from .taught import taught

FILE = "lessons.jsonl"
# Where examples say they come from that people taught.
TAUGHT = "feedback"


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
    """All lessons up to number `said` of what people said. Those that are `gone` were learnt, and are only counted."""

    rows: Sequence[Lesson] = ()
    said: int = 0
    turn: int = 0
    gone: int = 0

    @property
    def count(self) -> int:
        """How many there are, or were."""
        return len(self.rows) + self.gone

    def newer_than(self, number: int) -> int:
        """How many rows were answered after this number of what people said."""
        return sum(row.number > number for row in self.rows)

    def save(self, folder: Path) -> None:
        """Keep them with a run, so that an interrupted one goes on with the same."""
        lines = [{"said": self.said, "turn": self.turn, "gone": self.gone}, *map(asdict, self.rows)]
        replace_text(folder / FILE, "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))

    @classmethod
    def load(cls, folder: Path) -> Lessons:
        """Those of a run; none where it had none."""
        path = folder / FILE
        if not path.exists():
            return cls()
        first, *rest = (json.loads(line) for line in path.read_text("utf-8").split("\n") if line)
        return cls([Lesson(**line) for line in rest], first["said"], first["turn"], first.get("gone", 0))


def forget(folder: Path) -> None:
    """The run is done. Of its lessons the count stays; the rows lie in the journal, where a person may have them
    erased."""
    lessons = Lessons.load(folder)
    if lessons.rows:
        replace(lessons, rows=(), gone=lessons.count).save(folder)


@dataclass(frozen=True)
class Learnt:
    """Lessons as examples, and what could not be read."""

    examples: list[Example] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def learnt(lessons: Lessons, task: Task, options: DataOptions, tell: Tell) -> Learnt:
    """The lessons as the task reads them; says how many it cannot read.

    The column of times, if there is one, holds when they were said.
    """
    found: list[Example] = []
    problems: list[Problem] = []
    for number, lesson in enumerate(lessons.rows, start=1):
        try:
            example = taught(task, lesson.row, lesson.answer, Source(TAUGHT, number))
        except DataError as error:
            problems.extend(error.problems)
            continue
        if example.target is not None:
            at = {options.time: lesson.at} if options.time else {}
            found.append(replace(example, columns={**example.columns, **at}))
    if problems:
        tell(f"{len(problems):,} rows of feedback cannot be read; the first: {problems[0]}")
    return Learnt(found, problems)


def with_lessons(
    train: Sequence[Example], steering: Sequence[Example], lessons: Sequence[Example], tell: Tell
) -> tuple[list[Example], list[Example]]:
    """Training and validation rows, corrected by the lessons that are about them, with the other lessons among them in
    the same shares.

    On which side a lesson lies is told by its content, and the other rows were divided without any: a row that steers
    now has steered every turn before, so no version of an earlier turn has learnt from it.
    """
    right = {one.key: one.target for one in lessons}
    sides = [[replace(one, target=right.get(one.key, one.target)) for one in side] for side in (train, steering)]
    known = {one.key for side in sides for one in side}
    new = [one for one in lessons if one.key not in known]
    if lessons:
        tell(f"{len(new):,} rows are new from feedback; {len(lessons) - len(new):,} answers are corrected by it.")
    share = len(steering) / max(len(known), 1)
    held = [one for one in new if int(one.key[:8], 16) < share * 2**32]
    rest = [one for one in new if int(one.key[:8], 16) >= share * 2**32]
    near = set(overlap([*sides[1], *held], rest).tolist()) if rest else set()
    return [*sides[0], *(one for i, one in enumerate(rest) if i not in near)], [*sides[1], *held]
