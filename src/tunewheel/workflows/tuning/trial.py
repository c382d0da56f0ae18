"""Trial: one training from a fresh module to its best weights on the validation rows."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, Protocol

from torch import Tensor

from ...models.adapters import merge_lora
from ...models.heads import Headed
from ...records import Batch, Scores, Step
from ...training import checkpoints
from ...training.loop import Session, plan, train
from ...training.options import TrainingOptions
from ...training.reading import ModuleEngine
from ..say import Say

CHECKPOINT_SECONDS = 60.0
# A validated step is worth keeping sooner, as long as saving takes no more than a twentieth of the time.
SAVING = 20.0
Score = Callable[[ModuleEngine], Scores]
Ended = Literal["finished", "pruned", "time was up"]


class Watch(Protocol):
    """Who looks on while a module learns, and may end it."""

    def share(self) -> float:
        """How much of the time for this training is over, from 0 to 1."""

    def judged(self, session: Session, step: Step) -> bool:
        """A validation came in; True gives the training up."""


class Patient:
    """Lets every training come to its end."""

    def share(self) -> float:
        return 0.0

    def judged(self, session: Session, step: Step) -> bool:
        return False


@dataclass(frozen=True)
class Trial:
    """A trained module, its score on the validation rows, and how it came to it.

    `moments` are (reading of `time.perf_counter`, best score so far).
    """

    module: Headed = field(repr=False)
    options: TrainingOptions
    seed: int
    score: float
    seconds: float
    curve: list[Step] = field(repr=False)
    moments: list[tuple[float, float]]
    ended: Ended


def learnt(module: Headed) -> dict[str, Tensor]:
    """The tensors of a trained module but those that never move; `Learner.restored` makes a module of them again."""
    never = tuple(f"backbone.body.{name}" for name in module.backbone.frozen)
    state = module.state_dict()
    return {name: tensor.contiguous() for name, tensor in state.items() if not (never and name.startswith(never))}


def run_trial(
    session: Session, rows: Batch, score: Score | None, folder: Path, say: Say, watch: Watch | None = None
) -> Trial:
    """Train on `rows` to the end, or until the `watch` ends it, showing the progress and keeping it now and then.

    `score` judges the module on the validation rows; without it the last weights are kept. What was done in `folder`
    before is gone on with.
    """
    saved = checkpoints.find(folder)
    if saved is not None:
        checkpoints.load(session, saved)
        say.line(f"Going on from step {session.step} of an earlier start.")
    course = _Course(session, rows, score, watch or Patient())
    course.run(folder, say)
    if session.options.mode == "lora":
        merge_lora(session.module)
    return Trial(
        session.module, session.options, session.seed, course.score_of_kept, session.seconds, course.curve,
        course.moments, course.ended,
    )  # fmt: skip


class _Course:
    """The steps of one training as they are taken."""

    def __init__(self, session: Session, rows: Batch, score: Score | None, watch: Watch) -> None:
        self.session, self.rows, self.score, self.watch = session, rows, score, watch
        self.curve: list[Step] = []
        self.moments: list[tuple[float, float]] = []
        self.ended: Ended = "finished"

    def run(self, folder: Path, say: Say) -> None:
        """Take the steps; in the end the best weights are in the module."""
        session = self.session
        total = sum(map(len, plan(self.rows, session.options, session.seed)))
        validate = self._validate if self.score else None
        with say.stage("Fine-tuning", total) as stage, _kept(session, folder) as keep:
            stage.advance(session.step)
            for step in train(session, self.rows, validate, self.watch.share):
                step = self._seen(step, total)
                keep(step)
                stage.advance(1, loss=step.loss, **self._shown(step))
                if self.ended != "finished":
                    break
        if self.ended == "time was up":
            say.line(f"Time is up after {session.step} of {total} steps; the best so far is kept.")
        session.restore_best()

    @property
    def score_of_kept(self) -> float:
        """The score of the weights that are kept."""
        last = next((step.validation for step in reversed(self.curve) if step.validation), None)
        if self.session.options.keep == "last" and last:
            return last[self.session.task.best_by]
        return self.session.best_score

    def _seen(self, step: Step, total: int) -> Step:
        """The step, judged where it is the last for which there is time: it may be the best."""
        over = step.number < total and self.watch.share() >= 1
        if over:
            self.ended = "time was up"
            if step.validation is None and self.score:
                scores = self._validate()
                best = self.session.keep_if_better(scores[self.session.task.best_by])
                step = replace(step, validation=scores, best=best)
        self.curve.append(step)
        if step.validation is not None:
            self.moments.append((time.perf_counter(), self.session.best_score))
            if self.watch.judged(self.session, step) and not over and step.number < total:
                self.ended = "pruned"
        return step

    def _validate(self) -> Scores:
        assert self.score is not None
        return self.score(ModuleEngine(self.session.module, half=self.session.half))

    def _shown(self, step: Step) -> dict[str, float]:
        best_by = self.session.task.best_by
        return {best_by: step.validation[best_by]} if step.validation else {}


@contextmanager
def _kept(session: Session, folder: Path) -> Iterator[Callable[[Step], None]]:
    """Saves the session now and then, and when it is interrupted: little of what was done can be lost."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    saved_at, saved_step, cost = time.monotonic(), session.step, 0.0

    def keep(step: Step) -> None:
        nonlocal saved_at, saved_step, cost
        wait = CHECKPOINT_SECONDS if step.validation is None else SAVING * cost
        if time.monotonic() - saved_at > wait:
            began = time.monotonic()
            checkpoints.save(session, folder)
            saved_at, saved_step = time.monotonic(), session.step
            cost = saved_at - began

    try:
        yield keep
    except KeyboardInterrupt:
        if session.settled and session.step > saved_step:
            checkpoints.save(session, folder)
        raise
