"""Lay the floors: the plain baselines that every fine-tuned model must beat."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from ...records import Batch, Example, Picture
from ...task import Plain, Task
from ...training.floors import FLOORS, Floor, FloorState, WordsFloor
from ...training.floors.floor import answer
from ..rows.sets import Sets
from ..say import Say
from .contend import Candidate, Made, candidate

# More rows than these change little for a plain model, and fill memory.
MOST_ROWS = 100_000


def lay_floors(
    task: Task, sets: Sets, folder: Path, seed: int, say: Say, most_bytes: int | None = None, *, soon: bool = False
) -> Iterator[Candidate]:
    """Train each floor that suits the task, the weakest first, and judge it on the validation rows.

    Where something is wanted `soon`, one that is but quicker than a better one is among them. They learn from at most
    100,000 rows, drawn at random, and with `most_bytes` of no more text. What is in `folder` from an earlier start is
    used again. Few rows are fitted once more, validation rows among them.
    """
    train, held = task.plain(_enough(sets.train, seed, most_bytes)), task.plain(sets.validation)
    everything = task.plain([*sets.train, *sets.validation]) if sets.few else None
    fitting = [kind for kind in FLOORS.values() if kind.fits(train) and (soon or kind is not WordsFloor)]
    with say.stage("Floors", len(fitting)) as stage:
        for kind in fitting:
            floor, seconds = _laid(kind, train, held, len(task.facts["labels"]), folder, seed)
            yield candidate(task, _made(floor, seconds, task, sets, everything, seed), sets.validation)
            stage.advance()


def _enough(rows: Sequence[Example], seed: int, most_bytes: int | None) -> Sequence[Example]:
    """The rows that floors learn from, in their order."""
    if len(rows) <= MOST_ROWS and most_bytes is None:
        return rows
    drawn = np.random.default_rng(seed).permutation(len(rows))[:MOST_ROWS]
    if most_bytes is not None:
        held = np.cumsum([_bytes(rows[i]) for i in drawn])
        drawn = drawn[: max(int(np.searchsorted(held, most_bytes, side="right")), 1)]
    return rows if len(drawn) == len(rows) else [rows[i] for i in np.sort(drawn)]


def _bytes(example: Example) -> int:
    return 0 if isinstance(example.content, Picture) else len(example.text.encode())


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
    own = final.encode(task, sets.validation) if everything else held

    def encode(own: Task, examples: Sequence[Example]) -> Batch:
        return final.encode(own, examples)

    size = sum(array.nbytes for array in final.state().arrays.values())
    return Made(
        final.title, "floor", answer, encode, held, answer(held), final, seconds, size, own=answer(own),
        knows_validation=everything is not None,
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
