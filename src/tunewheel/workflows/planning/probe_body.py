"""A body in the child process of a probe: loaded once, then each way to fine-tune it for a few steps."""

from __future__ import annotations

import gc
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from ...models.estimate import forget_peak, held_memory_mb, peak_memory_mb
from ...models.heads import Headed
from ...task import Task
from ...training import checkpoints
from ...training.batches import sizes
from ...training.floors.frozen import MOST_DECISIONS
from ...training.options import TrainingOptions
from ...training.precision import Precision, measured_precision
from ...training.reading import ModuleEngine
from ..rows.sets import Sets
from ..say import Silent
from ..tuning.average import MOST
from ..tuning.body import Body
from ..tuning.budget import Pace, lighter
from ..tuning.learn import Learner
from .probe import Ask, Scored, Told

# Reading for the frozen encoder takes about so long; the steps of a probe take as long again.
READING_SECONDS = 5.0
FEWEST = 20
ALONE = 5
REHEARSED = 10  # batches
BESIDE = 2  # modules: the best so far, and the one that it is compared with


class ProbeBody:
    """A body, loaded, with rows encoded for it and its frozen encoder scored, as a run has it before it fine-tunes.

    `before` are the MB held and `starting` the seconds taken before any of this.
    """

    def __init__(self, ask: Ask, task: Task, sets: Sets, scratch: Path, before: float, starting: float) -> None:
        self.ask, self.before = ask, before
        model = Path(ask.model)
        body = Body.of(ask.model, model, task, ask.max_tokens)
        started = time.perf_counter()
        self.learner = learner = Learner(body, sets, ask.seed, Silent(), scratch)
        encoded = time.perf_counter()
        self.module = module = learner.fresh_module(ask.seed)  # stays, as the frozen encoder does in a run
        loaded = time.perf_counter()
        self.precision = _precision(ask, body, sets)
        units, reading = _units(ask, learner), learner.reading_seconds(module)
        never = tuple(f"backbone.body.{name}" for name in module.backbone.frozen)
        self.known = Told(
            0.0, 0.0, _frozen(learner, self.precision, reading, units), starting=starting, loading=loaded - encoded,
            encoding=(encoded - started) / (len(sets.train) + len(sets.validation)), reading=reading, units=units,
            alone=_alone_seconds(learner, module), most_rows=_most_rows(learner), layers=learner.layers,
            width=module.backbone.width, weights_mb=_megabytes(module, never), module_mb=_megabytes(module, ()),
        )  # fmt: skip
        self.peak_mb, self.held_mb = peak_memory_mb(), held_memory_mb()
        self.larger_mb: float | None = None

    def told(self, options: TrainingOptions) -> Told:
        """One way to fine-tune it. What ways before it left in memory is not counted again."""
        gc.collect()
        forget_peak()
        learner, left_mb = self.learner, max(held_memory_mb() - self.held_mb, 0.0)
        options = options.model_copy(update={"precision": self.precision})
        options = lighter(options, learner.layers) if options.mode == "partial" else options
        started = time.perf_counter()
        options = learner.settled(options, int(self.ask.rows * self.known.units["train"]))
        settling = time.perf_counter() - started
        pace, moving = self._rehearsal(options)
        peak = peak_memory_mb()
        memory = max(peak - left_mb, self.peak_mb) - self.before
        searching = self._searching(options, peak, moving) if self.ask.search else 0.0
        return replace(
            self.known, memory_mb=memory, end_mb=held_memory_mb() - self.before, moving_mb=moving,
            searching_mb=searching, settling=settling, training=options.model_dump(mode="json"), **asdict(pace),
        )  # fmt: skip

    def _rehearsal(self, options: TrainingOptions) -> tuple[Pace, float]:
        """A few steps, a validation and a checkpoint: how fast they are, and the size of what moves in MB."""
        pace, session = self.learner.rehearsal(options, REHEARSED)
        session.keep_if_better(0.0)
        checkpoints.save(session, self.learner.cache / "rehearsal")
        return pace, sum(tensor.numel() * tensor.element_size() for tensor in session.best.values()) / 1e6

    def _searching(self, options: TrainingOptions, peak: float, moving: float) -> float:
        """What a search holds beyond one training: its larger batches, the best module beside the one that learns, and
        the weights that may be averaged (what is learnt anew from few rows is one training). Larger batches are tried
        for the first way only: the others hold no more."""
        if self.larger_mb is None:
            from ...training.search.space import batches

            larger = options.model_copy(update={"batch_units": batches(options.batch_units)[-1]})
            self.learner.rehearsal(larger, 1)
            self.larger_mb = max(peak_memory_mb() - peak, 0.0)
        averaged = 0.0 if self.ask.few else MOST * moving
        return self.larger_mb + BESIDE * self.known.module_mb + averaged


def _precision(ask: Ask, body: Body, sets: Sets) -> Precision:
    wanted = TrainingOptions(**ask.ways[0]).precision
    return measured_precision(body.task, body.folder, sets.train) if wanted == "auto" else wanted


def _units(ask: Ask, learner: Learner) -> dict[str, float]:
    """Units of an average row of each part; the longest rows are no fair sample."""
    fair = sizes(learner.train)[: len(learner.train) - ask.longest]
    return {"train": float(fair.mean()), "validation": float(sizes(learner.validation).mean())}


def _frozen(learner: Learner, precision: Precision, reading: float, units: Mapping[str, float]) -> Scored:
    """The frozen encoder on as many rows as there is time for, and on half of them: how fast it gets better tells what
    more rows will bring."""
    most = READING_SECONDS / reading  # units, for all that is read here
    held = learner.sets.validation[: max(int(most / 4 / units["validation"]), FEWEST)]
    count = min(max(int(most / 2 / units["train"]), FEWEST), len(learner.sets.train))
    scores, seconds = [], 0.0
    for rows in (max(count // 2, 1), count):
        part = Sets(learner.sets.train[:rows], held, [], "", carved=learner.sets.carved)
        fewer = type(learner)(learner.body, part, learner.seed, Silent(), learner.cache)
        started = time.perf_counter()
        candidate = fewer.before(TrainingOptions(precision=precision))
        seconds = time.perf_counter() - started
        scores.append(candidate.score)
    return Scored(candidate.name, scores[1], scores[0], count, len(held), seconds)


def _most_rows(learner: Learner) -> float:
    """So many rows at most are learnt from for the frozen encoder."""
    return MOST_DECISIONS / float(learner.train["words"].mean()) if "words" in learner.train else MOST_DECISIONS


def _alone_seconds(learner: Learner, module: Headed) -> float:
    """Seconds to answer one row that comes alone."""
    rows, engine = learner.sets.validation[:ALONE], ModuleEngine(module)
    started = time.perf_counter()
    for row in rows:
        engine(learner.task.encode([row]))
    return (time.perf_counter() - started) / len(rows)


def _megabytes(module: Headed, without: tuple[str, ...]) -> float:
    """Size of the module's tensors but for those whose names start with one of `without`."""
    tensors: dict[str, Any] = module.state_dict()
    kept = [tensor for name, tensor in tensors.items() if not (without and name.startswith(without))]
    return float(sum(tensor.numel() * tensor.element_size() for tensor in kept) / 1e6)
