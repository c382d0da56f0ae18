"""Learn: the frozen body as it came ("before"), then the fine-tuned module ("after")."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch

from ..evaluation.report import Role
from ..models.adapters import choose_moving, merge_lora
from ..models.backbone import load_backbone
from ..models.heads import Headed
from ..records import Batch, Example, Scores, Step
from ..task import Task
from ..training import checkpoints
from ..training.floors import frozen
from ..training.loop import Session, plan, train
from ..training.options import TrainingOptions
from ..training.precision import device, measured_lanes
from ..training.reading import ModuleEngine, features
from ..training.states import with_states
from .contend import Entrant, contend
from .say import Say
from .sets import Sets

CHECKPOINT_SECONDS = 60.0


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
        count = measured_lanes(self.task, self.fresh_module(self.seed), self.train, options)
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

    def after(self, options: TrainingOptions, folder: Path) -> Entrant:
        """The fine-tuned module; of several seeds the best on validation."""
        tried = [
            self._fine_tuned(options, self.seed + number, folder / f"seed{number}") for number in range(options.seeds)
        ]
        return max(tried, key=lambda entrant: entrant.validation[self.task.best_by])

    def _fine_tuned(self, options: TrainingOptions, seed: int, folder: Path) -> Entrant:
        module = self.fresh_module(seed, options.dropout)
        choose_moving(module, options.mode, layers=options.layers, rank=options.lora_rank, words=options.move_words)
        # Layers that stand still read each row once, not once an epoch.
        half = options.precision == "bf16"
        rows, held = (with_states(module, batch, self.cache, half=half) for batch in (self.train, self.validation))
        session = Session(self.task, module, options, seed)
        saved = checkpoints.find(folder)
        if saved is not None:
            checkpoints.load(session, saved)
            self.say.line(f"Going on from step {session.step} of an earlier start.")
        curve = self._run(session, rows, held, folder)
        if options.mode == "lora":
            merge_lora(module)
        return self._entrant("Fine-tuned", "after", module, session.seconds, curve)

    def _run(self, session: Session, rows: Batch, held: Batch, folder: Path) -> list[Step]:
        """Train on `rows` to the end, showing and keeping the progress; gives the steps taken."""
        curve: list[Step] = []
        total = sum(map(len, plan(rows, session.options, session.seed)))
        validate = self._validator(session, held) if self.sets.validation else None
        with self.say.stage("Fine-tuning", total) as stage, _kept(session, folder) as keep:
            stage.advance(session.step)
            for step in train(session, rows, validate):
                curve.append(step)
                keep(step)
                score = {self.task.best_by: step.validation[self.task.best_by]} if step.validation else {}
                stage.advance(1, loss=step.loss, **score)
        return curve

    def _validator(self, session: Session, held: Batch) -> Callable[[], Scores]:
        def validate() -> Scores:
            outputs = ModuleEngine(session.module, half=session.half)(held)
            return self.task.score(self.task.decode(outputs, held), self.sets.validation)

        return validate

    def _encoded(self, task: Task, examples: Sequence[Example]) -> Batch:
        """The validation rows are encoded already; the test rows are encoded by each contender, for its time."""
        return self.validation if examples is self.sets.validation else task.encode(examples)

    def _entrant(self, name: str, role: Role, module: Headed, seconds: float, curve: Sequence[Step] = ()) -> Entrant:
        size = sum(p.numel() * p.element_size() for p in module.parameters())
        return contend(
            name, role, self.task, self._encoded, ModuleEngine(module),
            self.sets.validation, self.sets.test, train_seconds=seconds, size_bytes=size, origin=module, curve=curve,
        )  # fmt: skip


@contextmanager
def _kept(session: Session, folder: Path) -> Iterator[Callable[[Step], None]]:
    """Saves the session now and then, and whenever it is left: what was done is never lost."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    saved_at, saved_step = time.monotonic(), session.step

    def keep(step: Step) -> None:
        nonlocal saved_at, saved_step
        if step.validation is not None or time.monotonic() - saved_at > CHECKPOINT_SECONDS:
            checkpoints.save(session, folder)
            saved_at, saved_step = time.monotonic(), session.step

    try:
        yield keep
    except KeyboardInterrupt:
        if session.step > saved_step:
            checkpoints.save(session, folder)
        raise
