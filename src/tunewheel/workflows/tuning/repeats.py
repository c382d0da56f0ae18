"""Repeats: what was chosen on few validation rows is judged once more, on rows that had no say in the choice.

The best of many on a handful of rows is mostly the luckiest (Cawley and Talbot 2010, "On over-fitting in model
selection and subsequent selection bias in performance evaluation", JMLR 11). So the rows to learn from are divided
anew, again and again, and the settings that a search found, those that were suggested and everything that is not
fine-tuned learn from each division. The mean over these divisions decides what a few validation rows cannot.
"""

from __future__ import annotations

import itertools
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from ...evaluation.compare import points
from ...models.estimate import give_back_memory
from ..rows.sets import Sets
from ..say import Silent
from .average import part_of_the_way
from .divisions import Repeat, mean_of
from .kept import Contestant
from .lay_floors import lay_floors
from .learn import Learner
from .offering import Best
from .preference import proved_on_validation
from .searching import NEW_LINE, SHORT_OF_MEMORY
from .trial import Trial
from .watching import Watching

if TYPE_CHECKING:
    from .trainings import Trainings

ANEW = "Rows divided anew"
# While others search, the time for so many divisions is kept back, or this share of all that is left.
LEAST, SHARE = 5, 0.5
SPARE = 1.2
# Seconds of one division beside its trainings, floors and frozen encoder: tokens, and a module for each.
AROUND_SECONDS = 1.0
# Ways to divide that were seen before, one after the other: there are no more.
MOST_SEEN = 5
Divide = Callable[[int], Sets | None]
Search = Callable[[], None]


class Repeating:
    """Judges what `trainings` have come to with the suggested settings, and later what a search found beside it.

    `divide` gives the rows divided in another way, by number; None where that number gives none."""

    def __init__(self, trainings: Trainings, divide: Divide) -> None:
        self.trainings, self.learner = trainings, trainings.learner
        self.divide = lru_cache(1)(divide)  # whether there is a first way is asked before it is judged
        self.anytime, self.kept, self.say = trainings.anytime, trainings.kept, trainings.learner.say
        best = trainings.best
        if self.kept.suggested is None and best is not None:
            self.kept.suggested = _contestant(best)
        suggested = self.kept.suggested
        # After a resume its weights may be gone.
        self._suggested = best if best and suggested and best.training == suggested.training else None
        self._took = 0.0  # seconds of the latest division

    def around(self, search: Search) -> None:
        """Have the `search` run in time that leaves enough to judge what it finds; then divide and judge for as long as
        there is time, and go back to the suggested settings unless those that were found are better.

        Where but one contestant can be judged, nothing is searched; where none can, what is found must be proved."""
        suggested = self._contestants()[:1]
        left = self.trainings.left()
        possible = bool(suggested) and self.divide(1) is not None
        two = possible and SHARE * left >= self._seconds(2 * suggested)
        one = possible and left >= self._seconds(suggested)
        if (two or not one) and not self.kept.repeats:  # else an earlier start had searched
            kept_back = min(SHARE * left, LEAST * self._seconds(2 * suggested)) if two else 0.0
            with self._kept_back(kept_back):
                search()
        if suggested:
            self._judge_all(self._contestants())

    @contextmanager
    def _kept_back(self, seconds: float) -> Iterator[None]:
        """Who trains meanwhile leaves so much time."""
        before = self.trainings.reserved
        self.trainings.reserved += seconds
        try:
            yield
        finally:
            self.trainings.reserved = before

    def _contestants(self) -> list[Contestant]:
        """What was suggested, and the best that was found beside it."""
        suggested, best = self.kept.suggested, self.trainings.best
        if suggested is None or best is None:
            return []
        found = _contestant(best)
        return [suggested] if found.training.number == suggested.training.number else [suggested, found]

    def _judge_all(self, contestants: Sequence[Contestant]) -> None:
        try:
            self._judge(contestants)
        except (*SHORT_OF_MEMORY, OSError) as error:
            self.say.line(f"{ANEW}: stopped ({str(error).partition(NEW_LINE)[0]}).")
        finally:
            self._clear()
        if len(contestants) > 1:
            self._settle(*contestants)
            if not self.kept.repeats:  # there was no time for both
                self._judge_all(self._contestants()[-1:])

    def _judge(self, contestants: Sequence[Contestant]) -> None:
        if any(one.training.number not in repeat.tuned for repeat in self.kept.repeats for one in contestants):
            self.kept.repeats.clear()  # of an earlier start that had not come to all that is judged now
        with self.say.stage(ANEW, max(int(self._left(contestants) / self._seconds(contestants)), 1)) as stage:
            for division, sets in self._divisions():
                if self._left(contestants) < self._seconds(contestants):
                    return
                began = time.perf_counter()
                repeat = self._judged(division, sets, contestants)
                if repeat is None:
                    return
                self.kept.repeats.append(repeat)
                self.trainings.save()
                self._took = time.perf_counter() - began
                stage.advance()

    def _divisions(self) -> Iterator[tuple[int, Sets]]:
        """The rows divided in ways that were not seen before, by number, until there seem to be no more."""
        seen, missed = [_held(self.divide(repeat.division)) for repeat in self.kept.repeats], 0
        first = max((repeat.division for repeat in self.kept.repeats), default=0) + 1
        for division in itertools.count(first):
            sets = self.divide(division)
            if sets is not None and (held := _held(sets)) not in seen:
                seen.append(held)
                missed = 0
                yield division, sets
            elif (missed := missed + 1) == MOST_SEEN:
                return

    def _judged(self, division: int, sets: Sets, contestants: Sequence[Contestant]) -> Repeat | None:
        """The scores on one division; None where the time was up before all were known."""
        began = time.perf_counter()
        # States of these rows in this order are of no use to anybody else.
        learner = Learner(self.learner.body, sets, self.learner.seed, Silent(), self._folder / "states")
        plain, tuned = self._plain(learner, contestants[0]), {}
        for contestant in contestants:
            score = self._score(learner, contestant, contestants)
            if score is None:
                return None
            tuned[contestant.training.number] = score
        self._clear()
        self._note(division, began, plain, tuned)
        return Repeat(division, plain, tuned)

    def _plain(self, learner: Learner, contestant: Contestant) -> dict[str, float]:
        """What is not fine-tuned, by name. The heads of the fine-tuned ones begin as that of the frozen encoder."""
        self._clear()  # of an earlier start, which may have been at another division
        seen_once = replace(learner.sets, carved=False)  # nobody asks what would be fitted on all rows
        floors = lay_floors(learner.task, seen_once, self._folder / "floors", learner.seed, Silent(), soon=True)
        scores = {floor.name: floor.score for floor in floors}
        before = learner.before(contestant.training.options)
        return {**scores, before.name: before.score}

    def _score(self, learner: Learner, contestant: Contestant, contestants: Sequence[Contestant]) -> float | None:
        """What the settings of a training come to on a division, as far of the way as it went; None where the time was
        up before. Its last weights count: the best on its way would be flattered."""
        if self._left(contestants) < contestant.seconds:
            return None
        options = contestant.training.options.model_copy(update={"keep": "last"})
        watch = Watching(self._left(contestants), self.anytime, learner, noted=self.trainings.save)
        folder = self._folder / f"training{contestant.training.number}"
        trial = learner.trial(options, contestant.training.seed, folder, watch)
        if trial.ended != "finished":
            return None
        score = learner.tuned(_gone_back(learner, trial, contestant.share)).score
        give_back_memory()
        return score

    def _note(self, division: int, began: float, plain: Mapping[str, float], tuned: Mapping[int, float]) -> None:
        fine_tuned = {f"training {number}": round(score, 4) for number, score in tuned.items()}
        settings = {"division": division, **fine_tuned, "best beside": round(max(plain.values()), 4)}
        self.anytime.passed(ANEW, began, None, settings=settings, ended="finished")

    def _settle(self, suggested: Contestant, found: Contestant) -> None:
        """What was suggested stays, unless what was found is better on the mean of all divisions; where there are none,
        on the validation rows, and not by luck."""
        ours, theirs = (mean_of(self.kept.repeats, one.training.number) for one in (suggested, found))
        if ours is not None and theirs is not None:
            told = f"{points(ours)} on {len(self.kept.repeats)} other divisions of the rows, what was found "
            return self._go_back(suggested, told + points(theirs)) if theirs <= ours else None
        best = self._suggested
        if best is None or self._is_proved(best):  # after a resume on so little time nobody can tell
            return None
        return self._go_back(suggested, "nothing that was found is proved better on the few validation rows")

    def _go_back(self, suggested: Contestant, why: str) -> None:
        best = self._suggested or self._trained_again(suggested)
        if best is None:
            return self.say.line(
                f"The suggested settings are better ({why}), but there is no time to train them again."
            )
        self.say.line(f"The suggested settings stay: {why}.")
        return self.trainings.go_back_to(best)

    def _is_proved(self, suggested: Best) -> bool:
        """Whether what is the best now is better than what was suggested on the validation rows, and not by luck."""
        best, groups = self.trainings.best, self.learner.sets.groups(self.learner.sets.validation)
        return best is not None and proved_on_validation(suggested.candidate, best.candidate, groups)

    def _trained_again(self, contestant: Contestant) -> Best | None:
        """The suggested training of an earlier start, whose weights are gone; None where there is no time for it."""
        training = contestant.training
        watch = Watching(self.trainings.left(), self.anytime, self.learner, noted=self.trainings.save)
        try:
            trial = self.learner.trial(training.options, training.seed, self._folder / "suggested", watch)
            if trial.ended != "finished":
                return None
            trial = _gone_back(self.learner, trial, contestant.share)
            return Best(training, trial, self.learner.tuned(trial), contestant.share)
        except SHORT_OF_MEMORY:
            return None
        finally:
            self._clear()

    def _left(self, contestants: Sequence[Contestant]) -> float:
        """Seconds left, when any of these may be what is learnt anew from all rows in the end; one whose weights are
        gone must be trained again before."""
        best, slowest = self.trainings.best, max(one.seconds for one in contestants)
        more = max(slowest - best.trial.seconds, 0.0) if best else 0.0
        if len(contestants) > 1 and self._suggested is None:
            more += contestants[0].seconds + AROUND_SECONDS
        return self.trainings.left() - SPARE * more

    def _seconds(self, contestants: Sequence[Contestant]) -> float:
        """What one division takes: trainings, the frozen encoder on all rows, floors; and the states of layers that
        stand still."""
        training = sum(one.seconds + AROUND_SECONDS for one in contestants)
        reading = self.trainings.readings.unit * (self.learner.train_units + self.learner.held_units)
        # The run itself may have read but a part of the rows for its frozen encoder.
        plain = sum(max(one.made.seconds, reading * (one.made.role == "before")) for one in self.anytime.plain)
        states = reading * sum(one.training.options.mode in ("head", "partial") for one in contestants)
        return SPARE * max(training + plain + states + AROUND_SECONDS, self._took)

    def _clear(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def _folder(self) -> Path:
        return self.trainings.folder / "checkpoints" / "anew"


def _contestant(best: Best) -> Contestant:
    return Contestant(best.training, best.share, best.trial.seconds)


def _held(sets: Sets | None) -> set[str]:
    return {example.key for example in sets.validation} if sets else set()


def _gone_back(learner: Learner, trial: Trial, share: float) -> Trial:
    """The training as if its weights had gone only a share of their way."""
    if share == 1.0:
        return trial
    return replace(trial, module=part_of_the_way(trial.module, learner.beginning(trial), share))
