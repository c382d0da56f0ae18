"""Spend: what the time of a run buys after the floors: the frozen encoder, a training with settings that suit the
data, then other settings, other seeds and averages of weights, for as long as there is time."""

from __future__ import annotations

import shutil
import time
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from ..training.floors import frozen
from ..training.options import TrainingOptions
from .anytime import Anytime
from .average import Averager
from .budget import Clock, Cost, afford, fitted, worth_starting
from .contend import Candidate
from .learn import Learner
from .say import Say
from .trial import Trial
from .watching import Watching

DEFAULT, SEARCH, SEED, AVERAGE, REFIT = (
    "Suggested settings", "Search", "Another seed", "Average of weights", "Learnt anew from all rows"
)  # fmt: skip
TRIALS = "trials.jsonl"
# Of the time that is left, so much may go into the frozen encoder.
FROZEN_SHARE = 0.5
SEED_EVERY = 4
MOST_ASKS = 8
SHORTEST_TRAINING = 5.0  # seconds; what is shorter is not worth the measuring
SEARCH_STEP = 1_000_003  # trainings of a search differ in the order of rows, too


class Spending:
    """The trainings of one run. Without a `clock` just what the options ask for. Settings that are `fixed` are not
    searched."""

    def __init__(
        self, learner: Learner, anytime: Anytime, clock: Clock | None, folder: Path, say: Say, fixed: Collection[str]
    ) -> None:
        self.learner, self.anytime, self.clock, self.folder, self.say = learner, anytime, clock, folder, say
        self.fixed = fixed
        self.best: tuple[Trial, Candidate] | None = None
        self.averager = Averager()
        self.answering = self.judging = 0.0
        self._prices: dict[tuple[Any, ...], Cost] = {}
        self._count = 0

    def spend(self, options: TrainingOptions) -> TrainingOptions:
        """Train and offer what there is time for; gives the options that the run came down to."""
        self._before(options)
        asked, options = options, self._planned(options) if self.clock else self.learner.settled(options)
        if not worth_starting(options):
            return asked
        for number in range(options.seeds):
            self._try(DEFAULT if number == 0 else SEED, options, self.learner.seed + number)
        if self.clock and options.steps is None:
            self._search(options)
        self._refit()
        return self.best[0].options if self.clock and self.best else options

    def left(self) -> float:
        """Seconds left to train in: what is needed at the end is kept back."""
        if self.clock is None:
            return float("inf")
        again = self._again(self.best[0]) if self.best else 0.0
        return self.clock.for_training(self.answering) - self.judging - again

    def _again(self, trial: Trial) -> float:
        """Seconds to learn anew from all rows, where they are few."""
        return 1.2 * trial.seconds + 1.0 if self.learner.sets.few else 0.0

    def _before(self, options: TrainingOptions) -> None:
        most = None
        if self.clock:
            rate = self.learner.reading_seconds()
            held, sets = self.learner.held_units, self.learner.sets
            self.judging = rate * held
            self.answering = self.judging * len(sets.test) / len(sets.validation)
            most = max(int(FROZEN_SHARE * self.left() / rate), 1)
        began = time.perf_counter()
        self.anytime.offer(self.learner.before(options, most), frozen.TITLE, began)

    def _planned(self, options: TrainingOptions) -> TrainingOptions:
        """The options cut to what the time that is left buys; says so."""
        options = self.learner.settled(options.model_copy(update={"warm_head": True}))
        share = 0.45 if self.learner.sets.few else 1.0
        chosen, told = afford(options, self.learner.layers, lambda: share * self.left(), self._price)
        self.say.line(told)
        return chosen

    def _price(self, options: TrainingOptions) -> Cost:
        """Measured once for all options that cost the same a pass."""
        kind = (options.mode, options.layers if options.mode == "partial" else 0, options.batch_units)
        if kind not in self._prices:
            self._prices[kind] = self.learner.cost(options)
        return self._prices[kind]

    def _try(
        self, idea: str, options: TrainingOptions, seed: int, settings: Mapping[str, Any] | None = None,
        asked: Any = None,
    ) -> Trial:  # fmt: skip
        """One training; offered unless it was given up."""
        self._count += 1
        folder = self.folder / f"trial{self._count:03d}"
        began = time.perf_counter()
        watch = Watching(self._allowed(), self.anytime, self.learner, asked, interim=self.clock is not None)
        trial = self.learner.trial(options, seed, folder, watch)
        told: dict[str, Any] = {"settings": settings, "ended": trial.ended, "moments": trial.moments}
        if trial.ended == "pruned":
            self.anytime.passed(idea, began, trial.score, **told)
        else:
            self._offer(idea, began, trial, told)
        if self.best is None or self.best[0] is not trial:
            shutil.rmtree(folder, ignore_errors=True)
        return trial

    def _allowed(self) -> float:
        return self.left() * (0.45 if self.learner.sets.few and self.best is None else 1.0)

    def _offer(self, idea: str, began: float, trial: Trial, told: Mapping[str, Any]) -> None:
        candidate = self.learner.tuned(trial)
        self.anytime.offer(candidate, idea, began, **told)
        if self.best is None or candidate.score > self.best[1].score:
            self.best = (trial, candidate)
        began = time.perf_counter()
        mean = self.averager.with_another(trial)
        if mean is None:
            return
        like = self.averager.as_trial(mean, trial, self.learner.score(mean))
        averaged = self.learner.tuned(like)
        self.anytime.offer(averaged, AVERAGE, began, settings={"trainings": self.averager.count})
        if averaged.score > self.best[1].score:
            self.best = (like, averaged)

    def _search(self, options: TrainingOptions) -> None:
        """Other seeds and other settings, for as long as another training fits."""
        from ..training.search import Study

        study = Study(options, self.learner.layers, self.learner.seed, self.folder / TRIALS, self.fixed)
        assert self.best is not None
        study.add(options, self.best[1].score, {})
        number = 1
        while self.left() > SHORTEST_TRAINING:
            if number % SEED_EVERY == 1 and fitted(options, self._price(options), self.left()) == options:
                self._try(SEED, options, self.learner.seed + number)
            elif not self._searched(study, number):
                return
            number += 1

    def _searched(self, study: Any, number: int) -> bool:
        """One training with settings that the study suggests; False when there is no time for any."""
        for _ in range(MOST_ASKS):
            asked = study.ask()
            options = fitted(asked.options, self._price(asked.options), self.left())
            if options is None:
                study.drop(asked)
                continue
            seed = self.learner.seed + SEARCH_STEP * number
            trial = self._try(SEARCH, options, seed, asked.settings | {"epochs": options.epochs}, asked)
            study.tell(asked, trial.score, pruned=trial.ended == "pruned")
            return True
        return False

    def _refit(self) -> None:
        """Few rows: the best settings once more, validation rows among those that are learnt from."""
        if self.best is None or not self.learner.sets.few:
            return
        twin = self.best[0]
        began = time.perf_counter()
        watch = Watching(self.left() + self._again(twin), self.anytime, self.learner)
        trial = self.learner.refit(twin, self.folder / "refit", watch)
        self.anytime.settle(self.learner.tuned(trial, twin), REFIT, began)
