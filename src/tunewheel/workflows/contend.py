"""Contend: each contender answers the validation and the test rows on equal terms, calibrated on validation."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..evaluation.calibration import Calibration, calibration
from ..evaluation.report import Contender, Role
from ..records import Batch, Example, Prediction, Scores, Step
from ..task import Engine, Task

Encode = Callable[[Task, Sequence[Example]], Batch]


@dataclass(frozen=True)
class Entrant:
    """A contender with all that is needed to register it: its task (facts calibrated), its validation score."""

    contender: Contender
    task: Task
    validation: Scores
    calibration: Calibration
    origin: Any = field(repr=False)
    curve: list[Step] = field(default_factory=list, repr=False)


def contend(
    name: str, role: Role, task: Task, encode: Encode, engine: Engine, validation: Sequence[Example],
    test: Sequence[Example], *, train_seconds: float, size_bytes: int, origin: Any,
    curve: Sequence[Step] = (),
) -> Entrant:  # fmt: skip
    """Answer both sets. The temperature or thresholds come from `validation`; `test` is only answered."""
    held = encode(task, validation)
    held_outputs = engine(held)
    own = type(task)(task.options, {**task.facts, **task.calibrate(held_outputs, held)}, task.processor)
    started = time.perf_counter()
    batch = encode(own, test)
    outputs = engine(batch)
    predictions = own.decode(outputs, batch)
    seconds = time.perf_counter() - started
    contender = Contender(name, role, predictions, own.score(predictions, test), train_seconds, seconds, size_bytes)
    return Entrant(
        contender, own, own.score(own.decode(held_outputs, held), validation),
        _calibration(own, contender, task.decode(outputs, batch)), origin, list(curve),
    )  # fmt: skip


def _calibration(task: Task, contender: Contender, raw: Sequence[Prediction]) -> Calibration:
    """How well confidences match on the test rows, before (`raw`) and after the temperature."""
    right = contender.scores.rows[task.best_by]
    correct = (right.numerator >= right.denominator).astype(float)
    before, after = ([answer.confidence for answer in answers] for answers in (raw, contender.predictions))
    return calibration(before, after, correct, float(task.facts.get("temperature", 1.0)))
