"""The child process of a probe: `python -m tunewheel.workflows.probe_child FOLDER NUMBER` reads `ask-NUMBER.json` and
the rows in the folder, measures, and writes `told-NUMBER.json`."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil

from .. import tasks
from ..errors import TunewheelError
from ..training.options import TrainingOptions
from .conclude import peak_memory_mb
from .lay_floors import lay_floors
from .probe import Ask, Scored, Told, read_rows
from .say import Silent
from .sets import Sets

if TYPE_CHECKING:
    from ..models.heads import Headed
    from ..task import Task
    from .learn import Learner

# Reading for the frozen encoder takes about so long; the steps of a probe take as long again.
READING_SECONDS = 5.0
FEWEST = 20
ALONE = 5
REHEARSED = 10  # batches
MOST_EPOCHS = 4
# oneDNN keeps about a thousand prepared operations, and a step of a small body prepares a dozen.
MOST_SIZES = 80


def main(folder: Path, number: str) -> None:
    """Measure and write the answer, or the sentence that says why there is none."""
    ask = Ask(**json.loads((folder / f"ask-{number}.json").read_text("utf-8")))
    train, held = read_rows(folder)
    sets = Sets(train, held, [], "", carved=ask.few)
    try:
        answer = asdict(_measured(ask, sets) if ask.model else _floors(ask, sets))
    except TunewheelError as error:
        answer = {"failed": str(error.problems[0])}
    (folder / f"told-{number}.json").write_text(json.dumps(answer), "utf-8")


def _floors(ask: Ask, sets: Sets) -> Told:
    """The strongest floor, and what all of them take."""
    before, started = _held_mb(), time.perf_counter()
    with tempfile.TemporaryDirectory() as scratch:
        floors = list(lay_floors(_task(ask), sets, Path(scratch), ask.seed, Silent()))
    seconds = time.perf_counter() - started
    best = max(floors, key=lambda floor: floor.score)
    scored = Scored(best.name, best.score, best.score, len(sets.train), len(sets.validation), seconds)
    return Told(peak_memory_mb() - before, _held_mb() - before, scored)


def _measured(ask: Ask, sets: Sets) -> Told:
    """A body, and one way to fine-tune it."""
    before, started = _held_mb(), time.perf_counter()
    from ..models.backbone import load_processor
    from ..training.precision import measured_precision
    from .learn import Learner

    starting = time.perf_counter() - started
    task, model = _task(ask), Path(ask.model)
    task.processor = load_processor(model, max_tokens=ask.max_tokens)
    options = TrainingOptions(**ask.training)
    if options.precision == "auto":
        options = options.model_copy(update={"precision": measured_precision(task, model, sets.train)})
    with tempfile.TemporaryDirectory() as scratch:
        started = time.perf_counter()
        learner = Learner(task, sets, model, ask.seed, Silent(), Path(scratch))
        encoding = (time.perf_counter() - started) / (len(sets.train) + len(sets.validation))
        return _timed(ask, learner, options, before, starting=starting, encoding=encoding)


def _timed(ask: Ask, learner: Learner, options: TrainingOptions, before: float, **known: float) -> Told:
    from ..training.batches import sizes

    fair = sizes(learner.train)[: len(learner.train) - ask.longest]
    units = {"train": float(fair.mean()), "validation": float(sizes(learner.validation).mean())}
    started = time.perf_counter()
    module = learner.fresh_module(learner.seed)  # stays, as the frozen encoder does in a run
    loading = time.perf_counter() - started
    reading = learner.reading_seconds()
    held = _held_mb()
    scored = _frozen(learner, options, reading, units) if ask.frozen else None
    reading_mb = _held_mb() - held
    started = time.perf_counter()
    options = learner.settled(options, int(ask.rows * units["train"]))
    settling = time.perf_counter() - started
    growing, moving = _growing_mb(learner, options)
    pace, alone = learner.pace(options), _alone_seconds(learner, module)
    never = tuple(f"backbone.body.{name}" for name in module.backbone.frozen)
    return Told(
        peak_memory_mb() - before, _held_mb() - before, scored, reading_mb, growing, moving,
        loading=loading, reading=reading, alone=alone, settling=settling, most_rows=_most_rows(learner), units=units,
        training=options.model_dump(mode="json"),
        weights_mb=_megabytes(module, never), module_mb=_megabytes(module, ()), width=module.backbone.width,
        layers=learner.layers, **asdict(pace), **known,
    )  # fmt: skip


def _frozen(learner: Learner, options: TrainingOptions, reading: float, units: Mapping[str, float]) -> Scored:
    """The frozen encoder on as many rows as there is time for, and on half of them: how fast it gets better tells what
    more rows will bring."""
    most = READING_SECONDS / reading  # units, for all that is read here
    held = learner.sets.validation[: max(int(most / 4 / units["validation"]), FEWEST)]
    count = min(max(int(most / 2 / units["train"]), FEWEST), len(learner.sets.train))
    scores, seconds = [], 0.0
    for rows in (max(count // 2, 1), count):
        part = Sets(learner.sets.train[:rows], held, [], "", carved=learner.sets.carved)
        fewer = type(learner)(learner.task, part, learner.model, learner.seed, Silent(), learner.cache)
        started = time.perf_counter()
        candidate = fewer.before(options)
        seconds = time.perf_counter() - started
        scores.append(candidate.score)
    return Scored(candidate.name, scores[1], scores[0], count, len(held), seconds)


def _growing_mb(learner: Learner, options: TrainingOptions) -> tuple[float, float]:
    """What a whole training will come to hold beyond these steps, after a validation and a checkpoint as in one; and
    the size of what moves.

    Each size of batch that was not met before leaves something behind (prepared operations, holes in memory).
    """
    from ..training import checkpoints
    from ..training.batches import order, sizes
    from ..training.loop import train
    from ..training.reading import ModuleEngine

    batches = order(sizes(learner.train), options.batch_units, seed=learner.seed, epoch=0)[:REHEARSED]
    part = learner.train.select(np.concatenate(batches))
    short = options.model_copy(update={"epochs": 1, "steps": None})
    session, rows, _ = learner.session(short, learner.seed, part, part, {})
    met: set[int] = set()
    held = []
    for step in train(session, rows, None):
        met.add(step.units)
        held.append((len(met), _held_mb()))
    session.keep_if_better(0.0)
    checkpoints.save(session, learner.cache / "rehearsal")
    ModuleEngine(session.module)(rows)
    (few, before), (more, after) = held[len(held) // 3], held[-1]
    a_size = max(after - before, 0.0) / (more - few) if more > few else 0.0
    moving = sum(tensor.numel() * tensor.element_size() for tensor in session.best.values()) / 1e6
    return a_size * max(_sizes_met(learner, options) - more, 0), moving


def _sizes_met(learner: Learner, options: TrainingOptions) -> int:
    """How many sizes of batches a whole training meets, as far as memory remembers them."""
    from ..training.batches import order, sizes

    costs = sizes(learner.train)
    met = {
        int(costs[rows].sum())
        for epoch in range(min(options.epochs, MOST_EPOCHS))
        for rows in order(costs, options.batch_units, seed=learner.seed, epoch=epoch)
    }
    return min(len(met), MOST_SIZES)


def _most_rows(learner: Learner) -> float:
    """So many rows at most are learnt from for the frozen encoder."""
    from ..training.floors.frozen import MOST_DECISIONS

    return MOST_DECISIONS / float(learner.train["words"].mean()) if "words" in learner.train else MOST_DECISIONS


def _alone_seconds(learner: Learner, module: Headed) -> float:
    """Seconds to answer one row that comes alone."""
    from ..training.reading import ModuleEngine

    rows, engine = learner.sets.validation[:ALONE], ModuleEngine(module)
    started = time.perf_counter()
    for row in rows:
        engine(learner.task.encode([row]))
    return (time.perf_counter() - started) / len(rows)


def _task(ask: Ask) -> Task:
    kind = tasks.find(ask.task)
    return kind(kind.Options(**ask.options), ask.facts)


def _megabytes(module: Headed, without: tuple[str, ...]) -> float:
    """Size of the module's tensors but for those whose names start with one of `without`."""
    tensors: dict[str, Any] = module.state_dict()
    kept = [tensor for name, tensor in tensors.items() if not (without and name.startswith(without))]
    return float(sum(tensor.numel() * tensor.element_size() for tensor in kept) / 1e6)


def _held_mb() -> float:
    return float(psutil.Process().memory_info().rss / 1_024_000)  # as the peak is counted


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
