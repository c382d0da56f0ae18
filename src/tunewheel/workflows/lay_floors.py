"""Lay the floors: the plain baselines that every fine-tuned model must beat."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path

from ..records import Batch, Example
from ..task import Task
from ..training.floors import FLOORS, Floor, FloorState
from ..training.floors.floor import answer
from .contend import Entrant, contend
from .say import Say
from .sets import Sets


def lay_floors(task: Task, sets: Sets, folder: Path, seed: int, say: Say) -> list[Entrant]:
    """Train and judge each floor that suits the task. What is in `folder` from an earlier start is used again."""
    entrants = []
    train, held = task.plain(sets.train), task.plain(sets.validation)
    fitting = [kind for kind in FLOORS.values() if kind.fits(train)]
    with say.stage("Floors", len(fitting)) as stage:
        for kind in fitting:
            floor, seconds = _kept(kind, folder) or (None, 0.0)
            if floor is None:
                started = time.perf_counter()
                floor = kind.learn(train, held, len(task.facts["labels"]), seed)
                seconds = time.perf_counter() - started
                _keep(floor, folder, seconds)
            entrants.append(_entrant(floor, task, sets, seconds))
            stage.advance()
    return entrants


def _entrant(floor: Floor, task: Task, sets: Sets, seconds: float) -> Entrant:
    def encode(own: Task, examples: Sequence[Example]) -> Batch:
        return floor.encode(own, examples)

    size = sum(array.nbytes for array in floor.state().arrays.values())
    return contend(
        floor.title, "floor", task, encode, answer, sets.validation, sets.test,
        train_seconds=seconds, size_bytes=size, origin=floor,
    )  # fmt: skip


def _keep(floor: Floor, folder: Path, seconds: float) -> None:
    """Save a floor, so that a run that is resumed need not train it again; the JSON comes last and seals it."""
    from safetensors.numpy import save_file

    folder.mkdir(parents=True, exist_ok=True)
    state = floor.state()
    save_file(state.arrays, folder / f"{floor.name}.safetensors")
    (folder / f"{floor.name}.json").write_text(json.dumps({"facts": state.facts, "seconds": seconds}), "utf-8")


def _kept(kind: type[Floor], folder: Path) -> tuple[Floor, float] | None:
    from safetensors.numpy import load_file

    try:
        known = json.loads((folder / f"{kind.name}.json").read_text("utf-8"))
        arrays = load_file(folder / f"{kind.name}.safetensors")
    except (OSError, ValueError):
        return None
    return kind.from_state(FloorState(arrays, known["facts"])), known["seconds"]
