"""Searching: other seeds and other settings for as long as another training fits, two at a time where the machine gets
further so."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from ...models.estimate import available_memory_mb, give_back_memory, held_memory_mb, needed_memory_mb
from ...models.lanes import computing_on
from ...training.options import TrainingOptions
from .budget import Cost, companion_seconds, fitted
from .companion import FOLDER, Beside, Companion, Failed, Lost
from .handover import handed_bytes
from .kept import Training

if TYPE_CHECKING:
    from ...training.search import Suggestion
    from .spend import Spending

SEARCH, SEED = "Search", "Another seed"
TRIALS = "trials.jsonl"
SEED_EVERY = 4
MOST_ASKS = 8
SHORTEST_TRAINING = 5.0  # seconds; what is shorter is not worth the measuring
# Two trainings on half of the cores each must take less than this share of the time of one after the other.
WORTH_TWO = 0.9
MOST_HANDED = 1_000_000_000  # bytes of encoded rows that are written to the disk for a companion
SPARE_MEMORY = 1.2
NEW_LINE = "\n"
SHORT_OF_MEMORY = (MemoryError, RuntimeError)  # what torch raises there
MOST_FAILURES = 5
SAVE_SECONDS = 2.0  # so often is written down how far a run is that waits for its companion


@dataclass(frozen=True)
class _Wanted:
    """A training to come, and what asked for it, if that was the study."""

    training: Training
    suggestion: Suggestion | None = None


class Searching:
    """Around the `options` of the training that was planned."""

    def __init__(self, spending: Spending, options: TrainingOptions) -> None:
        from ...training.search import Study  # loads what a run without a search does not need

        self.spending, self.options, self.say = spending, options, spending.say
        self.trainings, self.learner, self.kept = spending.trainings, spending.learner, spending.kept
        file = self.trainings.folder / TRIALS
        self.study = Study(options, self.learner.layers, self.learner.seed + self.kept.count, file, spending.fixed)
        self._learn_what_came()
        self.half = torch.get_num_threads() // 2
        self.companion: Companion | None = None
        self._lost: list[_Wanted] = []
        self._failures = 0

    def _learn_what_came(self) -> None:
        """The trainings with these options, and those that a study of an earlier start had asked for; scores of their
        own, not of what was made of their weights, as those have that are to come."""
        from ...training.search import rungs_of

        best, metric = self.trainings.best, self.learner.task.best_by
        known = [one for one in self.trainings.came if one.finished and one.training.body == self.kept.body]
        for one in known:
            if (asked := one.training.idea == SEARCH) or one.training.options == self.options:
                scores = [(step.number / step.total, step.validation[metric]) for step in one.curve if step.validation]
                self.study.add(one.training.options, one.score, rungs_of(scores), keep=asked)
        if best is not None and best.trial.options == self.options and not known:
            self.study.add(self.options, best.trial.score, {})  # of an earlier start

    def run(self) -> None:
        """Until no other training fits."""
        with ExitStack() as held:
            if self._is_worth_two():
                self._find_company(held)
            while self._another():
                pass

    def _is_worth_two(self) -> bool:
        try:
            return self.has_room_for_two
        except SHORT_OF_MEMORY as error:  # two were tried out
            self._failed(error)
            return False

    def _find_company(self, held: ExitStack) -> None:
        try:
            # On half of the cores reading takes twice as long, and it reads twice when its time is up.
            looking = 4 * self.trainings.readings.judging
            companion = Companion(self.learner, self.trainings.folder / FOLDER, self.half, looking)
        except OSError as error:
            return self.say.line(f"No second training runs beside: {error.strerror or error}.")
        self.companion = held.enter_context(companion)
        return self.say.line(f"From here two trainings run side by side, on {_cores(self.half)} each.")

    def _another(self) -> bool:
        """One more training, here and beside; False when no other fits, or too many have failed."""
        wanted: _Wanted | None = None
        try:
            self._keep_company()
            two = self._beside_is_busy
            if (wanted := self._next(two=two)) is None:
                return self._take_up(wait=True)
            self._tell(wanted, *self._trained(wanted, two=two))
        except SHORT_OF_MEMORY as error:
            self._failed(error, wanted)
        return self._failures < MOST_FAILURES

    def _failed(self, error: BaseException, wanted: _Wanted | None = None) -> None:
        """Go on without it: the best so far is there."""
        self._failures += 1
        self.say.line(f"A training with other settings failed ({str(error).partition(NEW_LINE)[0]}).")
        give_back_memory()
        if wanted is not None:
            self._drop(wanted)

    def _trained(self, wanted: _Wanted, *, two: bool) -> tuple[float, bool]:
        if not two:
            return self.trainings.train(wanted.training, wanted.suggestion)
        with computing_on(self.half):
            return self.trainings.train(wanted.training, wanted.suggestion, meanwhile=self._look_beside)

    def _look_beside(self) -> None:
        """In the middle of a training: what fails there is not its fault."""
        try:
            self._keep_company()
        except SHORT_OF_MEMORY as error:
            self._failed(error)

    def _keep_company(self) -> None:
        """Take what the companion came to, and have it train something else."""
        self._take_up()
        if self.companion and not self.companion.beside and (wanted := self._next(two=True)):
            self.trainings.train_beside(self.companion, wanted.training, wanted.suggestion)

    @property
    def _beside_is_busy(self) -> bool:
        return bool(self.companion and self.companion.beside)

    def _take_up(self, *, wait: bool = False) -> bool:
        """Take what the companion came to, if it has come to its end; says whether there was something."""
        companion = self.companion
        beside = companion.beside if companion else None
        if companion is None or beside is None:
            return False
        while not companion.waited(SAVE_SECONDS if wait else 0.0):
            if not wait:
                return False
            self.trainings.save()
        companion.beside = None
        try:
            self._tell(_Wanted(beside.training, beside.suggestion), *self.trainings.take(beside))
        except Lost as lost:
            self._lose(companion, beside, lost)
        return True

    def _lose(self, companion: Companion, beside: Beside, lost: Lost) -> None:
        """Go on alone, with what a lost process has left of its training."""
        self.companion = None
        companion.close()
        self.say.line(f"The training beside was lost ({lost}); the search goes on with one at a time.")
        wanted = _Wanted(beside.training, beside.suggestion)
        return self._drop(wanted) if isinstance(lost, Failed) else self._lost.append(wanted)

    def _drop(self, wanted: _Wanted) -> None:
        """Nothing comes of it."""
        self.trainings.closed(wanted.training)
        if wanted.suggestion:
            self.study.drop(wanted.suggestion)

    def _tell(self, wanted: _Wanted, score: float, finished: bool) -> None:
        if wanted.suggestion:
            self.study.tell(wanted.suggestion, wanted.training.options, score, pruned=not finished)

    def _next(self, *, two: bool) -> _Wanted | None:
        """A training for which there is time, on half of the cores where there are `two`; None where there is none."""
        if self.trainings.left() <= max(SHORTEST_TRAINING, 2 * self.spending.measuring):
            return None
        if self._lost:
            return self._lost.pop()
        options = self._fitted(self.options, two=two)
        whole = options is not None and options.epochs == self.options.epochs
        if options is not None and whole and (self.kept.count % SEED_EVERY == 1 or self.study.is_empty):
            return _Wanted(self.spending.numbered(SEED, options))
        return None if self.study.is_empty else self._suggested(two=two)

    def _suggested(self, *, two: bool) -> _Wanted | None:
        """What the study asks for, the first that fits."""
        for _ in range(MOST_ASKS):
            suggestion = self.study.ask()
            options = self._fitted(suggestion.options, two=two)
            if options is not None:
                settings = suggestion.settings | {"epochs": options.epochs}
                return _Wanted(self.spending.numbered(SEARCH, options, settings), suggestion)
            self.study.drop(suggestion)
        return None

    def _fitted(self, options: TrainingOptions, *, two: bool) -> TrainingOptions | None:
        """The options as they are computed, with no more epochs than there is time for; None for far too few."""
        options = options.model_copy(update={"lanes": self.half}) if two else options
        return fitted(options, self._price(options, two=two), self.trainings.room())

    def _price(self, options: TrainingOptions, *, two: bool) -> Cost:
        """Beside a companion that is at work what is measured is its share; else both shares are measured at once."""
        if not two:
            return self.spending.price(options)
        return self.spending.price(options, self.half, 1 if self._beside_is_busy else 2)

    @property
    def has_room_for_two(self) -> bool:
        """Whether there are cores, memory and time for a companion, and whether two get further than one."""
        if torch.cuda.is_available() or self.half < 1 or not self._has_memory():
            return False
        one = self.spending.price(self.options)
        if self.trainings.left() < companion_seconds(self.options, one):
            return False
        two = self._price(self.options.model_copy(update={"lanes": self.half}), two=True)
        if two.epoch >= WORTH_TWO * 2 * one.epoch:
            return False
        return self.trainings.left() > companion_seconds(self.options, two)

    def _has_memory(self) -> bool:
        """For a companion, and for what a training here will hold that is not held now."""
        handed, needed = handed_bytes(self.learner), needed_memory_mb(self.learner.body.folder)
        more = handed / 1e6 + needed + max(needed - held_memory_mb(), 0.0)
        return handed <= MOST_HANDED and available_memory_mb() > SPARE_MEMORY * more


def _cores(count: int) -> str:
    return "a core" if count == 1 else f"{count} cores"
