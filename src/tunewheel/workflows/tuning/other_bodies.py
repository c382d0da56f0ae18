"""Other bodies: pre-trained ones beside the first of a run, once that is fine-tuned. Where half of their passes fit
into the time that is left, each is looked at cheaply, as it came, on rows that both read; one that is ahead there is
fine-tuned, too, and the run goes on with the better of the two."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from ...errors import TunewheelError
from ...evaluation.compare import points
from ...models.cache import obtain
from ...models.estimate import available_memory_mb, computing_weights, give_back_memory, needed_memory_mb
from ...records import Example
from ...training.options import TrainingOptions
from ..choose import suggested, with_precision
from ..say import Say
from .anytime import BODY
from .body import Body
from .budget import Clock, passes_of
from .kept import Kept, Training
from .learn import Learner
from .look import Looked, look
from .preference import takes_over
from .spend import FROZEN_OF_BUDGET, FROZEN_SECONDS, Spending
from .trainings import Trainings

LOOK, TRAINING = "A look at another body", "Another body"
# So much of the budget, and no more seconds, may go into a look at a body, before it is known whether it is worth more:
# half of that into reading, the rest into loading it and into its head.
LOOK_SHARE, LOOK_SECONDS, READING = 0.1, 60.0, 0.5
# Another body's pieces of words are seldom more than so many times those of the first.
LONGER = 1.3


def suited(
    body: Body, settled: TrainingOptions, rows: list[Example], fixed: Collection[str]
) -> TrainingOptions:  # fmt: skip
    """Training settings that suit a body as if it had been the first of the run; those that the user `fixed` stay as
    they are in `settled`."""
    mine = {name: getattr(settled, name) for name in TrainingOptions.model_fields if name in fixed}
    options = suggested(body.folder, body.task.reads, len(rows)).model_copy(update=mine)
    return with_precision(options, body.task, body.folder, rows)


@dataclass(frozen=True)
class _Other:
    """Another body, the settings that suit it, and how many times as much as the first of the run it computes."""

    body: Body
    options: TrainingOptions
    times: float

    @property
    def name(self) -> str:
        return self.body.name


class OtherBodies:
    """Those that `kept` names, one after the other; texts are cut after `max_tokens`, as for the first."""

    def __init__(self, kept: Kept, max_tokens: int | None, say: Say) -> None:
        self.kept, self.max_tokens, self.say = kept, max_tokens, say

    def try_each(self, spending: Spending, planned: TrainingOptions) -> TrainingOptions:
        """Look at each for which there is time and memory, and fine-tune it where it is ahead. `spending` goes on with
        the best; gives the options of its training."""
        for name in list(self.kept.others):
            planned = self._safely(name, spending, planned)
            self.kept.others.remove(name)
            self.kept.under_way = [one for one in self.kept.under_way if one.body != name]
            spending.trainings.save()
        return planned

    def _safely(self, name: str, spending: Spending, planned: TrainingOptions) -> TrainingOptions:
        """What comes of one body; one that cannot be used stops nothing: the first is there all the same."""
        try:
            return self._tried(name, spending, planned)
        except TunewheelError as error:
            self.say.line(f"{name} is left out: {error.problems[0].what}")
            spending.anytime.lead(spending.learner.body.name)
            return planned
        finally:
            give_back_memory()

    def _tried(self, name: str, spending: Spending, planned: TrainingOptions) -> TrainingOptions:
        begun = next((one for one in self.kept.under_way if one.body == name), None)
        folder, times = _found(name, spending, self.say)
        why = _too_large(folder) or ("" if begun else _no_time(times, spending, planned))
        if why:
            self.say.line(f"{name} is not tried: {why}.")
            return planned
        other = self._other(name, folder, times, spending, planned)
        if begun is None and self._look(other, spending, planned).gain <= 0:
            return planned
        return self._trained(other, begun, spending) or planned

    def _other(self, name: str, folder: Path, times: float, spending: Spending, settled: TrainingOptions) -> _Other:
        body = Body.of(name, folder, spending.learner.task, self.max_tokens)
        return _Other(body, suited(body, settled, spending.learner.sets.train, spending.fixed), times)

    def _look(self, other: _Other, spending: Spending, options: TrainingOptions) -> Looked:
        assert spending.clock is not None
        began, first = time.perf_counter(), spending.learner
        seconds = READING * _looking(spending.clock)
        units = int(seconds / (spending.trainings.readings.unit * (1 + LONGER * other.times)))
        half, other_half = (one.precision == "bf16" for one in (options, other.options))
        seen = look(first, other.body, units, half=half, other_half=other_half)
        settings = {BODY: other.name, "rows": seen.rows, "ahead": round(seen.gain, 4)}
        spending.anytime.passed(LOOK, began, None, settings=settings, ended="finished")
        self.say.line(
            f"{other.name} as it came, after {seen.rows:,} rows: {points(seen.other)} on {seen.held:,} validation "
            f"rows, and {points(seen.first)} with {first.body.name}."
        )
        return seen

    def _trained(self, other: _Other, begun: Training | None, spending: Spending) -> TrainingOptions | None:
        """Fine-tune it as the first was; `spending` goes on with the better one. Gives the options of its training, or
        None where the first body stays."""
        beside, options = self._beside(spending, other.body), other.options
        if begun is None:
            fitting = self._fits(beside, options, _reading(other.times, spending))
            if fitting is None:
                return None
            options = options.model_copy(update={"lanes": fitting.lanes})
        beside.read_as_it_is(options)
        training = begun or self._planned(beside, options)
        if training is not None:
            beside.trainings.train(training)
        if training is None or not self._takes_over(other, spending):
            spending.anytime.lead(spending.learner.body.name)
            return None
        beside.trainings.lead()
        self.kept.planned = training.options
        spending.go_on_with(beside.trainings)
        return training.options

    def _beside(self, spending: Spending, body: Body) -> Spending:
        """The spending of another body on trial: what the first needs at the end is left to it."""
        first, ours = spending.learner, spending.trainings
        learner = Learner(body, first.sets, first.seed, self.say, first.cache)
        trainings = Trainings(learner, ours.anytime, ours.clock, self.kept, ours.folder, reserved=ours.again)
        return Spending(trainings, self.say, spending.fixed, spending.settled)

    def _fits(self, beside: Spending, options: TrainingOptions, before: float = 0.0) -> TrainingOptions | None:
        """The options for as many passes as fit, so many seconds `before` them; None, and a sentence, for too few."""
        whole = beside.whole(options, before)
        if whole is None:
            left = max(beside.trainings.room() - before, 0.0)
            self.say.line(f"{beside.learner.body.name} is left: too few of its passes fit into {left:.0f} s.")
        return whole

    def _planned(self, beside: Spending, options: TrainingOptions) -> Training | None:
        whole, learner = self._fits(beside, options), beside.learner
        if whole is None:
            return None
        self.kept.count += 1
        return Training(self.kept.count, TRAINING, whole, learner.seed_for(whole), body=learner.body.name)

    def _takes_over(self, other: _Other, spending: Spending) -> bool:
        anytime, learner = spending.anytime, spending.learner
        theirs, ours, name = anytime.best_of(other.name), anytime.best_of(learner.body.name), learner.body.name
        if theirs is None or ours is None:
            return ours is None
        groups = learner.sets.groups(learner.sets.validation)
        better = takes_over(theirs, ours, slower=other.times > 1, groups=groups)
        self.say.line(
            f"The run goes on with {other.name if better else name}: {points(theirs.score)} on the validation rows "
            f"with {other.name}, {points(ours.score)} with {name}."
        )
        return better


def _found(name: str, spending: Spending, say: Say) -> tuple[Path, float]:
    """The folder of a body, and how many times as much as the first it computes."""
    folder = obtain(name, tell=say.line)
    return folder, computing_weights(folder) / max(computing_weights(spending.learner.body.folder), 1)


def _too_large(folder: Path) -> str:
    """Why there is no memory for a body; empty where there is."""
    needs, free = needed_memory_mb(folder), available_memory_mb()
    return f"it needs about {needs:,} MB of memory, and {free:,} are free" if needs > free else ""


def _no_time(times: float, spending: Spending, planned: TrainingOptions) -> str:
    """Why there is no time for half of the passes that the first had; empty where there is."""
    price = spending.price(planned)
    passes = passes_of(planned, price)
    learning = times * price.of(passes if planned.steps else max(passes / 2, 1.0))
    needed, left = _before_training(times, spending) + learning, spending.trainings.left()
    return f"it would take about {needed:.0f} s, and {max(left, 0.0):.0f} are left" if needed > left else ""


def _looking(clock: Clock) -> float:
    """Seconds that one look may take."""
    return min(LOOK_SHARE * clock.seconds, LOOK_SECONDS)


def _before_training(times: float, spending: Spending) -> float:
    """Seconds for a look, for the frozen encoder, and for what the answers at the end take more."""
    assert spending.clock is not None
    more = max(times * LONGER - 1, 0.0) * spending.trainings.readings.answering
    return _looking(spending.clock) + _reading(times, spending) + more


def _reading(times: float, spending: Spending) -> float:
    """Seconds for the frozen encoder."""
    assert spending.clock is not None
    reading = times * LONGER * spending.learner.train_units * spending.trainings.readings.unit
    return min(reading, max(FROZEN_SECONDS, FROZEN_OF_BUDGET * spending.clock.seconds))
