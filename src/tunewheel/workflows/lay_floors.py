"""Lay the floors: the plain baselines that every fine-tuned model must beat."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..records import Batch, Example
from ..task import Plain, Task
from ..training.floors import FLOORS, Floor, FloorState
from ..training.floors.floor import answer
from .contend import Candidate, Made, candidate
from .say import Say
from .sets import Sets


def lay_floors(task: Task, sets: Sets, folder: Path, seed: int, say: Say) -> Iterator[Candidate]:
    """Train each floor that suits the task, the weakest first, and judge it on the validation rows.

    What is in `folder` from an earlier start is used again. Few rows are fitted once more, validation rows among them.
    """
    train, held = task.plain(sets.train), task.plain(sets.validation)
    everything = task.plain([*sets.train, *sets.validation]) if sets.few else None
    fitting = [kind for kind in FLOORS.values() if kind.fits(train)]
    with say.stage("Floors", len(fitting)) as stage:
        for kind in fitting:
            floor, seconds = _laid(kind, train, held, len(task.facts["labels"]), folder, seed)
            yield candidate(task, _made(floor, seconds, task, sets, everything, seed), sets.validation)
            stage.advance()


def _laid(kind: type[Floor], train: Plain, held: Plain, classes: int, folder: Path, seed: int) -> tuple[Floor, float]:
    """The floor and the seconds it took, now or before."""
    kept = _kept(kind, folder)
    if kept is not None:
        return kept
    started = time.perf_counter()
    floor = kind.learn(train, held, classes, seed)
    seconds = time.perf_counter() - started
    _keep(floor, folder, seconds)
    return floor, seconds


def _made(floor: Floor, seconds: float, task: Task, sets: Sets, everything: Plain | None, seed: int) -> Made:
    held = floor.encode(task, sets.validation)
    final = floor.relearn(everything, len(task.facts["labels"]), seed) if everything else floor

    def encode(own: Task, examples: Sequence[Example]) -> Batch:
        return final.encode(own, examples)

    size = sum(array.nbytes for array in final.state().arrays.values())
    return Made(final.title, "floor", answer, encode, held, answer(held), final, seconds, size)


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
