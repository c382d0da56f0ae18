"""Learn: the frozen body as it came ("before"), then the fine-tuned module ("after")."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch

from ..evaluation.report import Role
from ..models.adapters import choose_moving
from ..models.backbone import load_backbone
from ..models.estimate import training_seconds
from ..models.heads import Headed
from ..records import Batch, Example, Scores, Step
from ..task import Task
from ..training.batches import order, sizes
from ..training.floors import frozen
from ..training.loop import Session, train
from ..training.options import TrainingOptions
from ..training.precision import device, measured_lanes
from ..training.reading import ModuleEngine, features
from ..training.states import with_states
from .budget import Cost, afford
from .contend import Entrant, contend
from .say import Say
from .sets import Sets
from .trial import Trial, run_trial

PROBED_STEPS = 6


@dataclass
class Learner:
    """The encoded sets and the body they were encoded for. Each text is tokenised once."""

    task: Task
    sets: Sets
    model: Path
    seed: int
    say: Say
    cache: Path

    def __post_init__(self) -> None:
        self.train = self.task.encode(self.sets.train)
        self.validation = self.task.encode(self.sets.validation)

    def fresh_module(self, seed: int, dropout: float = 0.0) -> Headed:
        """The pre-trained body under a new head; the same seed gives the same head."""
        torch.manual_seed(seed)
        module: Headed = self.task.adapt(load_backbone(self.model))  # type: ignore[assignment]
        module.dropout.p = dropout
        return module.to(device())

    def settled(self, options: TrainingOptions) -> TrainingOptions:
        """The options with the number of lanes, measured where it was left open."""
        if options.lanes:
            return options
        count = measured_lanes(self.task, self._prepared(options, self.seed), self.train, options)
        return options.model_copy(update={"lanes": count})

    def before(self, options: TrainingOptions) -> Entrant:
        """The body untouched with a logistic regression on top."""
        started = time.perf_counter()
        module = self.fresh_module(self.seed)
        with self.say.stage("Frozen encoder", 2) as stage:
            train, held = (frozen.sample(batch, self.seed) for batch in (self.train, self.validation))
            half = options.precision == "bf16"
            vectors, held_vectors = (features(module, batch, half=half) for batch in (train, held))
            stage.advance()
            exclusive = self.task.plain(self.sets.validation[:1]).exclusive
            frozen.fit_head(module, vectors, train["targets"], held_vectors, held["targets"], exclusive=exclusive)
            stage.advance()
        return self._entrant(frozen.TITLE, "before", module, time.perf_counter() - started)

    def affordable(self, options: TrainingOptions, left: Callable[[], float]) -> TrainingOptions:
        """The options cut to what the seconds that are `left` buy; says so."""
        body = self.fresh_module(self.seed).backbone
        # Layers that stand still are cheap where their states are kept, and know something where they were trained.
        layers = len(body.blocks()) if body.separable else 1
        chosen, told = afford(options, layers, left, self._cost)
        self.say.line(told)
        return chosen

    def _cost(self, options: TrainingOptions) -> Cost:
        """What fine-tuning with these options costs, from a few steps on a few rows that are thrown away."""
        module = self._prepared(options, self.seed)
        batches = order(sizes(self.train), options.batch_units, seed=self.seed, epoch=0)
        few = self.train.select(np.concatenate(batches[:PROBED_STEPS]))
        units, all_units, held = (int(sizes(batch).sum()) for batch in (few, self.train, self.validation))
        with tempfile.TemporaryDirectory() as scratch:
            started = time.perf_counter()
            rows = with_states(module, few, Path(scratch), half=options.precision == "bf16")
            beginning = (time.perf_counter() - started) / units if rows is not few else 0.0
        session = Session(self.task, module, options.model_copy(update={"epochs": 1, "steps": PROBED_STEPS}), self.seed)
        steps = list(train(session, rows, None))
        ends = [0.0, *(step.seconds for step in steps)]
        probes = [(step.units, end - start) for step, (start, end) in zip(steps, pairwise(ends), strict=True)]
        started = time.perf_counter()
        ModuleEngine(session.module, half=session.half)(rows)
        reading = (time.perf_counter() - started) / units
        epoch = training_seconds(probes, all_units) + options.validations * held * reading
        return Cost(epoch, len(batches), beginning * (all_units + held))

    def after(self, options: TrainingOptions, folder: Path, late: Callable[[], bool] = lambda: False) -> Entrant:
        """The fine-tuned module; of several seeds the best on validation. Only that one meets the test rows."""
        best: Trial | None = None
        for number in range(options.seeds):
            session, rows, held = self._session(options, self.seed + number)
            score = partial(self._score, held=held)
            trial = run_trial(session, rows, score, folder / f"seed{number}", self.say, late)
            best = trial if best is None or trial.score > best.score else best
            if late():
                break
        assert best is not None
        return self._entrant("Fine-tuned", "after", best.module, best.seconds, best.curve)

    def _session(self, options: TrainingOptions, seed: int) -> tuple[Session, Batch, Batch]:
        """A fresh session, and the training and validation rows as it reads them."""
        module = self._prepared(options, seed)
        # Layers that stand still read each row once, not once an epoch.
        half = options.precision == "bf16"
        rows, held = (with_states(module, batch, self.cache, half=half) for batch in (self.train, self.validation))
        return Session(self.task, module, options, seed), rows, held

    def _prepared(self, options: TrainingOptions, seed: int) -> Headed:
        """A fresh module in which just that moves which is to move."""
        module = self.fresh_module(seed, options.dropout)
        choose_moving(module, options.mode, layers=options.layers, rank=options.lora_rank, words=options.move_words)
        return module

    def _score(self, engine: ModuleEngine, held: Batch) -> Scores:
        return self.task.score(self.task.decode(engine(held), held), self.sets.validation)

    def _encoded(self, task: Task, examples: Sequence[Example]) -> Batch:
        """The validation rows are encoded already; the test rows are encoded by each contender, for its time."""
        return self.validation if examples is self.sets.validation else task.encode(examples)

    def _entrant(self, name: str, role: Role, module: Headed, seconds: float, curve: Sequence[Step] = ()) -> Entrant:
        size = sum(p.numel() * p.element_size() for p in module.parameters())
        return contend(
            name, role, self.task, self._encoded, ModuleEngine(module),
            self.sets.validation, self.sets.test, train_seconds=seconds, size_bytes=size, origin=module, curve=curve,
        )  # fmt: skip
