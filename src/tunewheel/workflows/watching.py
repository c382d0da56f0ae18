"""Watching: looks on while a module learns: the clock, the search that may give it up, the drafts on the way."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from ..records import Step
from ..training.loop import Session
from .anytime import Anytime

if TYPE_CHECKING:
    from .learn import Learner


class Watching:
    """A training that may take `allowed` seconds. `asked` is what a search asked for; with `interim` the module is
    registered on the way where it is the best so far."""

    def __init__(
        self, allowed: float, anytime: Anytime, learner: Learner, asked: Any = None, *, interim: bool = False
    ) -> None:
        self.allowed, self.anytime, self.learner, self.asked = max(allowed, 0.1), anytime, learner, asked
        self.interim = interim
        self.began = time.perf_counter()

    def share(self) -> float:
        """How much of the time is over."""
        return (time.perf_counter() - self.began) / self.allowed

    def judged(self, session: Session, step: Step) -> bool:
        """Whether to give the training up, seen from its latest validation."""
        assert step.validation is not None
        score = step.validation[session.task.best_by]
        # Adapters are part of the module until they are merged, and cannot be kept before.
        if self.interim and step.best and step.number < step.total and session.options.mode != "lora":
            self.anytime.rising(lambda: self.learner.interim(session), score)
        return bool(self.asked and self.asked.report(step.number / step.total, score))
