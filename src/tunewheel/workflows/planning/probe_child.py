"""The child process of a probe: `python -m tunewheel.workflows.planning.probe_child FOLDER NUMBER` reads the rows and
`ask-NUMBER.json` in the folder, measures, and writes a line to `told-NUMBER.jsonl` for each way."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ... import tasks
from ...errors import TunewheelError
from ...models.estimate import held_memory_mb, peak_memory_mb
from ...training.options import TrainingOptions
from ..rows.sets import Sets
from ..say import Silent
from ..tuning.lay_floors import lay_floors
from .probe import Ask, Scored, Told, read_rows

if TYPE_CHECKING:
    from ...task import Task


def main(folder: Path, number: str) -> None:
    """Measure and write the answers, or the sentences that say why there are none."""
    ask = Ask(**json.loads((folder / f"ask-{number}.json").read_text("utf-8")))
    train, held = read_rows(folder)
    sets = Sets(train, held, [], "", carved=ask.few)
    with (folder / f"told-{number}.jsonl").open("w", encoding="utf-8") as file:
        for answer in _answers(ask, sets):
            file.write(json.dumps(answer) + "\n")
            file.flush()


def _answers(ask: Ask, sets: Sets) -> Iterator[dict[str, Any]]:
    """An answer a way; what stops the body stops all of its ways."""
    if not ask.model:
        yield asdict(_floors(ask, sets))
        return
    before, started = held_memory_mb(), time.perf_counter()
    from .probe_body import ProbeBody

    starting = time.perf_counter() - started
    with tempfile.TemporaryDirectory() as scratch:
        try:
            body = ProbeBody(ask, _task(ask), sets, Path(scratch), before, starting)
        except TunewheelError as error:
            yield from [_failed(error)] * len(ask.ways)
            return
        for way in ask.ways:
            try:
                yield asdict(body.told(TrainingOptions(**way)))
            except TunewheelError as error:
                yield _failed(error)


def _failed(error: TunewheelError) -> dict[str, Any]:
    return {"failed": str(error.problems[0])}


def _floors(ask: Ask, sets: Sets) -> Told:
    """The strongest floor, and what all of them take."""
    before, started = held_memory_mb(), time.perf_counter()
    with tempfile.TemporaryDirectory() as scratch:
        floors = list(lay_floors(_task(ask), sets, Path(scratch), ask.seed, Silent()))
    seconds = time.perf_counter() - started
    best = max(floors, key=lambda floor: floor.score)
    scored = Scored(best.name, best.score, best.score, len(sets.train), len(sets.validation), seconds)
    return Told(peak_memory_mb() - before, held_memory_mb() - before, scored)


def _task(ask: Ask) -> Task:
    kind = tasks.find(ask.task)
    return kind(kind.Options(**ask.options), ask.facts)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
