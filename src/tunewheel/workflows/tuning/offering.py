"""Offering: what comes of the trainings of a run, and what can be made of their weights: part of the way back to where
they began, averages. The best of it all is held."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from .anytime import BODY, Anytime
from .average import Averager, Weights, part_of_the_way
from .budget import Clock
from .contend import Candidate
from .kept import Kept, Training
from .learn import Learner
from .orders import Outcome
from .preference import proved_on_validation
from .readings import Readings
from .trial import Trial

PART_WAY, AVERAGE = "Part of the way", "Average of weights"
# How far trained weights may go from where they began; of equals the first. Figures in docs/log.md.
SHARES = (0.5, 0.25, 0.75)
# Where one reading of the validation rows takes more of the budget than this, weights are taken as they are.
CHEAP = 0.02


@dataclass(frozen=True)
class Best:
    """The best training so far, and how far from its beginning its weights have gone. `draft` is the version that holds
    them, if there is one."""

    training: Training
    trial: Trial
    candidate: Candidate
    share: float = 1.0
    draft: str | None = None


class Offering:
    """Offers to `anytime`, and holds the best. Who is `on_trial` beside another body changes nothing of what is `kept`
    of the best."""

    def __init__(
        self, learner: Learner, anytime: Anytime, clock: Clock | None, kept: Kept, *, on_trial: bool
    ) -> None:  # fmt: skip
        self.learner, self.anytime, self.clock, self.kept = learner, anytime, clock, kept
        self.on_trial = on_trial
        self.best: Best | None = None
        self.averager = Averager()
        self.readings = Readings()

    def offer(
        self, training: Training, began: float, trial: Trial, end: float | None, left: Callable[[], float]
    ) -> float:  # fmt: skip
        """Offer what came of a training, and what can be made of its weights in the seconds that are `left`; gives its
        score."""
        candidate, few = self.learner.tuned(trial), self.learner.sets.few
        back = trial.options.warm_head and self._has_time(self.going_back, left)
        # Few validation rows flatter whoever is best on them, and going back takes but a moment.
        told = self._told(training, trial, end)
        self.anytime.offer(candidate, training.idea, began, settled=not (back and few), **told)
        whole = Best(training, trial, candidate)
        self._keep_if_best(whole)
        if back:
            self._go_back(training, whole)
        # What is learnt anew from all rows is one training, not several.
        if trial.options.warm_head and self.clock and not few and self._has_time(self.readings.between(1), left):
            self._average(training, trial)
        return candidate.score

    def give_up(self, training: Training, began: float, trial: Trial | Outcome, end: float | None) -> None:
        """A training that nothing is kept of."""
        self.anytime.passed(training.idea, began, trial.score, **self._told(training, trial, end))

    def hold(self, best: Best) -> None:
        """What an earlier start came to."""
        self.best = best
        self.anytime.hold(best.candidate)

    def lead(self) -> None:
        """From now on this is the best of the run."""
        self.on_trial = False
        self._remember_best()

    def settings(self, more: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Settings of something that is tried, and the body that it was tried with."""
        return {BODY: self.learner.body.name, **(more or {})}

    @property
    def going_back(self) -> float:
        """Seconds to look at weights between the beginning and the end, and to answer with the best of them."""
        return self.readings.between(len(SHARES))

    @property
    def is_cheap(self) -> bool:
        """Whether the validation rows can be read several times."""
        return self.clock is not None and self.readings.judging <= CHEAP * self.clock.seconds

    def _has_time(self, seconds: float, left: Callable[[], float]) -> bool:
        """Whether so many seconds are left, where there is a budget."""
        if self.clock is None:
            return self.learner.sets.few
        return self.is_cheap and left() > seconds

    def _told(self, training: Training, trial: Trial | Outcome, end: float | None) -> dict[str, Any]:
        settings = self.settings(training.settings)
        return {"settings": settings, "ended": trial.ended, "moments": trial.moments, "end": end}

    def _keep_if_best(self, found: Best, *, instead: bool = False) -> None:
        held = -1.0 if self.best is None else self.best.candidate.score
        if found.candidate.score > held or instead:
            self.best = replace(found, draft=self.anytime.draft_of(found.candidate))
            if not self.on_trial:
                self._remember_best()

    def _remember_best(self) -> None:
        if self.best is not None:
            kept, best = self.kept, self.best
            kept.best, kept.share, kept.draft = best.training, best.share, best.draft
            kept.score, kept.seconds = best.trial.score, best.trial.seconds

    def _go_back(self, training: Training, whole: Best) -> None:
        """The trained weights, moved back towards where they began: what was known before is often worth keeping.

        Few validation rows say little: there the weights between are taken unless going all the way is proved better.
        """
        began, trial, few = time.perf_counter(), whole.trial, self.learner.sets.few
        gone, share = self.best_share(trial, self.learner.beginning(trial))
        if not few and gone.score <= trial.score:
            return
        candidate = self.learner.tuned(gone)
        groups = self.learner.sets.groups(self.learner.sets.validation)
        # Only the whole way of this very training is outdone without a better score.
        whole_leads = self.best is not None and self.best.candidate is whole.candidate
        instead = few and whole_leads and not proved_on_validation(candidate, whole.candidate, groups)
        settings = self.settings({"share": share, "training": training.number})
        self.anytime.offer(candidate, PART_WAY, began, settings=settings, instead=instead)
        self._keep_if_best(Best(training, gone, candidate, share), instead=instead)

    def best_share(self, trial: Trial, beginning: Weights) -> tuple[Trial, float]:
        """The training as if its weights had gone the best of a few shares of their way from a `beginning`; one at a
        time in memory."""
        half = trial.options.precision == "bf16"
        best: tuple[Trial, float] | None = None
        for share in SHARES:
            module = part_of_the_way(trial.module, beginning, share)
            score = self.learner.score(module, half=half)
            if best is None or score > best[0].score:
                best = replace(trial, module=module, score=score, moments=[]), share
        assert best is not None
        return best

    def _average(self, training: Training, trial: Trial) -> None:
        began = time.perf_counter()
        mean = self.averager.with_another(trial)
        if mean is None:
            return
        half = trial.options.precision == "bf16"
        averaged = replace(trial, module=mean, score=self.learner.score(mean, half=half), moments=[])
        candidate = self.learner.tuned(averaged)
        settings = self.settings({"trainings": self.averager.count, "training": training.number})
        self.anytime.offer(candidate, AVERAGE, began, settings=settings)
        self._keep_if_best(Best(training, averaged, candidate))
