"""Trainings: those of one run, one after the other or beside one another, in its time and kept against a crash."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from safetensors.torch import save_file

from ...models.estimate import give_back_memory
from ...models.heads import Headed
from ...records import Step
from ...training import checkpoints
from .anytime import Anytime
from .average import part_of_the_way
from .budget import SETUP_SECONDS, Clock
from .companion import Beside, Companion
from .kept import Kept, Training
from .learn import Learner
from .offering import Best, Offering
from .readings import Readings
from .trial import Trial, learnt
from .watching import Watching

REFIT, CONTINUED = "Learnt anew from all rows", "Gone on with the live version"
# Where rows are few everything is trained twice, the second time from all of them.
TWIN_SHARE = 0.45
# A training from all rows that got less than this of its steps is worth less than its twin.
ENOUGH = 0.7
Restore = Callable[[str], Headed]


@dataclass(frozen=True)
class Came:
    """What came of a training itself, whatever was made of its weights afterwards."""

    training: Training
    score: float
    finished: bool
    seconds: float
    curve: Sequence[Step] = field(repr=False)


class Trainings:
    """Trains one body, offers what comes of it to `anytime`, and holds the best. `kept` says what an earlier start came
    to. Who is on trial beside another body must leave that one so many seconds (`reserved`), and changes nothing of its
    record."""

    def __init__(
        self, learner: Learner, anytime: Anytime, clock: Clock | None, kept: Kept, folder: Path,
        reserved: float | None = None,
    ) -> None:  # fmt: skip
        self.learner, self.anytime, self.clock, self.kept, self.folder = learner, anytime, clock, kept, folder
        self.reserved = reserved or 0.0
        self.offering = Offering(learner, anytime, clock, kept, on_trial=reserved is not None)
        self.came: list[Came] = []  # what came of each, in the order in which they ended

    @property
    def best(self) -> Best | None:
        """What is held of them."""
        return self.offering.best

    @property
    def readings(self) -> Readings:
        """What reading rows takes here."""
        return self.offering.readings

    def left(self) -> float:
        """Seconds left to train in: what is needed at the end is kept back."""
        if self.clock is None:
            return float("inf")
        ours = self.clock.for_training(self.readings.answering) - self.readings.judging - self.anytime.cost
        return ours - self.again - self.reserved

    def room(self) -> float:
        """Seconds that the next training may take: time to go back part of the way is kept back, and where rows are
        few, time to repeat it."""
        left = self.left() - self._between
        if not self.learner.sets.few or self.clock is None:
            return left
        return min(left, TWIN_SHARE * (left + self.again))

    def train(
        self, training: Training, suggestion: Any = None, start: Mapping[str, Any] | None = None,
        meanwhile: Callable[[], None] | None = None,
    ) -> tuple[float, bool]:  # fmt: skip
        """One training; offered unless it was given up. Gives its score, and whether it came to its end.

        `suggestion` is what a search asked for, and hears how it goes. `start` are the weights to begin with, where
        they are not those of the pre-trained body. `meanwhile` is called now and then, where another training runs
        beside, which must be looked at, too, when the time is up.
        """

        self._begun(training)
        began, seconds = time.perf_counter(), self.room() - (self._looking if meanwhile else 0.0)
        noted = self.save if self.clock else None
        watch = Watching(seconds, self.anytime, self.learner, suggestion, noted, meanwhile)
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
            self.offering.give_up(training, beside.began, outcome, outcome.end)
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
        """Take up what an earlier start had trained, from its draft or its weights, and the training it was at."""
        kept, best = self.kept, self.kept.best
        if best is not None and (module := self._restored(best, restore)) is not None:
            trial = Trial(module, best.options, best.seed, kept.score, kept.seconds, [], [], "finished")
            self.offering.hold(Best(best, trial, self.learner.tuned(trial), kept.share, kept.draft))
        waiting = [one for one in kept.under_way if one.body == kept.body]  # others are gone on with later
        if best is not None and self.best is None:
            waiting = [best, *waiting]
        for training in waiting:
            begun = checkpoints.find(self._folder(training.number)) is not None
            if training.idea != CONTINUED and (begun or self.left() > 0):
                self.train(training)
            else:  # what goes on from other weights is begun anew by who has them
                self.closed(training)

    def _restored(self, best: Training, restore: Restore) -> Headed | None:
        """The module of the best; None where neither a draft nor its weights are there."""
        if self.kept.draft:
            return restore(self.kept.draft)
        weights = self.folder / "checkpoints" / self.kept.weights
        return self.learner.restored(best.options, best.seed, weights) if weights.is_file() else None

    def go_back_to(self, best: Best) -> None:
        """From now on this is the best, whatever scored higher since."""
        self.offering.hold(best)
        self.offering.lead()
        self._keep_weights()

    def lead(self) -> None:
        """From now on the run is about this body."""
        self.reserved = 0.0
        self.anytime.lead(self.learner.body.name)
        self.kept.body = self.learner.body.name
        self.offering.lead()
        self._keep_weights()

    def save(self) -> None:
        """Write down where the run stands; without a budget its recipe and its one checkpoint are enough."""
        if self.clock is None:
            return
        kept, anytime = self.kept, self.anytime
        kept.spent = time.perf_counter() - self.clock.started
        kept.tried, kept.moments, kept.drafted = anytime.tried, anytime.moments, anytime.drafted
        kept.save(self.folder)

    @property
    def pass_seconds(self) -> float:
        """Seconds to learn once from all training rows, as the first training took them; 0 where none was whole."""
        first = self.came[0] if self.came else None
        units = sum(step.units for step in first.curve) if first else 0
        whole = first is not None and units and first.curve[0].number == 1  # else an earlier start took some steps
        return first.seconds * self.learner.train_units / units if first and whole else 0.0

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
            score = self.offering.offer(training, began, trial, end, self.left)
            self._keep_weights()
        else:
            self.offering.give_up(training, began, trial, end)
        self.came.append(Came(training, score, finished, trial.seconds, trial.curve))
        self.closed(training)
        return score, finished

    def _keep_weights(self) -> None:
        """The best is registered as a draft, or else its weights lie in the folder of the run: nobody would train it a
        second time after a crash."""
        best, kept = self.best, self.kept
        if self.clock is None or self.offering.on_trial or best is None or kept.best != best.training:
            return
        name = "" if best.draft else f"best{best.training.number:03d}-{round(100 * best.share)}.safetensors"
        folder = self.folder / "checkpoints"
        if name and name != kept.weights:
            folder.mkdir(exist_ok=True)
            save_file(learnt(best.trial.module), folder / name)
        kept.weights = name
        self.save()
        for other in folder.glob("best*"):
            if other.name != name:
                other.unlink(missing_ok=True)

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

    @property
    def _looking(self) -> float:
        """Seconds to look at what was trained beside."""
        return SETUP_SECONDS + self.readings.judging + self._between + self.anytime.cost

    @property
    def _between(self) -> float:
        """Seconds to go back part of the way, where that is done."""
        return self.offering.going_back if self.offering.is_cheap else 0.0
