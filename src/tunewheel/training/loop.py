"""The loop: a generator of Steps. It prints, saves and tracks nothing; the caller does.

Everything random in it (order of rows, dropout) is a pure function of (seed, epoch, step), so that a run that
was stopped anywhere goes on to the same weights.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.optim import Optimizer

from ..models.adapters import moving
from ..models.heads import Headed
from ..models.lanes import lanes
from ..records import Batch, Scores, Step
from ..task import Task
from .batches import Indices, order, sizes
from .gradients import AtOnce, Gradients, InLanes
from .optimizers import make_optimizer, rate, set_rate
from .options import TrainingOptions

LARGE_TABLE = 1_000_000


@dataclass
class Session:
    """A training run that can be stopped and resumed: what moves, the optimiser, and how far it has come.

    Precision and lanes of the options are settled: "auto" computes in float32, 0 lanes are one.
    """

    task: Task
    module: Headed
    options: TrainingOptions
    seed: int
    step: int = 0
    seconds: float = 0.0
    best_score: float = -1.0
    since_best: int = 0
    best: dict[str, Tensor] = field(default_factory=dict)
    settled: bool = True  # between steps: only then is what it holds a state to go on from

    def __post_init__(self) -> None:
        # accelerate fixes its own mixed precision once per process; two runs in one program may differ.
        self.accelerator = Accelerator()
        self.half = self.options.precision == "bf16"
        self.module.to(self.accelerator.device)
        self.optimizer: Optimizer = make_optimizer(self.module, self.options)
        self.gradients = self._gradients()

    def _gradients(self) -> Gradients:
        """In lanes on a CPU where the body allows it. Tables of words that move have dense gradients, too large to
        compute once a lane."""
        tables = [part for part in self.module.backbone.modules() if isinstance(part, nn.Embedding)]
        large = any(p.requires_grad and p.numel() > LARGE_TABLE for part in tables for p in part.parameters())
        if self.accelerator.device.type == "cpu" and self.module.backbone.separable and not large:
            return InLanes(self.task, self.module, lanes(max(self.options.lanes, 1)), half=self.half)
        return AtOnce(self.task, self.module, self.accelerator, half=self.half)

    def keep_if_better(self, score: float) -> bool:
        """Remember the moving tensors when `score` is the best so far."""
        better = score > self.best_score
        self.since_best = 0 if better else self.since_best + 1
        if better:
            self.best_score = score
        if better and self.options.keep == "best":
            self.best = {name: tensor.detach().clone() for name, tensor in moving(self.module)}
        return better

    def restore_best(self) -> None:
        """Put the best tensors back into the module, unless the last are to be kept."""
        if self.options.keep == "last":
            return
        current = dict(moving(self.module))
        with torch.no_grad():
            for name, tensor in self.best.items():
                current[name].copy_(tensor)


def plan(batch: Batch, options: TrainingOptions, seed: int) -> list[list[np.ndarray]]:
    """The rows of every step of every epoch, of no more than `options.steps` steps."""
    costs = sizes(batch)
    epochs, left = [], options.steps
    for epoch in range(options.epochs):
        batches = order(costs, options.batch_units, seed=seed, epoch=epoch)[:left]
        epochs.append(batches)
        left = None if left is None else left - len(batches)
    return [batches for batches in epochs if batches]


def train(
    session: Session, batch: Batch, validate: Callable[[], Scores] | None, elapsed: Callable[[], float] = lambda: 0.0
) -> Iterator[Step]:
    """Fine-tune `session.module` on `batch` from where the session stands, yielding each step.

    `validate` is called at the end of each epoch (or several times in one) and decides which tensors are best
    and when to stop; without it the last tensors are kept. At the end the best tensors are in the module.
    `elapsed` is the share of the time that there is (0 to 1): the schedule follows it where the steps are slower, so
    that the learning rate has come down when time is up. The caller stops then.
    """
    epochs = plan(batch, session.options, session.seed)
    total = sum(map(len, epochs))
    if _has_stopped(session):  # before it was resumed
        session.restore_best()
        return
    offset = 0
    for epoch, batches in enumerate(epochs):
        checks = _check_points(len(batches), session.options.validations) if validate else set()
        for number, rows in enumerate(batches):
            if offset + number < session.step:
                continue
            over = elapsed()  # whoever is asked may end the training here, where it can be gone on with
            session.settled = False
            step = _take(session, batch, rows, epoch, total, over)
            if validate and number in checks:
                step = _judge(session, step, validate)
            session.settled = True
            yield step
            if step.stopped_early:
                session.restore_best()
                return
        offset += len(batches)
    if validate:
        session.restore_best()


def _has_stopped(session: Session) -> bool:
    """Whether the training ended early: too many validations without a better score."""
    return session.options.keep == "best" and session.since_best >= session.options.patience


def _take(session: Session, batch: Batch, rows: Indices, epoch: int, total: int, elapsed: float) -> Step:
    """One optimiser step on some rows of the batch."""
    started = time.perf_counter()
    options = session.options
    torch.manual_seed((session.seed * 1_000_003 + session.step) % 2**63)
    position = max(session.step, min(int(elapsed * total), total - 1))
    learning_rate = set_rate(session.optimizer, rate(position, total, options))
    loss = session.gradients(batch, rows, options.label_smoothing)
    torch.nn.utils.clip_grad_norm_(
        [p for p in session.module.parameters() if p.requires_grad], options.clip, foreach=True
    )
    session.optimizer.step()
    session.step += 1
    session.seconds += time.perf_counter() - started
    return Step(session.step, total, epoch, loss, learning_rate, int(sizes(batch)[rows].sum()), session.seconds)


def _judge(session: Session, step: Step, validate: Callable[[], Scores]) -> Step:
    """The step with its validation, whether it is the best so far, and whether to stop."""
    scores = validate()
    better = session.keep_if_better(scores[session.task.best_by])
    return replace(step, validation=scores, best=better, stopped_early=_has_stopped(session))


def _check_points(steps: int, times: int) -> set[int]:
    """The steps of an epoch after which to validate: `times` of them, evenly spread, the last included."""
    return {max(round(steps * (i + 1) / times) - 1, 0) for i in range(times)}
