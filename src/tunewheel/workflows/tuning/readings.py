"""Readings: what reading rows takes on this machine now, and what that leaves for moving the body."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...training.options import TrainingOptions
from .budget import Cost, answering_seconds

if TYPE_CHECKING:
    from .learn import Learner

# Neither so many steps nor a pass nor the steps that were asked for: that moves a body too little to be worth its time.
# Figures in docs/log.md.
WORTHWHILE_STEPS = 60
STEP_OVER_READING = 3.0  # a step above states that are kept, over reading its rows
# A training of fewer passes than were meant learns more slowly, but no more slowly than this part: in a few steps a
# high rate tears apart what body and head knew together. Figures in docs/log.md.
SLOWEST = 1 / 3


@dataclass(frozen=True)
class Readings:
    """Seconds to read a `unit` (token, picture) of the training rows; to read the validation rows, `judging` them in
    float32 and `glancing` at them in bf16, where a training computes in it; and for all `answering` at the end."""

    unit: float = 0.0
    judging: float = 0.0
    glancing: float = 0.0
    answering: float = 0.0

    @classmethod
    def measured(cls, learner: Learner, options: TrainingOptions, *, hurried: bool) -> Readings:
        """From a few readings of some rows. Who is `hurried` lets answer in bf16 what is not served."""
        module = learner.fresh_module(learner.seed)
        slow = learner.reading_seconds(module)
        unit = learner.reading_seconds(module, half=True) if options.precision == "bf16" else slow
        rows, held = len(learner.sets.test), learner.held_units
        units = learner.test_units / max(rows, 1)
        return cls(
            unit, slow * held, unit * held, answering_seconds(rows, slow * units, (unit if hurried else slow) * units)
        )

    def between(self, count: int) -> float:
        """Seconds to look at so many mixes of weights, and to answer with the best of them."""
        return count * self.glancing + self.judging

    def worthwhile(self, options: TrainingOptions, units: int, seconds: float) -> bool:
        """Whether the body can be moved far enough in so many seconds, by training rows of so many `units`."""
        steps = min(WORTHWHILE_STEPS, options.steps or WORTHWHILE_STEPS)
        return seconds >= STEP_OVER_READING * self.unit * min(steps * options.batch_units, units)


def slowed(cut: TrainingOptions, price: Cost, meant: TrainingOptions) -> TrainingOptions:
    """The `cut` options with a learning rate of the body that suits a training shorter than was `meant`."""
    if cut.steps in (None, meant.steps):  # nothing was cut
        return cut
    steps = min(meant.epochs * price.steps, meant.steps or math.inf)
    share = min(cut.steps / steps, 1.0)
    return cut.model_copy(update={"learning_rate": max(math.sqrt(share), SLOWEST) * cut.learning_rate})
