"""Spend: what the time of a run buys after the floors: the frozen encoder, a training with settings that suit the
data, then other bodies, other settings, other seeds and averages of weights, for as long as there is time."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

import torch

from ...models.lanes import computing_on
from ...training.floors import frozen
from ...training.options import TrainingOptions
from ..say import Say
from .budget import PAPERS_SECONDS, Clock, Cost, afford, fitted
from .kept import Training
from .readings import Readings, slowed
from .repeats import Divide, Repeating
from .searching import SEED, SHORTEST_TRAINING, Searching
from .trainings import Restore, Trainings

if TYPE_CHECKING:
    from .other_bodies import OtherBodies

DEFAULT = "Suggested settings"
# Of the time that is left, so much may go into the frozen encoder; no more than half a minute, or this share of all.
FROZEN_SHARE = 0.5
FROZEN_SECONDS, FROZEN_OF_BUDGET = 30.0, 0.12
FEWEST_SECONDS = 2.0  # less of it would tell too little
# Where the body stays as it is, so much may go into reading, and the rest into the regression.
FROZEN_ALONE = 0.7
QUICK_UNITS, QUICK_PICTURES = 20_000, 200  # so few tokens or pictures are read before their pace is known
WARM_HEAD_RATE = 1e-3
WORTH_MEASURING = 30.0  # seconds of training: for less, lanes are not worth the seconds that measuring them takes


class Spending:
    """The order of things in one run. Without a budget just what the options ask for; settings that are `fixed` are
    never changed. `settled` hears the options before they are trained with; `follow` is tried after them.
    `others` tries other bodies, where there is time, and may go on with one of them. `divide` divides the rows in other
    ways, where they are too few for one to tell what is best."""

    def __init__(
        self, trainings: Trainings, say: Say, fixed: Collection[str], settled: Callable[[TrainingOptions], None],
        follow: Callable[[TrainingOptions], None] | None = None, others: OtherBodies | None = None,
        divide: Divide | None = None,
    ) -> None:  # fmt: skip
        self.say, self.fixed, self.settled = say, fixed, settled
        self.follow, self.others, self.divide = follow, others, divide
        self.anytime, self.clock, self.kept = trainings.anytime, trainings.clock, trainings.kept
        self.go_on_with(trainings)

    def go_on_with(self, trainings: Trainings) -> None:
        """Spend the rest on these, whose body may be another one."""
        self.trainings, self.learner = trainings, trainings.learner
        self._mode = ""  # what was meant to move
        self._prices: dict[tuple[Any, ...], Cost] = {}
        self.measuring = 0.0  # seconds that the latest price took to measure

    def spend(self, options: TrainingOptions, restore: Restore) -> TrainingOptions:
        """Train and offer what there is time for; gives the options that the run came down to."""
        self.read_as_it_is(options)
        self._mode = options.mode
        planned = self._planned(options)
        if planned is None and self.kept.best is None:
            return options
        self.trainings.go_on(restore)
        if planned is not None:
            self._train(planned)
        self.trainings.refit()
        best = self.trainings.best
        return self.learner.repeating(best.trial) if self.clock and best else planned or options

    def _train(self, planned: TrainingOptions) -> None:
        """What was planned, and where that was not cut to the time that was left, whatever is worth the rest."""
        self._seeds(planned)
        if self.follow:
            self.follow(planned)
        if self.clock and not self.kept.cut:
            if self.others:
                planned = self.others.try_each(self, planned)
            self._search(planned)

    def _search(self, planned: TrainingOptions) -> None:
        """Other settings; where rows are few, what they seem to bring is judged on other divisions of the rows."""

        def search() -> None:
            Searching(self, planned).run()  # loads what a run without a search does not need

        if self.divide and self.learner.sets.few:
            return Repeating(self.trainings, self.divide).around(search)
        return search()

    def read_as_it_is(self, options: TrainingOptions) -> None:
        """The frozen encoder, on as many rows as its share of the time allows; then what reading costs is known."""
        most = None
        if self.clock:
            self.trainings.offering.readings = Readings.measured(self.learner, options, hurried=self.clock.hurried)
            if self.clock.left < self.trainings.readings.answering + PAPERS_SECONDS:
                left = f"{max(self.clock.left, 0.0):.0f} s are left"
                return self.say.line(f"{left}, less than reading the test rows with the body would take.")
            most = self._most_units(options, self.clock)
        began = time.perf_counter()
        before = self.learner.before(options, most)
        self.anytime.offer(before, frozen.TITLE, began, settings=self.trainings.offering.settings())
        return self.trainings.save()

    def _most_units(self, options: TrainingOptions, clock: Clock) -> int | None:
        """Tokens or pictures that the frozen encoder may read, at the pace measured now; None for all of few. It gets
        nearly all of the time where that would not move the body far."""
        readings, units = self.trainings.readings, self.learner.train_units
        if units <= (QUICK_UNITS if "tokens" in self.learner.train else QUICK_PICTURES):
            return None
        left = self.trainings.left()
        seconds = min(FROZEN_SHARE * left, max(FROZEN_SECONDS, FROZEN_OF_BUDGET * clock.seconds))
        if not readings.worthwhile(options, units, left - min(seconds, units * readings.unit)):
            seconds = FROZEN_ALONE * left
        return int(max(seconds, FEWEST_SECONDS) / readings.unit)

    def _planned(self, options: TrainingOptions) -> TrainingOptions | None:
        """The options cut to what the time that is left buys, and says so; None where that is too little."""
        options = self._steered(options)
        if self.clock is None:
            options = self.learner.settled(options)
            self.settled(options)
            return options
        self.kept.planned = self.kept.planned or self._cut(options)
        return self.kept.planned

    def _cut(self, options: TrainingOptions) -> TrainingOptions | None:
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
        layers = 1 if {"mode", "layers"} & set(self.fixed) else self.learner.layers  # with one nothing moves less
        planned, told = afford(options, layers, self.trainings.room, self.price)
        self.say.line(told)
        self.kept.cut = planned is not None and planned.steps != options.steps
        if planned is None or "learning_rate" in self.fixed:
            return planned
        return slowed(planned, self.price(planned), options)

    def whole(self, options: TrainingOptions, before: float = 0.0) -> TrainingOptions | None:
        """The options for half of their passes at least, as there is time for, so many seconds `before` them; None
        where there is not."""
        options = self.learner.settled(self._warmed(self._steered(options)))
        return fitted(options, self.price(options), self.trainings.room() - before)

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
            if self.clock and self.trainings.left() < (SHORTEST_TRAINING if number else 0.0):
                return
            self._try(DEFAULT if number == 0 else SEED, options, self.learner.seed_for(options) + number)

    def price(self, options: TrainingOptions, cores: int = 0, at_once: int = 1) -> Cost:
        """Measured once for all options that cost the same a pass on so many `cores` (0: all that torch uses); of each
        of several, where so many run `at_once`."""
        cores = cores or torch.get_num_threads()
        layers = options.layers if options.mode == "partial" else 0
        kind = (options.mode, layers, options.batch_units, options.lanes, cores)
        if kind not in self._prices:
            began = time.perf_counter()
            with computing_on(cores):
                self._prices[kind] = self.learner.cost(options, at_once)
            self.measuring = time.perf_counter() - began
        return self._prices[kind]

    def _try(self, idea: str, options: TrainingOptions, seed: int) -> None:
        """One training with these options."""
        self.trainings.train(self.numbered(idea, options, seed=seed))
        if idea == DEFAULT and options.mode == self._mode:
            self.kept.pass_seconds = self.trainings.pass_seconds

    def numbered(
        self, idea: str, options: TrainingOptions, settings: Mapping[str, Any] | None = None, seed: int | None = None
    ) -> Training:  # fmt: skip
        """The next training of the run. Another seed, where none is given, is one that no other training has."""
        self.kept.count += 1
        if seed is None:
            seed = self.learner.seed_for(options) + (self.kept.count - 1 if idea == SEED else 0)
        settings = settings or ({"seed": seed} if idea == SEED else {})
        return Training(self.kept.count, idea, options, seed, settings, self.kept.body)
