"""Body: a pre-trained body of a run, and the task as it reads for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ...models.processors import load_processor
from ...task import Task


@dataclass(frozen=True)
class Body:
    """The name that a recipe gives it, its model folder, and the task with the processor that goes with it."""

    name: str
    folder: Path
    task: Task = field(repr=False)

    @classmethod
    def of(cls, name: str, folder: Path, task: Task, max_tokens: int | None = None) -> Body:
        """The body in `folder` for a `task` that knows its facts; the task itself stays as it is."""
        processor = load_processor(folder, max_tokens=max_tokens)
        return cls(name, folder, type(task)(task.options, task.facts, processor))
