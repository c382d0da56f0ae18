"""Orders: what a run asks of its companion, and what it hears of it, as plain values."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from ...records import Scores, Step
from ...training.options import TrainingOptions
from .trial import Ended, Trial


@dataclass(frozen=True)
class Order:
    """One training: its options and seed, where its checkpoints and its weights are to be, and the reading of
    `time.perf_counter` at which its time is up."""

    options: TrainingOptions
    seed: int
    checkpoints: str
    weights: str
    until: float

    def to_json(self) -> dict[str, Any]:
        """It, as plain values."""
        return {**asdict(self), "options": self.options.model_dump(mode="json")}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Order:
        """What `to_json` gave."""
        return cls(**{**values, "options": TrainingOptions(**values["options"])})


@dataclass(frozen=True)
class Outcome:
    """What came of a training, as in `Trial`; when it ended (a reading of `time.perf_counter`), and the most memory its
    process has held, in MB."""

    score: float
    seconds: float
    curve: list[Step] = field(repr=False)
    moments: list[tuple[float, float]]
    ended: Ended
    end: float
    peak_mb: float

    @classmethod
    def of(cls, trial: Trial, peak_mb: float) -> Outcome:
        """That of a trial; scores of its curve come without their rows."""
        curve, end = [_told(step) for step in trial.curve], time.perf_counter()
        return cls(trial.score, trial.seconds, curve, trial.moments, trial.ended, end, peak_mb)

    def to_json(self) -> dict[str, Any]:
        """It, as plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Outcome:
        """What `to_json` gave."""
        curve = [_step(step) for step in values["curve"]]
        moments = [(at, score) for at, score in values["moments"]]
        return cls(**{**values, "curve": curve, "moments": moments})


def _told(step: Step) -> Step:
    return replace(step, validation=Scores(dict(step.validation.values))) if step.validation else step


def _step(values: Mapping[str, Any]) -> Step:
    validation = values["validation"]
    return Step(**{**values, "validation": Scores(validation["values"]) if validation else None})
