"""Spend: what the time of a run buys after the floors: the frozen encoder, a training with settings that suit the
data, then other settings, other seeds and averages of weights, for as long as there is time."""

from __future__ import annotations

import shutil
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..training.floors import frozen
from ..training.options import TrainingOptions
from .anytime import Anytime
from .average import Averager, part_of_the_way
from .budget import Clock, Cost, afford, fitted, worth_starting
from .contend import Candidate
from .kept import Kept, Training
from .learn import Learner
from .say import Say
from .trial import Trial
from .watching import Watching

DEFAULT, SEARCH, SEED = "Suggested settings", "Search", "Another seed"
PART_WAY, AVERAGE, REFIT = "Part of the way", "Average of weights", "Learnt anew from all rows"
TRIALS = "trials.jsonl"
# Of the time that is left, so much may go into the frozen encoder; no more than half a minute, or this share of all.
FROZEN_SHARE = 0.5
FROZEN_SECONDS, FROZEN_OF_BUDGET = 30.0, 0.12
FEWEST_UNITS = 20_000  # tokens: a second or two, and fewer would tell too little
# Where rows are few everything is trained twice, the second time from all of them.
TWIN_SHARE = 0.45
# How far trained weights may go from where they began; of equals the first. Figures in docs/log.md.
SHARES = (0.5, 0.25, 0.75)
# Where one reading of the validation rows takes more of the budget than this, weights are taken as they are.
CHEAP = 0.02
WARM_HEAD_RATE = 1e-3
SEED_EVERY = 4
MOST_ASKS = 8
SHORTEST_TRAINING = 5.0  # seconds; what is shorter is not worth the measuring


@dataclass(frozen=True)
class Best:
    """The best training so far, and how far from its beginning its weights have gone."""

    trial: Trial
    candidate: Candidate
    share: float = 1.0


class Spending:
    """The trainings of one run in its `folder`. Without a `clock` just what the options ask for; with one, `kept` says
    what an earlier start came to. Settings that are `fixed` are not searched."""

    def __init__(
        self, learner: Learner, anytime: Anytime, clock: Clock | None, kept: Kept, folder: Path, say: Say,
        fixed: Collection[str],
    ) -> None:  # fmt: skip
        self.learner, self.anytime, self.clock, self.folder, self.say = learner, anytime, clock, folder, say
        self.kept, self.fixed = kept, fixed
        self.best: Best | None = None
        self.averager = Averager()
        self.answering = self.judging = 0.0
        self._prices: dict[tuple[Any, ...], Cost] = {}

    def spend(self, options: TrainingOptions) -> TrainingOptions:
        """Train and offer what there is time for; gives the options that the run came down to."""
        self._before(options)
        planned = self._planned(options)
        if not worth_starting(planned):
            return options
        self._go_on()
        for number in range(planned.seeds):
            if self.best is None or number:
                self._try(DEFAULT if number == 0 else SEED, planned, self.learner.seed + number)
        if self.clock and planned.steps is None:
            self._search(planned)
        self._refit()
        return self.best.trial.options if self.clock and self.best else planned

    def left(self) -> float:
        """Seconds left to train in: what is needed at the end is kept back."""
        if self.clock is None:
            return float("inf")
        again = self._again(self.best.trial) if self.best else 0.0
        return self.clock.for_training(self.answering) - self.judging - again

    def _again(self, trial: Trial) -> float:
        """Seconds to learn anew from all rows, where they are few."""
        return 1.2 * trial.seconds + 1.0 if self.learner.sets.few else 0.0

    def _before(self, options: TrainingOptions) -> None:
        most = None
        if self.clock:
            rate = self.learner.reading_seconds()
            self.judging = rate * self.learner.held_units
            self.answering = rate * self.learner.test_units
            seconds = min(FROZEN_SHARE * self.left(), max(FROZEN_SECONDS, FROZEN_OF_BUDGET * self.clock.seconds))
            most = max(int(seconds / rate), FEWEST_UNITS)
        began = time.perf_counter()
        self.anytime.offer(self.learner.before(options, most), frozen.TITLE, began)

    def _planned(self, options: TrainingOptions) -> TrainingOptions:
        """The options cut to what the time that is left buys; says so."""
        if self.clock is None:
            return self.learner.settled(options)
        if self.kept.planned is None:
            options = self.learner.settled(self._warmed(options))
            share = TWIN_SHARE if self.learner.sets.few else 1.0
            self.kept.planned, told = afford(options, self.learner.layers, lambda: share * self.left(), self._price)
            self.say.line(told)
        return self.kept.planned

    def _warmed(self, options: TrainingOptions) -> TrainingOptions:
        """The options with a head that begins as the frozen encoder's, and then learns more slowly. A body that was not
        trained before is no place to begin from."""
        if options.warm_head or self.learner.layers == 1 or "warm_head" in self.fixed:
            return options
        rate = {} if "head_learning_rate" in self.fixed else {"head_learning_rate": WARM_HEAD_RATE}
        return options.model_copy(update={"warm_head": True, **rate})

    def _go_on(self) -> None:
        """Take up what an earlier start had trained, and the training that it was at."""
        under_way, best = self.kept.under_way, self.kept.best
        if best is not None:
            trial = self._gone(self.learner.trial(best.options, best.seed, self._folder(best.number)), self.kept.share)
            self.best = Best(trial, self.learner.tuned(trial), self.kept.share)
            self.anytime.tuned = self.best.candidate
        if under_way is not None:
            self._train(under_way)

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
        """One training with these options."""
        self.kept.count += 1
        return self._train(Training(self.kept.count, idea, options, seed, settings or {}), asked)

    def _train(self, training: Training, asked: Any = None) -> Trial:
        """One training; offered unless it was given up."""
        self.kept.under_way = training
        self._save()
        began = time.perf_counter()
        watch = Watching(self._allowed(), self.anytime, self.learner, asked, interim=self.clock is not None)
        trial = self.learner.trial(training.options, training.seed, self._folder(training.number), watch)
        told: dict[str, Any] = {"settings": training.settings, "ended": trial.ended, "moments": trial.moments}
        if trial.ended == "pruned":
            self.anytime.passed(training.idea, began, trial.score, **told)
        else:
            self._offer(training, began, trial, told)
        self.kept.under_way = None
        self._save()
        self._tidy()
        return trial

    def _folder(self, number: int) -> Path:
        return self.folder / "checkpoints" / f"trial{number:03d}"

    def _save(self) -> None:
        """Write down where the run stands; without a budget its recipe and its one checkpoint are enough."""
        if self.clock is None:
            return
        kept, anytime = self.kept, self.anytime
        kept.spent = time.perf_counter() - self.clock.started
        kept.tried, kept.moments, kept.drafted = anytime.tried, anytime.moments, anytime.drafted
        kept.save(self.folder)

    def _tidy(self) -> None:
        """Keep the checkpoints of the best training only."""
        best = self.kept.best
        for folder in (self.folder / "checkpoints").glob("trial*"):
            if best is None or folder.name != self._folder(best.number).name:
                shutil.rmtree(folder, ignore_errors=True)

    def _allowed(self) -> float:
        return self.left() * (TWIN_SHARE if self.learner.sets.few and self.best is None else 1.0)

    def _offer(self, training: Training, began: float, trial: Trial, told: Mapping[str, Any]) -> None:
        """A training that came to its end, and what can be made of its weights."""
        candidate = self.learner.tuned(trial)
        self.anytime.offer(candidate, training.idea, began, **told)
        self._keep_if_best(Best(trial, candidate), training)
        if not trial.options.warm_head or (self.clock and self.judging > CHEAP * self.clock.seconds):
            return
        if self.clock or self.learner.sets.few:
            self._go_back(training, trial)
        if self.clock and not self.learner.sets.few:  # what is learnt anew from all rows is one training
            self._average(training, trial)

    def _keep_if_best(self, found: Best, training: Training) -> None:
        if self.best is None or found.candidate.score > self.best.candidate.score:
            self.best, self.kept.best, self.kept.share = found, training, found.share

    def _go_back(self, training: Training, trial: Trial) -> None:
        """The trained weights, moved back towards where they began: what was known before is often worth keeping."""
        began = time.perf_counter()
        beginning = self.learner.beginning(trial)
        half = trial.options.precision == "bf16"
        ways = {share: part_of_the_way(trial.module, beginning, share) for share in SHARES}
        scores = {share: self.learner.score(module, half=half) for share, module in ways.items()}
        share = max(SHARES, key=lambda one: scores[one])
        if scores[share] > trial.score or (self.learner.sets.few and scores[share] == trial.score):
            gone = replace(trial, module=ways[share], score=scores[share], moments=[])
            candidate = self.learner.tuned(gone)
            self.anytime.offer(candidate, PART_WAY, began, settings={"share": share, "training": training.number})
            self._keep_if_best(Best(gone, candidate, share), training)

    def _average(self, training: Training, trial: Trial) -> None:
        began = time.perf_counter()
        mean = self.averager.with_another(trial)
        if mean is None:
            return
        averaged = replace(trial, module=mean, score=self.learner.score(mean), moments=[])
        candidate = self.learner.tuned(averaged)
        self.anytime.offer(candidate, AVERAGE, began, settings={"trainings": self.averager.count})
        self._keep_if_best(Best(averaged, candidate), training)

    def _search(self, options: TrainingOptions) -> None:
        """Other seeds and other settings, for as long as another training fits."""
        from ..training.search import Study

        study = Study(options, self.learner.layers, self.learner.seed, self.folder / TRIALS, self.fixed)
        assert self.best is not None
        study.add(options, self.best.candidate.score, {})
        number = self.kept.count
        while self.left() > SHORTEST_TRAINING:
            if number % SEED_EVERY == 1 and fitted(options, self._price(options), self.left()) == options:
                self._try(SEED, options, self.learner.seed + number)
            elif not self._searched(study):
                return
            number += 1

    def _searched(self, study: Any) -> bool:
        """One training with settings that the study suggests; False when there is no time for any."""
        for _ in range(MOST_ASKS):
            asked = study.ask()
            options = fitted(asked.options, self._price(asked.options), self.left())
            if options is None:
                study.drop(asked)
                continue
            trial = self._try(SEARCH, options, self.learner.seed, asked.settings | {"epochs": options.epochs}, asked)
            study.tell(asked, trial.score, pruned=trial.ended == "pruned")
            return True
        return False

    def _refit(self) -> None:
        """Few rows: the best settings once more, validation rows among those that are learnt from."""
        if self.best is None or not self.learner.sets.few:
            return
        best, began = self.best, time.perf_counter()
        watch = Watching(self.left() + self._again(best.trial), self.anytime, self.learner)
        trial = self.learner.refit(best.trial, self.folder / "checkpoints" / "refit", watch)
        gone = self._gone(trial, best.share, last=True)
        self.anytime.settle(self.learner.tuned(gone, best.trial), REFIT, began)

    def _gone(self, trial: Trial, share: float, *, last: bool = False) -> Trial:
        """The training as if its weights had gone only a share of the way."""
        if share == 1.0:
            return trial
        beginning = self.learner.beginning(trial, last=last)
        return replace(trial, module=part_of_the_way(trial.module, beginning, share))
