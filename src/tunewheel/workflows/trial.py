"""Trial: one training from a fresh module to its best weights on the validation rows."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from ..models.adapters import merge_lora
from ..models.heads import Headed
from ..records import Batch, Scores, Step
from ..training import checkpoints
from ..training.loop import Session, plan, train
from ..training.reading import ModuleEngine
from .say import Say

CHECKPOINT_SECONDS = 60.0
Score = Callable[[ModuleEngine], Scores]


@dataclass(frozen=True)
class Trial:
    """A trained module, its best score on the validation rows, and how it came to it."""

    module: Headed
    score: float
    seconds: float
    curve: list[Step]


def run_trial(
    session: Session, rows: Batch, score: Score, folder: Path, say: Say, late: Callable[[], bool] = lambda: False
) -> Trial:
    """Train on `rows` to the end, or until it is `late`, showing and keeping the progress.

    `score` judges the module on the validation rows. What was done in `folder` before is gone on with.
    """
    saved = checkpoints.find(folder)
    if saved is not None:
        checkpoints.load(session, saved)
        say.line(f"Going on from step {session.step} of an earlier start.")
    curve = _trained(session, rows, score, folder, say, late)
    if session.options.mode == "lora":
        merge_lora(session.module)
    return Trial(session.module, session.best_score, session.seconds, curve)


def _trained(
    session: Session, rows: Batch, score: Score, folder: Path, say: Say, late: Callable[[], bool]
) -> list[Step]:
    """The steps taken; the best weights are in the module."""
    curve: list[Step] = []
    total = sum(map(len, plan(rows, session.options, session.seed)))
    best_by = session.task.best_by

    def validate() -> Scores:
        return score(ModuleEngine(session.module, half=session.half))

    with say.stage("Fine-tuning", total) as stage, _kept(session, folder) as keep:
        stage.advance(session.step)
        for step in train(session, rows, validate):
            over = late()
            if over and step.validation is None:
                step = _last(session, step, validate)
            curve.append(step)
            keep(step)
            stage.advance(1, loss=step.loss, **({best_by: step.validation[best_by]} if step.validation else {}))
            if over and step.number < total:
                say.line(f"Time is up after {step.number} of {total} steps; the best so far is kept.")
            if over:
                break
    session.restore_best()
    return curve


def _last(session: Session, step: Step, validate: Callable[[], Scores]) -> Step:
    """The step at which time is up, judged like the end of a pass: it may be the best."""
    scores = validate()
    return replace(step, validation=scores, best=session.keep_if_better(scores[session.task.best_by]))


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
        if session.settled and session.step > saved_step:
            checkpoints.save(session, folder)
        raise
