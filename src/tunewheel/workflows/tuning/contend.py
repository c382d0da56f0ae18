"""Contend: what was trained is judged on the validation rows first; the test rows are answered once, at the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...evaluation.calibration import Calibration, calibration
from ...evaluation.report import Contender, Role
from ...records import Batch, Example, Prediction, Scores, Step
from ...task import Engine, Outputs, Task
from ...training.options import TrainingOptions
from .body import Body

Encode = Callable[[Task, Sequence[Example]], Batch]
ROUGHLY = ", in bf16"


@dataclass(frozen=True)
class Made:
    """What came of a training: its answers to the validation rows (`outputs` for `held`), and what answers from now
    on (`engine`, with `encode`). `origin` is the module or floor itself.

    What was fitted once more with the validation rows among the others `knows_validation`: the answers are those of its
    twin that had not seen them. `own` are those of `origin` itself, where they are known. `options` are those it was
    fine-tuned with. `rough` is the same engine in bf16, for answers that are scored and never served. `body` is the
    pre-trained one inside, if there is one.
    """

    name: str
    role: Role
    engine: Engine = field(repr=False)
    encode: Encode = field(repr=False)
    held: Batch = field(repr=False)
    outputs: Outputs = field(repr=False)
    origin: Any = field(repr=False)
    seconds: float
    size_bytes: int
    curve: Sequence[Step] = field(default=(), repr=False)
    options: TrainingOptions | None = None
    own: Outputs | None = field(default=None, repr=False)
    knows_validation: bool = False
    rough: Engine | None = field(default=None, repr=False)
    body: Body | None = None


@dataclass(frozen=True)
class Candidate:
    """What may go live: trained, calibrated and scored on the validation rows. It has not met a test row.

    `task` has its temperature or thresholds; `plain` is the same task without.
    """

    made: Made
    task: Task
    plain: Task
    validation: Scores

    @property
    def name(self) -> str:
        return self.made.name

    @property
    def score(self) -> float:
        """The metric that decides, on the validation rows."""
        return self.validation[self.task.best_by]

    def answer(
        self, examples: Sequence[Example], engine: Engine | None = None
    ) -> tuple[list[Prediction], list[Prediction]]:  # fmt: skip
        """Answers to examples, calibrated and as they would be without; by another `engine` where one is given."""
        batch = self.made.encode(self.task, examples)
        outputs = (engine or self.made.engine)(batch)
        return self.task.decode(outputs, batch), self.plain.decode(outputs, batch)

    def held_answers(self, held: Sequence[Example]) -> list[Prediction]:
        """Its own answers to the validation rows."""
        own = self.made.own
        return self.answer(held)[0] if own is None else self.task.decode(own, self.made.held)


@dataclass(frozen=True)
class Entrant:
    """A candidate that has answered the test rows, with all that is needed to judge and to register it."""

    candidate: Candidate
    contender: Contender
    calibration: Calibration
    rough: bool = False  # its answers are not those that it would serve

    @property
    def task(self) -> Task:
        return self.candidate.task

    @property
    def validation(self) -> Scores:
        return self.candidate.validation


def candidate(task: Task, made: Made, examples: Sequence[Example]) -> Candidate:
    """What was made, calibrated (temperature or thresholds) and scored on the validation `examples`."""
    own = type(task)(task.options, {**task.facts, **task.calibrate(made.outputs, made.held)}, task.processor)
    return Candidate(made, own, task, own.score(own.decode(made.outputs, made.held), examples))


def contend(candidate: Candidate, test: Sequence[Example], *, rough: bool = False) -> Entrant:
    """Answer the test rows; in bf16, and said so, where it may be `rough` and there is a way."""
    made = candidate.made
    engine = made.rough if rough else None
    started = time.perf_counter()
    predictions, raw = candidate.answer(test, engine)
    seconds = time.perf_counter() - started
    name, scores = made.name + (ROUGHLY if engine else ""), candidate.task.score(predictions, test)
    contender = Contender(name, made.role, predictions, scores, made.seconds, seconds, made.size_bytes)
    return Entrant(candidate, contender, _calibration(candidate.task, contender, raw), engine is not None)


def _calibration(task: Task, contender: Contender, raw: Sequence[Prediction]) -> Calibration:
    """How well confidences match on the test rows, before (`raw`) and after the temperature."""
    right = contender.scores.rows[task.best_by]
    correct = (right.numerator >= right.denominator).astype(float)
    before, after = ([answer.confidence for answer in answers] for answers in (raw, contender.predictions))
    return calibration(before, after, correct, float(task.facts.get("temperature", 1.0)))
