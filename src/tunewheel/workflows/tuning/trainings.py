"""Trainings: those of one run, what can be made of their weights, and the best of it all, kept against a crash."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...models.estimate import give_back_memory
from ...models.heads import Headed
from .anytime import Anytime
from .average import Averager, part_of_the_way
from .budget import Clock
from .contend import Candidate
from .kept import Kept, Training
from .learn import Learner
from .preference import proved_on_validation
from .readings import Readings
from .trial import Trial
from .watching import Watching

PART_WAY, AVERAGE, REFIT = "Part of the way", "Average of weights", "Learnt anew from all rows"
# How far trained weights may go from where they began; of equals the first. Figures in docs/log.md.
SHARES = (0.5, 0.25, 0.75)
# Where one reading of the validation rows takes more of the budget than this, weights are taken as they are.
CHEAP = 0.02
# Where rows are few everything is trained twice, the second time from all of them.
TWIN_SHARE = 0.45
# A training from all rows that got less than this of its steps is worth less than its twin.
ENOUGH = 0.7
Restore = Callable[[str], Headed]


@dataclass(frozen=True)
class Best:
    """The best training so far, and how far from its beginning its weights have gone."""

    trial: Trial
    candidate: Candidate
    share: float = 1.0


class Trainings:
    """Trains, offers what comes of it to `anytime`, and holds the best. `kept` says what an earlier start came to."""

    def __init__(self, learner: Learner, anytime: Anytime, clock: Clock | None, kept: Kept, folder: Path) -> None:
        self.learner, self.anytime, self.clock, self.kept, self.folder = learner, anytime, clock, kept, folder
        self.best: Best | None = None
        self.averager = Averager()
        self.readings = Readings()

    def left(self) -> float:
        """Seconds left to train in: what is needed at the end is kept back."""
        if self.clock is None:
            return float("inf")
        again = self._again(self.best.trial) if self.best else 0.0
        return self.clock.for_training(self.readings.answering) - self.readings.judging - self.anytime.cost - again

    def room(self) -> float:
        """Seconds that the next training may take: time to go back part of the way is kept back, and where rows are
        few, time to repeat it."""
        left = self.left() - (self._going_back if self._cheap else 0.0)
        if not self.learner.sets.few or self.clock is None:
            return left
        again = self._again(self.best.trial) if self.best else 0.0
        return min(left, TWIN_SHARE * (left + again))

    def train(
        self, training: Training, suggestion: Any = None, start: Mapping[str, Any] | None = None
    ) -> tuple[float, bool]:  # fmt: skip
        """One training; offered unless it was given up. Gives its score, and whether it came to its end.

        `suggestion` is what a search asked for, and hears how it goes. `start` are the weights to begin with, where
        they are not those of the pre-trained body.
        """
        self.kept.under_way = training
        self.save()
        began = time.perf_counter()
        watch = Watching(self.room(), self.anytime, self.learner, suggestion, self.save if self.clock else None)
        try:
            folder = self._folder(training.number)
            trial = self.learner.trial(training.options, training.seed, folder, watch, start)
        finally:
            self.save()
        told = {"settings": training.settings, "ended": trial.ended, "moments": trial.moments}
        score = self._told(training, began, trial, told)
        self.kept.under_way = None
        self.save()
        self._tidy()
        return score, trial.ended != "pruned"

    def refit(self) -> None:
        """Few rows: the best training once more, validation rows among those that are learnt from."""
        if self.best is None or not self.learner.sets.few:
            return
        best, began = self.best, time.perf_counter()
        number = self.kept.best.number if self.kept.best else 0
        watch = Watching(self.left() + self._again(best.trial), self.anytime, self.learner)
        trial = self.learner.refit(best.trial, self.folder / "checkpoints" / f"refit{number:03d}", watch)
        if trial.curve and trial.curve[-1].number < ENOUGH * trial.curve[-1].total:
            return self.anytime.passed(REFIT, began, None, ended="time was up")
        if best.share < 1.0:
            beginning = self.learner.beginning(trial, last=True)
            trial = replace(trial, module=part_of_the_way(trial.module, beginning, best.share))
        return self.anytime.settle(self.learner.tuned(trial, best.trial), REFIT, began)

    def go_on(self, restore: Restore) -> None:
        """Take up what an earlier start had trained, from its draft where there is one, and the training it was at."""
        kept, best = self.kept, self.kept.best
        if best is not None and kept.draft:
            module = restore(kept.draft)
            trial = Trial(module, best.options, best.seed, kept.score, kept.seconds, [], [], "finished")
            self.best = Best(trial, self.learner.tuned(trial), kept.share)
            self.anytime.tuned = self.best.candidate
        waiting = kept.under_way or (best if best is not None and self.best is None else None)
        if waiting is not None and self.left() > 0:
            self.train(waiting)

    def save(self) -> None:
        """Write down where the run stands; without a budget its recipe and its one checkpoint are enough."""
        if self.clock is None:
            return
        kept, anytime = self.kept, self.anytime
        kept.spent = time.perf_counter() - self.clock.started
        kept.tried, kept.moments, kept.drafted = anytime.tried, anytime.moments, anytime.drafted
        kept.save(self.folder)

    def _again(self, trial: Trial) -> float:
        """Seconds to learn anew from all rows, where they are few."""
        return 1.2 * trial.seconds + 1.0 if self.learner.sets.few else 0.0

    def _folder(self, number: int) -> Path:
        return self.folder / "checkpoints" / f"trial{number:03d}"

    def _told(self, training: Training, began: float, trial: Trial, told: Mapping[str, Any]) -> float:
        """Offer what came of a training, and what can be made of its weights; gives its score."""
        if trial.ended == "pruned":
            self.anytime.passed(training.idea, began, trial.score, **told)
            return trial.score
        candidate = self.learner.tuned(trial)
        back = trial.options.warm_head and self._has_time(self._going_back)
        # Few validation rows flatter whoever is best on them, and going back takes but a moment.
        self.anytime.offer(candidate, training.idea, began, settled=not (back and self.learner.sets.few), **told)
        whole = Best(trial, candidate)
        self._keep_if_best(whole, training)
        if back:
            self._go_back(training, whole)
        # What is learnt anew from all rows is one training, not several.
        if trial.options.warm_head and self.clock and not self.learner.sets.few and self._has_time(self._averaging):
            self._average(training, trial)
        return candidate.score

    @property
    def _going_back(self) -> float:
        """Seconds to look at weights between the beginning and the end, and to answer with the best of them."""
        return len(SHARES) * self.readings.glancing + self.readings.judging

    @property
    def _averaging(self) -> float:
        """Seconds to look at an average of weights, and to answer with it."""
        return self.readings.glancing + self.readings.judging

    @property
    def _cheap(self) -> bool:
        """Whether the validation rows can be read several times."""
        return self.clock is not None and self.readings.judging <= CHEAP * self.clock.seconds

    def _has_time(self, seconds: float) -> bool:
        """Whether so many seconds are left, where there is a budget."""
        if self.clock is None:
            return self.learner.sets.few
        return self._cheap and self.left() > seconds

    def _keep_if_best(self, found: Best, training: Training, *, instead: bool = False) -> None:
        held = -1.0 if self.best is None else self.best.candidate.score
        if found.candidate.score > held or instead:
            self.best, kept = found, self.kept
            kept.best, kept.share, kept.draft = training, found.share, self.anytime.draft_of(found.candidate)
            kept.score, kept.seconds = found.trial.score, found.trial.seconds

    def _go_back(self, training: Training, whole: Best) -> None:
        """The trained weights, moved back towards where they began: what was known before is often worth keeping.

        Few validation rows say little: there the weights between are taken unless going all the way is proved better.
        """
        began, trial = time.perf_counter(), whole.trial
        gone, share = self._best_share(trial)
        if not self.learner.sets.few and gone.score <= trial.score:
            return
        candidate = self.learner.tuned(gone)
        groups = self.learner.sets.groups(self.learner.sets.validation)
        instead = self.learner.sets.few and not proved_on_validation(candidate, whole.candidate, groups)
        # Only the whole way of this very training is outdone without a better score.
        instead = instead and self.best is whole
        settings = {"share": share, "training": training.number}
        self.anytime.offer(candidate, PART_WAY, began, settings=settings, instead=instead)
        self._keep_if_best(Best(trial=gone, candidate=candidate, share=share), training, instead=instead)

    def _best_share(self, trial: Trial) -> tuple[Trial, float]:
        """The training as if its weights had gone the best of a few shares of their way; one at a time in memory."""
        beginning = self.learner.beginning(trial)
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
        self.anytime.offer(candidate, AVERAGE, began, settings={"trainings": self.averager.count})
        self._keep_if_best(Best(averaged, candidate), training)

    def _tidy(self) -> None:
        """Checkpoints are for the training that is under way; the best is registered as a draft."""
        give_back_memory()
        if self.clock is not None:
            for folder in (self.folder / "checkpoints").glob("trial*"):
                shutil.rmtree(folder, ignore_errors=True)
