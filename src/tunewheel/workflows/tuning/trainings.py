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
from ...training import checkpoints
from .anytime import BODY, Anytime
from .average import Averager, part_of_the_way
from .budget import SETUP_SECONDS, Clock
from .companion import Beside, Companion
from .contend import Candidate
from .kept import Kept, Training
from .learn import Learner
from .orders import Outcome
from .preference import proved_on_validation
from .readings import Readings
from .trial import Trial
from .watching import Watching

PART_WAY, AVERAGE, REFIT = "Part of the way", "Average of weights", "Learnt anew from all rows"
CONTINUED = "Gone on with the live version"
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
    """The best training so far, and how far from its beginning its weights have gone. `draft` is the version that holds
    them, if there is one."""

    training: Training
    trial: Trial
    candidate: Candidate
    share: float = 1.0
    draft: str | None = None


class Trainings:
    """Trains one body, offers what comes of it to `anytime`, and holds the best. `kept` says what an earlier start came
    to. Who is on trial beside another body must leave that one so many seconds (`reserved`), and changes nothing of its
    record."""

    def __init__(
        self, learner: Learner, anytime: Anytime, clock: Clock | None, kept: Kept, folder: Path,
        reserved: float | None = None,
    ) -> None:  # fmt: skip
        self.learner, self.anytime, self.clock, self.kept, self.folder = learner, anytime, clock, kept, folder
        self.on_trial, self.reserved = reserved is not None, reserved or 0.0
        self.best: Best | None = None
        self.averager = Averager()
        self.readings = Readings()

    def left(self) -> float:
        """Seconds left to train in: what is needed at the end is kept back."""
        if self.clock is None:
            return float("inf")
        ours = self.clock.for_training(self.readings.answering) - self.readings.judging - self.anytime.cost
        return ours - self.again - self.reserved

    def room(self) -> float:
        """Seconds that the next training may take: time to go back part of the way is kept back, and where rows are
        few, time to repeat it."""
        left = self.left() - (self._going_back if self._cheap else 0.0)
        if not self.learner.sets.few or self.clock is None:
            return left
        return min(left, TWIN_SHARE * (left + self.again))

    def train(
        self, training: Training, suggestion: Any = None, start: Mapping[str, Any] | None = None,
        meanwhile: Callable[[], None] | None = None,
    ) -> tuple[float, bool]:  # fmt: skip
        """One training; offered unless it was given up. Gives its score, and whether it came to its end.

        `suggestion` is what a search asked for, and hears how it goes. `start` are the weights to begin with, where
        they are not those of the pre-trained body. `meanwhile` is called after each validation, where another training
        runs beside, which must be looked at, too, when the time is up.
        """

        def noted() -> None:
            self.save()
            if meanwhile:
                meanwhile()

        self._begun(training)
        began, seconds = time.perf_counter(), self.room() - (self._looking if meanwhile else 0.0)
        watch = Watching(seconds, self.anytime, self.learner, suggestion, noted if self.clock else None)
        try:
            trial = self.learner.trial(
                training.options, training.seed, self._folder(training.number), watch, start
            )  # fmt: skip
        finally:
            self.save()
        return self._ended(training, began, trial)

    def train_beside(self, companion: Companion, training: Training, suggestion: Any = None) -> None:
        """Have the companion train it within the time that is left now."""
        self._begun(training)
        companion.begin(training, self._folder(training.number), self.room() - self._looking, suggestion)

    def take(self, beside: Beside) -> tuple[float, bool]:
        """What the companion came to, as if it had been trained here. Waits for it; raises `Lost`."""
        training, outcome = beside.training, beside.result.result()
        self.kept.beside_mb = max(self.kept.beside_mb, outcome.peak_mb)
        if outcome.ended == "pruned":
            self._gave_up(training, beside.began, outcome, outcome.end)
            self.closed(training)
            return outcome.score, False
        module = self.learner.restored(training.options, training.seed, beside.weights)
        beside.weights.unlink(missing_ok=True)
        trial = Trial(
            module, training.options, training.seed, outcome.score, outcome.seconds, outcome.curve, outcome.moments,
            outcome.ended,
        )  # fmt: skip
        return self._ended(training, beside.began, trial, outcome.end)

    def refit(self) -> None:
        """Few rows: the best training once more, validation rows among those that are learnt from."""
        if self.best is None or not self.learner.sets.few:
            return
        best, began = self.best, time.perf_counter()
        number = self.kept.best.number if self.kept.best else 0
        watch = Watching(self.left() + self.again, self.anytime, self.learner)
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
            self.best = Best(best, trial, self.learner.tuned(trial), kept.share, kept.draft)
            self.anytime.hold(self.best.candidate)
        waiting = [one for one in kept.under_way if one.body == kept.body]  # others are gone on with later
        if best is not None and self.best is None:
            waiting = [best, *waiting]
        for training in waiting:
            begun = checkpoints.find(self._folder(training.number)) is not None
            if training.idea != CONTINUED and (begun or self.left() > 0):
                self.train(training)
            else:  # what goes on from other weights is begun anew by who has them
                self.closed(training)

    def lead(self) -> None:
        """From now on the run is about this body."""
        self.on_trial, self.reserved = False, 0.0
        self.anytime.lead(self.learner.body.name)
        self.kept.body = self.learner.body.name
        self._remember_best()

    def settings(self, more: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Settings of something that is tried, and the body that it was tried with."""
        return {BODY: self.learner.body.name, **(more or {})}

    def save(self) -> None:
        """Write down where the run stands; without a budget its recipe and its one checkpoint are enough."""
        if self.clock is None:
            return
        kept, anytime = self.kept, self.anytime
        kept.spent = time.perf_counter() - self.clock.started
        kept.tried, kept.moments, kept.drafted = anytime.tried, anytime.moments, anytime.drafted
        kept.save(self.folder)

    @property
    def again(self) -> float:
        """Seconds to learn the best anew from all rows, where they are few."""
        return 1.2 * self.best.trial.seconds + 1.0 if self.best and self.learner.sets.few else 0.0

    def _folder(self, number: int) -> Path:
        return self.folder / "checkpoints" / f"trial{number:03d}"

    def _begun(self, training: Training) -> None:
        if training not in self.kept.under_way:  # of an earlier start
            self.kept.under_way.append(training)
        self.save()

    def _ended(
        self, training: Training, began: float, trial: Trial, end: float | None = None
    ) -> tuple[float, bool]:  # fmt: skip
        """Offer what came of a training that ended now or then; gives its score, and whether it came to its end."""
        score, finished = trial.score, trial.ended != "pruned"
        if finished:
            score = self._offered(training, began, trial, end)
        else:
            self._gave_up(training, began, trial, end)
        self.closed(training)
        return score, finished

    def closed(self, training: Training) -> None:
        """It is no longer under way. Checkpoints are for those that are; the best is registered as a draft."""
        kept = self.kept
        kept.under_way = [one for one in kept.under_way if one.number != training.number]
        self.save()
        give_back_memory()
        if self.clock is not None:
            waiting = {self._folder(one.number).name for one in kept.under_way}
            for folder in (self.folder / "checkpoints").glob("trial*"):
                if folder.name.partition(".")[0] not in waiting:  # it may be just being written (trial007.new)
                    shutil.rmtree(folder, ignore_errors=True)

    def _gave_up(self, training: Training, began: float, trial: Trial | Outcome, end: float | None) -> None:
        self.anytime.passed(training.idea, began, trial.score, **self._told(training, trial, end))

    def _told(self, training: Training, trial: Trial | Outcome, end: float | None) -> dict[str, Any]:
        settings = self.settings(training.settings)
        return {"settings": settings, "ended": trial.ended, "moments": trial.moments, "end": end}

    def _offered(self, training: Training, began: float, trial: Trial, end: float | None) -> float:
        """Offer what came of a training, and what can be made of its weights; gives its score."""
        told = self._told(training, trial, end)
        candidate = self.learner.tuned(trial)
        back = trial.options.warm_head and self._has_time(self._going_back)
        # Few validation rows flatter whoever is best on them, and going back takes but a moment.
        self.anytime.offer(candidate, training.idea, began, settled=not (back and self.learner.sets.few), **told)
        whole = Best(training, trial, candidate)
        self._keep_if_best(whole)
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
    def _looking(self) -> float:
        """Seconds to look at what was trained beside."""
        back = self._going_back if self._cheap else 0.0
        return SETUP_SECONDS + self.readings.judging + back + self.anytime.cost

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
        began, trial = time.perf_counter(), whole.trial
        gone, share = self._best_share(trial)
        if not self.learner.sets.few and gone.score <= trial.score:
            return
        candidate = self.learner.tuned(gone)
        groups = self.learner.sets.groups(self.learner.sets.validation)
        instead = self.learner.sets.few and not proved_on_validation(candidate, whole.candidate, groups)
        # Only the whole way of this very training is outdone without a better score.
        instead = instead and self.best is not None and self.best.candidate is whole.candidate
        settings = self.settings({"share": share, "training": training.number})
        self.anytime.offer(candidate, PART_WAY, began, settings=settings, instead=instead)
        self._keep_if_best(Best(training, gone, candidate, share), instead=instead)

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
        settings = self.settings({"trainings": self.averager.count, "training": training.number})
        self.anytime.offer(candidate, AVERAGE, began, settings=settings)
        self._keep_if_best(Best(training, averaged, candidate))
