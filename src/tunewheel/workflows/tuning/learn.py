"""Learn: the frozen body as it came ("before"), and trainings of it from there ("after")."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file

from ...evaluation.report import Role
from ...models.estimate import seconds_a_unit
from ...models.heads import Headed
from ...models.lanes import computing_on
from ...records import Array, Batch, Example, Picture, Step
from ...task import Outputs, Task
from ...training.batches import order, sizes
from ...training.floors import frozen
from ...training.loop import Session, train
from ...training.options import TrainingOptions
from ...training.precision import measured_lanes
from ...training.reading import ModuleEngine, decided, features
from ...training.states import with_states
from ..rows.sets import Sets
from ..say import Say
from .body import Body
from .budget import Cost, Pace
from .contend import Candidate, Made, candidate
from .trial import Trial, Watch, run_trial
from .workbench import Head, Workbench, read_at_all

PROBED_STEPS = 6
PROBED_UNITS, PROBED_PICTURES = 4_096, 64
PROBED_READINGS = 2
SAMPLED = 2_000
FINE_TUNED = "Fine-tuned"
Pair = tuple[Array, Array]  # vectors (N, H) and targets


class Learner(Workbench):
    """The encoded sets of a run and the body they were encoded for. Each text is tokenised once."""

    def __init__(self, body: Body, sets: Sets, seed: int, say: Say, cache: Path) -> None:
        train, validation = body.task.encode(sets.train), body.task.encode(sets.validation)
        super().__init__(body, train, validation, sets.validation, cache, say)
        self.sets, self.seed = sets, seed
        self.last_head: Head = {}  # of the frozen encoder, too; it may have seen the validation rows

    @cached_property
    def everything(self) -> Batch:
        """Training and validation rows, for what is learnt anew from all of them."""
        return self.task.encode([*self.sets.train, *self.sets.validation])

    @cached_property
    def layers(self) -> int:
        """Layers that can stand still while others move; one where a body is all or nothing."""
        body = self.fresh_module(self.seed).backbone
        return len(body.blocks()) if body.separable else 1

    def seed_for(self, options: TrainingOptions) -> int:
        """The seed of a training: its own, or that of the run."""
        return self.seed if options.seed is None else options.seed

    def repeating(self, training: Trial | Session) -> TrainingOptions:
        """The options that repeat a training, its seed among them where it is not that of the run."""
        own = None if training.seed == self.seed else training.seed
        return training.options.model_copy(update={"seed": own, "seeds": 1})

    def settled(self, options: TrainingOptions, units: int | None = None) -> TrainingOptions:
        """The options with the number of lanes, measured where it was left open; for a training on rows of so many
        `units`, by default those of the training rows."""
        if options.lanes:
            return options
        count = measured_lanes(self.task, self.prepared(options, self.seed), self.train, options, units)
        return options.model_copy(update={"lanes": count})

    @property
    def held_units(self) -> int:
        """Tokens or pictures of the validation rows."""
        return int(sizes(self.validation).sum())

    @property
    def train_units(self) -> int:
        """Tokens or pictures of the training rows."""
        return int(sizes(self.train).sum())

    @property
    def test_units(self) -> int:
        """About as many of the test rows, judged by the length of their texts: they are not read before the end."""
        seen, test = [*self.sets.validation, *self.sets.train[:SAMPLED]], self.sets.test[:SAMPLED]
        units = self.held_units + int(sizes(self.train)[:SAMPLED].sum())
        return int(units * _length(test) / _length(seen) * len(self.sets.test) / max(len(test), 1))

    def score(self, module: Headed, *, half: bool = False) -> float:
        """The metric that decides, on the validation rows."""
        return self.scores(ModuleEngine(module, half=half), self.validation)[self.task.best_by]

    def beginning(self, trial: Trial, *, last: bool = False) -> Head:
        """All tensors of the module with which a training began, or the `last` one from all rows."""
        head = self.last_head if last else self.head
        return dict(self.fresh_module(trial.seed, head=head if trial.options.warm_head else None).state_dict())

    def reading_seconds(self, module: Headed, *, half: bool = False) -> float:
        """Seconds in which `module` answers one unit (token, picture) in float32 or bf16, the best of a few readings of
        some rows."""
        most = PROBED_UNITS if "tokens" in self.validation else PROBED_PICTURES
        some = self.validation
        if self.sets.few:  # a handful of them would be read slowly; and nothing there shall take long
            some, most = self.train, most // 4
        rows = some.select(np.flatnonzero(np.cumsum(sizes(some)) <= most))
        rows = rows if len(rows) else some.select(np.arange(1))
        engine, taken = ModuleEngine(module, half=half), []
        engine(rows.select(np.arange(1)))  # the first pays for warming up
        for _ in range(PROBED_READINGS):
            started = time.perf_counter()
            engine(rows)
            taken.append(time.perf_counter() - started)
        return min(taken) / int(sizes(rows).sum())

    def before(self, options: TrainingOptions, most_units: int | None = None) -> Candidate:
        """The body untouched with a logistic regression on top, fitted on rows of at most `most_units`; in the end on
        the validation rows, too, where they were taken from those to train on."""
        started = time.perf_counter()
        module = self.fresh_module(self.seed)
        half = options.precision == "bf16"
        with self.say.stage("Frozen encoder", 2) as stage:
            train = frozen.sample(self.train, self.seed, most_units)
            held = frozen.sample(self.validation, self.seed)
            vectors = features(module, train, half=half)
            held_vectors = features(module, held)  # answers come of them, too
            stage.advance()
            twin, own = self._fit_heads(module, (vectors, train["targets"]), held, held_vectors)
            stage.advance()
        self.last_head, seconds = _head_of(module), time.perf_counter() - started
        made = self._candidate(
            frozen.TITLE, "before", module, twin, seconds, own=own or twin, knows_validation=own is not None
        )
        return _with_rough(made, module) if half else made

    def _fit_heads(self, module: Headed, train: Pair, held: Batch, vectors: Array) -> tuple[Outputs, Outputs | None]:
        """Put the head of the frozen encoder on the module. Gives the answers to the validation rows of one that has
        not seen them, and its own where it has: where they were taken from the rows to train on, it learns from all."""
        exclusive = self.task.plain(self.sets.validation[:1]).exclusive

        def fit(rows: Pair, **more: Any) -> float:
            return frozen.fit_head(module, *rows, vectors, held["targets"], exclusive=exclusive, **more)

        def answers() -> Outputs:
            return decided(module, vectors) if held is self.validation else ModuleEngine(module)(self.validation)

        everything = np.concatenate([train[0], vectors]), np.concatenate([train[1], held["targets"]])
        if self.sets.few:
            strength = frozen.best_strength(module, *everything, exclusive=exclusive)
            fit(train, strengths=(strength,))
        else:
            strength = fit(train)
        twin, self.head = answers(), _head_of(module)
        if not self.sets.carved:
            return twin, None
        fit(everything, strengths=(strength,), again=True)
        return twin, answers()

    def cost(self, options: TrainingOptions, at_once: int = 1) -> Cost:
        """What fine-tuning with these options costs, from a few steps that are thrown away; each of several where they
        run `at_once`."""
        costs = sizes(self.train)
        steps = len(order(costs, options.batch_units, seed=self.seed, epoch=0))
        pace = self._pace_of_each(options, at_once) if at_once > 1 else self.rehearsal(options, PROBED_STEPS)[0]
        return pace.cost(options, int(costs.sum()), self.held_units, steps)

    def _pace_of_each(self, options: TrainingOptions, count: int) -> Pace:
        """That of the slowest of so many that run at once."""
        cores = torch.get_num_threads()
        pool = ThreadPoolExecutor(count, initializer=torch.set_num_threads, initargs=(cores,))
        with computing_on(cores), pool:
            found = pool.map(lambda _: self.rehearsal(options, PROBED_STEPS)[0], range(count))
            return max(found, key=lambda pace: pace.learning)

    def rehearsal(self, options: TrainingOptions, steps: int) -> tuple[Pace, Session]:
        """A training on the rows of so many `steps` and on the longest, which show how much memory it takes. Gives how
        fast it was, and the session that came of it."""
        module = self.prepared(options, self.seed)
        costs = sizes(self.train)
        batches = order(costs, options.batch_units, seed=self.seed, epoch=0)[:steps]
        few = self.train.select(np.unique(np.concatenate([*batches, _longest(costs, options.batch_units)])))
        units = int(sizes(few).sum())
        with tempfile.TemporaryDirectory() as scratch:
            started = time.perf_counter()
            rows = with_states(module, few, Path(scratch), half=options.precision == "bf16")
            keeping = (time.perf_counter() - started) / units if rows is not few else 0.0
        session = Session(self.task, module, options.model_copy(update={"epochs": 1, "steps": None}), self.seed)
        probes, before = [], 0.0
        for step in train(session, rows, None):
            probes.append((step.units, step.seconds - before))
            before = step.seconds
        started = time.perf_counter()
        ModuleEngine(session.module, half=session.half)(rows)
        return Pace(seconds_a_unit(probes), (time.perf_counter() - started) / units, keeping), session

    def refit(self, twin: Trial, folder: Path, watch: Watch | None = None) -> Trial:
        """The same training once more on all rows, validation rows among them, or on as many of them as its steps
        read; its last weights are kept."""
        steps = twin.options.steps and math.ceil(twin.options.steps * len(self.everything) / len(self.train))
        options = twin.options.model_copy(update={"steps": steps})
        rows = read_at_all(self.everything, options, twin.seed)
        session, rows, _ = self.session(options, twin.seed, rows, self.validation, self.last_head)
        return run_trial(session, rows, None, folder, self.say, watch)

    def tuned(self, trial: Trial, twin: Trial | None = None) -> Candidate:
        """A trained module as a candidate. Where it has learnt from the validation rows, too, its `twin` that has not
        answers them."""
        judged = twin or trial
        outputs = ModuleEngine(judged.module)(self.validation)
        seconds = trial.seconds + (twin.seconds if twin else 0.0)
        own, options = None if twin else outputs, self.repeating(judged)
        made = self._candidate(
            FINE_TUNED, "after", trial.module, outputs, seconds, judged.curve, options, own, twin is not None
        )
        return _with_rough(made, trial.module) if trial.options.precision == "bf16" else made

    def restored(self, options: TrainingOptions, seed: int, weights: Path) -> Headed:
        """The module of a training from the file of what it has `learnt`. Adapters were merged there."""
        plain = {"mode": "head"} if options.mode == "lora" else {}
        module = self.prepared(options.model_copy(update=plain), seed)
        module.load_state_dict(load_file(weights), strict=False)
        return module

    def interim(self, session: Session) -> Candidate:
        """A module that is still being trained, as it is now."""
        outputs = ModuleEngine(session.module)(self.validation)
        return self._candidate(
            FINE_TUNED, "after", session.module, outputs, session.seconds, (), self.repeating(session), outputs
        )

    def _encoded(self, task: Task, examples: Sequence[Example]) -> Batch:
        return self.validation if examples is self.sets.validation else task.encode(examples)

    def _candidate(
        self, name: str, role: Role, module: Headed, outputs: Outputs, seconds: float, curve: Sequence[Step] = (),
        options: TrainingOptions | None = None, own: Outputs | None = None, knows_validation: bool = False,
    ) -> Candidate:  # fmt: skip
        size = sum(p.numel() * p.element_size() for p in module.parameters())
        made = Made(
            name, role, ModuleEngine(module), self._encoded, self.validation, outputs, module, seconds, size, curve,
            options, own, knows_validation, body=self.body,
        )  # fmt: skip
        return candidate(self.task, made, self.sets.validation)


def _with_rough(candidate: Candidate, module: Headed) -> Candidate:
    """The candidate with a way to answer in bf16, for where it is compared with and not served."""
    return replace(candidate, made=replace(candidate.made, rough=ModuleEngine(module, half=True)))


def _longest(costs: NDArray[np.int64], units: int) -> NDArray[np.int64]:
    """The longest rows, together no more than `units`, but one at least."""
    longest = np.argsort(-costs, kind="stable")
    return longest[: max(int(np.searchsorted(np.cumsum(costs[longest]), units, side="right")), 1)]


def _head_of(module: Headed) -> Head:
    return {name: tensor.detach().clone() for name, tensor in module.head.state_dict().items()}


def _length(examples: Sequence[Example]) -> int:
    """Characters of all texts; pictures count as one each."""
    return sum(1 if isinstance(example.content, Picture) else len(example.text) + 1 for example in examples)
