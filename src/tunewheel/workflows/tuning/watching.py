"""Watching: looks on while a module learns: the clock, the search that may give it up, the drafts on the way."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ...records import Step
from ...training.loop import Session
from .anytime import Anytime

if TYPE_CHECKING:
    from .learn import Learner


EVERY_SECONDS = 2.0


class Watching:
    """A training that may take `allowed` seconds. `suggestion` is what a search asked for. Where there is somebody to
    note how far it is (`noted`), the module is registered on the way, too, where it is the best so far. `meanwhile` is
    called now and then, between two steps."""

    def __init__(
        self, allowed: float, anytime: Anytime, learner: Learner, suggestion: Any = None,
        noted: Callable[[], None] | None = None, meanwhile: Callable[[], None] | None = None,
    ) -> None:  # fmt: skip
        self.allowed, self.anytime, self.learner, self.suggestion = max(allowed, 0.1), anytime, learner, suggestion
        self.noted, self.meanwhile = noted, meanwhile
        self.began = self._looked = time.perf_counter()

    def share(self) -> float:
        """How much of the time is over."""
        if self.meanwhile and time.perf_counter() - self._looked > EVERY_SECONDS:
            self.meanwhile()
            self._looked = time.perf_counter()
        return (time.perf_counter() - self.began) / self.allowed

    def judged(self, session: Session, step: Step) -> bool:
        """Whether to give the training up, seen from its latest validation."""
        assert step.validation is not None
        score = step.validation[session.task.best_by]
        if self.noted and step.best and step.number < step.total and self._may_be_kept(session):
            self.anytime.rising(lambda: self.learner.interim(session), score)
        if self.noted:
            self.noted()
        return bool(self.suggestion and self.suggestion.report(step.number / step.total, score))

    def _may_be_kept(self, session: Session) -> bool:
        """Adapters are part of the module until they are merged. Where rows are few, a score on the way is mostly luck,
        and the end is near."""
        return session.options.mode != "lora" and not self.learner.sets.few
