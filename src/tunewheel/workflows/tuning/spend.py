"""Spend: what the time of a run buys after the floors: the frozen encoder, a training with settings that suit the
data, then other bodies, other settings, other seeds and averages of weights, for as long as there is time."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

from ...training.floors import frozen
from ...training.options import TrainingOptions
from ..say import Say
from .budget import PAPERS_SECONDS, Clock, Cost, afford, fitted, worth_starting
from .kept import Training
from .readings import Readings, slowed
from .trainings import Restore, Trainings

if TYPE_CHECKING:
    from .other_bodies import OtherBodies

DEFAULT, SEARCH, SEED = "Suggested settings", "Search", "Another seed"
TRIALS = "trials.jsonl"
# Of the time that is left, so much may go into the frozen encoder; no more than half a minute, or this share of all.
FROZEN_SHARE = 0.5
FROZEN_SECONDS, FROZEN_OF_BUDGET = 30.0, 0.12
FEWEST_SECONDS = 2.0  # less of it would tell too little
# Where the body stays as it is, so much may go into reading, and the rest into the regression.
FROZEN_ALONE = 0.7
QUICK_UNITS, QUICK_PICTURES = 20_000, 200  # so few tokens or pictures are read before their pace is known
WARM_HEAD_RATE = 1e-3
SEED_EVERY = 4
MOST_ASKS = 8
WORTH_MEASURING = 30.0  # seconds of training: for less, lanes are not worth the seconds that measuring them takes
SHORTEST_TRAINING = 5.0  # seconds; what is shorter is not worth the measuring


class Spending:
    """The order of things in one run. Without a budget just what the options ask for; settings that are `fixed` are
    never changed. `settled` hears the options before they are trained with; `follow` is tried after them.
    `others` tries other bodies, where there is time, and may go on with one of them."""

    def __init__(
        self, trainings: Trainings, say: Say, fixed: Collection[str], settled: Callable[[TrainingOptions], None],
        follow: Callable[[TrainingOptions], None] | None = None, others: OtherBodies | None = None,
    ) -> None:  # fmt: skip
        self.say, self.fixed, self.settled, self.follow, self.others = say, fixed, settled, follow, others
        self.anytime, self.clock, self.kept = trainings.anytime, trainings.clock, trainings.kept
        self.go_on_with(trainings)

    def go_on_with(self, trainings: Trainings) -> None:
        """Spend the rest on these, whose body may be another one."""
        self.trainings, self.learner = trainings, trainings.learner
        self._prices: dict[tuple[Any, ...], Cost] = {}
        self._measuring = 0.0  # seconds that the latest price took to measure

    def spend(self, options: TrainingOptions, restore: Restore) -> TrainingOptions:
        """Train and offer what there is time for; gives the options that the run came down to."""
        self.read_as_it_is(options)
        planned = self._planned(options)
        if not worth_starting(planned) and self.kept.best is None:
            return options
        self.trainings.go_on(restore)
        self._seeds(planned)
        if self.follow:
            self.follow(planned)
        if self.clock and planned.steps is None:
            if self.others:
                planned = self.others.try_each(self, planned)
            self._search(planned)
        self.trainings.refit()
        best = self.trainings.best
        return best.trial.options if self.clock and best else planned

    def read_as_it_is(self, options: TrainingOptions) -> None:
        """The frozen encoder, on as many rows as its share of the time allows; then what reading costs is known."""
        quick = self.learner.train_units <= (QUICK_UNITS if "tokens" in self.learner.train else QUICK_PICTURES)
        most = None if quick or self.clock is None else self._most_units(options, self.clock)
        if self.clock and self.clock.left < self.trainings.readings.answering + PAPERS_SECONDS:
            left = max(self.clock.left, 0.0)
            return self.say.line(f"{left:.0f} s are left, less than reading the test rows with the body would take.")
        began = time.perf_counter()
        before = self.learner.before(options, most)
        self.anytime.offer(before, frozen.TITLE, began, settings=self.trainings.settings())
        if quick and self.clock:
            self.trainings.readings = Readings.measured(self.learner, options, hurried=self.clock.hurried)
        self.trainings.save()

    def _most_units(self, options: TrainingOptions, clock: Clock) -> int:
        """Tokens or pictures that the frozen encoder may read, at the pace measured now. It gets nearly all of the time
        where that would not move the body far."""
        readings = Readings.measured(self.learner, options, hurried=clock.hurried)
        self.trainings.readings = readings
        left, units = self.trainings.left(), self.learner.train_units
        seconds = min(FROZEN_SHARE * left, max(FROZEN_SECONDS, FROZEN_OF_BUDGET * clock.seconds))
        if not readings.worthwhile(options, units, left - min(seconds, units * readings.unit)):
            seconds = FROZEN_ALONE * left
        return int(max(seconds, FEWEST_SECONDS) / readings.unit)

    def _planned(self, options: TrainingOptions) -> TrainingOptions:
        """The options cut to what the time that is left buys; says so."""
        options = self._steered(options)
        if self.clock is None:
            options = self.learner.settled(options)
            self.settled(options)
            return options
        self.kept.planned = self.kept.planned or self._cut(options)
        return self.kept.planned or options.model_copy(update={"steps": 0})

    def _cut(self, options: TrainingOptions) -> TrainingOptions | None:
        """The options cut to what the time that is left buys; None where that is too little."""
        left = self.trainings.room()
        if not self.trainings.readings.worthwhile(options, self.learner.train_units, left):
            self.say.line(
                f"{max(left, 0.0):.0f} s are left to fine-tune, too few to move it far: the body stays as it is."
            )
            return None
        options = self._warmed(options)
        if not options.lanes and self.trainings.room() < WORTH_MEASURING:
            options = options.model_copy(update={"lanes": 1})
        options = self.learner.settled(options)
        planned, told = afford(options, self.learner.layers, self.trainings.room, self.price)
        self.say.line(told)
        asked = "learning_rate" in self.fixed or not worth_starting(planned)
        return planned if asked else slowed(planned, self.price(planned), options)

    def whole(self, options: TrainingOptions) -> TrainingOptions | None:
        """The options for half of their passes at least, as there is time for; None where there is not."""
        options = self.learner.settled(self._warmed(self._steered(options)))
        return fitted(options, self.price(options), self.trainings.room())

    def _steered(self, options: TrainingOptions) -> TrainingOptions:
        """Few rows do not tell which pass is the best: that would be luck."""
        if not self.learner.sets.few or "keep" in self.fixed:
            return options
        return options.model_copy(update={"keep": "last"})

    def _warmed(self, options: TrainingOptions) -> TrainingOptions:
        """The options with a head that begins as the frozen encoder's, and then learns more slowly. A body whose layers
        cannot be told apart may be one that was never trained: no place to begin from."""
        if options.warm_head or self.learner.layers == 1 or "warm_head" in self.fixed:
            return options
        rate = {} if "head_learning_rate" in self.fixed else {"head_learning_rate": WARM_HEAD_RATE}
        return options.model_copy(update={"warm_head": True, **rate})

    def _seeds(self, options: TrainingOptions) -> None:
        """The training that was planned, as often as it was asked for and there is time."""
        done = sum(one.idea in (DEFAULT, SEED) for one in self.anytime.tried)
        for number in range(done, options.seeds):
            if number and self.clock and self.trainings.left() < SHORTEST_TRAINING:
                return
            self._try(DEFAULT if number == 0 else SEED, options, self.learner.seed + number)

    def price(self, options: TrainingOptions) -> Cost:
        """Measured once for all options that cost the same a pass."""
        kind = (options.mode, options.layers if options.mode == "partial" else 0, options.batch_units)
        if kind not in self._prices:
            began = time.perf_counter()
            self._prices[kind] = self.learner.cost(options)
            self._measuring = time.perf_counter() - began
        return self._prices[kind]

    def _try(
        self, idea: str, options: TrainingOptions, seed: int, settings: Mapping[str, Any] | None = None,
        suggestion: Any = None,
    ) -> tuple[float, bool]:  # fmt: skip
        """One training with these options; gives its score, and whether it came to its end."""
        self.kept.count += 1
        settings = settings or ({"seed": seed} if idea == SEED else {})
        training = Training(self.kept.count, idea, options, seed, settings, self.kept.body)
        return self.trainings.train(training, suggestion)

    def _search(self, options: TrainingOptions) -> None:
        """Other seeds and other settings, for as long as another training fits."""
        from ...training.search import Study

        file = self.trainings.folder / TRIALS
        study = Study(options, self.learner.layers, self.learner.seed, file, self.fixed)
        best = self.trainings.best
        if best is not None and best.trial.options == options:
            study.add(options, best.candidate.score, {})
        while self.trainings.left() > max(SHORTEST_TRAINING, 2 * self._measuring):
            whole = fitted(options, self.price(options), self.trainings.room()) == options
            if whole and (self.kept.count % SEED_EVERY == 1 or study.is_empty):
                self._try(SEED, options, self.learner.seed + self.kept.count)
            elif study.is_empty or not self._searched(study):
                return

    def _searched(self, study: Any) -> bool:
        """One training with settings that the study suggests; False when there is no time for any."""
        for _ in range(MOST_ASKS):
            suggestion = study.ask()
            options = fitted(suggestion.options, self.price(suggestion.options), self.trainings.room())
            if options is None:
                study.drop(suggestion)
                continue
            settings = suggestion.settings | {"epochs": options.epochs}
            score, finished = self._try(SEARCH, options, self.learner.seed, settings, suggestion)
            study.tell(suggestion, score, pruned=not finished)
            return True
        return False
