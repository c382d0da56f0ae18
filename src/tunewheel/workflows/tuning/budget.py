"""Budget: how much fine-tuning the time that is left buys, measured on this machine before it is spent."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from ...errors import RecipeError
from ...training.options import TrainingOptions

NAMED = {"quick": 60.0, "normal": 600.0, "thorough": 3600.0}
UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}
SHORTEST, LONGEST = 5.0, 7 * 24 * 3600.0
_WRITTEN = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([smh]?)\s*")
# Of what is left, so much stays unplanned: steps differ in length, and other programs are at work, too.
MARGIN = 0.05
# Saving, certifying and writing the report, beside the answers to the test rows.
PAPERS_SECONDS = 4.0
# Of the test rows, so many are asked once more for a certificate in a hurry: all would cost more than they could show.
HURRIED_ROWS = 500
SLOW_MOMENTS = 1.15
# Seconds: of longer budgets answering the test rows once more in float32 takes little.
HURRY = 300.0
FEWEST_STEPS = 10
SPARE = 1.15
MUCH_MORE = 1.5
# What is shorter than this ends before a body is loaded and has read anything.
LEAST_FOR_TORCH = 12.0
# Of the budget, so much may go into one reading of the validation rows, at the pace of a small body on two cores.
STEERING_SHARE = 0.015
BYTES_A_SECOND = 27_000
# Of the time that is left, so much may go into the floors, at the pace of TF-IDF and its regression on two cores.
FLOORS_SHARE = 0.3
FLOORS_BYTES_A_SECOND = 200_000
# So much always, even where reading the rows took all the time: a run must end with something that knows them.
LEAST_FOR_FLOORS = 1_000_000
# In less time than this there is none for a look at other bodies beside the first one.
OTHER_BODIES = 100.0
# Loading a fresh module, and finding states that are kept.
SETUP_SECONDS = 1.5
# Seconds before a companion has loaded what it needs, and so many trainings of it must fit after that.
COMPANION_SECONDS, COMPANION_TRAININGS = 8.0, 2


def seconds_of(budget: str) -> float:
    """ "90s", "2m", "1.5h", a number of seconds, or quick, normal, thorough. Raises `RecipeError`."""
    if budget in NAMED:
        return NAMED[budget]
    found = _WRITTEN.fullmatch(budget)
    seconds = float(found[1]) * UNITS[found[2] or "s"] if found else 0.0
    if not SHORTEST <= seconds <= LONGEST:
        mend = f"For example 90s, 2m or 1h, from {SHORTEST:.0f} seconds to 7 days; or {', '.join(NAMED)}."
        raise RecipeError(f"'{budget}' is no budget.", where="--budget", mend=mend)
    return seconds


def steering_bytes(clock: Clock | None) -> int | None:
    """How much text the validation rows of a run may have together: reading them must stay cheap."""
    return None if clock is None else int(STEERING_SHARE * clock.seconds * BYTES_A_SECOND)


def floors_bytes(clock: Clock | None) -> int | None:
    """How much text the floors may learn from."""
    return None if clock is None else max(int(FLOORS_SHARE * clock.left * FLOORS_BYTES_A_SECOND), LEAST_FOR_FLOORS)


@dataclass(frozen=True)
class Clock:
    """The time that a run has. `started` is a reading of `time.perf_counter`."""

    seconds: float
    started: float

    @property
    def left(self) -> float:
        return self.seconds - (time.perf_counter() - self.started)

    @property
    def hurried(self) -> bool:
        """Whether what is not served answers the test rows in bf16."""
        return self.seconds <= HURRY

    def for_training(self, answering: float) -> float:
        """Seconds left to train, when all answers at the end take `answering` seconds."""
        return left_to_train(self.left, answering)


def left_to_train(seconds: float, answering: float) -> float:
    """Of so many `seconds`, those before all answers at the end, which take `answering`."""
    return (1 - MARGIN) * seconds - SLOW_MOMENTS * answering - PAPERS_SECONDS


def answering_seconds(rows: int, reading: float, watching: float = 0.0) -> float:
    """What all answers to so many test `rows` take: those of the version that is chosen and, in part, once more for its
    certificate, `reading` seconds a row; and those of the body that is not chosen, `watching` seconds a row."""
    return (rows + min(rows, HURRIED_ROWS)) * reading + rows * watching


@dataclass(frozen=True)
class Cost:
    """What one way to fine-tune costs here: `epoch` seconds and `steps` a pass with its validations, and `once` the
    seconds to compute what is kept for all passes."""

    epoch: float
    steps: int
    once: float = 0.0

    def of(self, passes: float) -> float:
        """Seconds of so many passes. Of less than a pass only the rows that are read have something kept."""
        return min(passes, 1.0) * self.once + passes * self.epoch

    def bought(self, seconds: float) -> float:
        """The passes that so many seconds buy."""
        return max((seconds - self.once) / self.epoch, min(seconds / (self.epoch + self.once), 1.0))


@dataclass(frozen=True)
class Pace:
    """Seconds that one unit (token, picture) takes here: `learning` from it, `watching` it on the way, and `keeping`
    what is computed of it once for all passes."""

    learning: float
    watching: float
    keeping: float = 0.0

    def cost(self, options: TrainingOptions, units: int, held_units: int, steps: int) -> Cost:
        """What training on rows of so many `units` costs, watched on rows of `held_units`, in `steps` steps a pass."""
        watching = options.validations * held_units * self.watching
        return Cost(units * self.learning + watching, steps, self.keeping * (units + held_units))


def afford(
    options: TrainingOptions, layers: int, left: Callable[[], float], cost: Callable[[TrainingOptions], Cost]
) -> tuple[TrainingOptions | None, str]:
    """`options` cut to what the seconds that are `left` buy, and a sentence about it; None where that is too little to
    be worth the time that it takes.

    All that `options` move, if one pass of it fits, or where that moves them almost as often; else the upper half of
    the body's `layers`, above states that are computed once.
    """
    way, price, seconds = options, cost(options), left() - SETUP_SECONDS  # measuring took some
    passes = price.bought(seconds)
    if passes < min(passes_of(options, price), 1.0) and options.mode in ("full", "lora") and layers > 1:
        light = lighter(options, layers)
        cheaper = cost(light)
        lighter_passes = cheaper.bought(left() - SETUP_SECONDS)
        if lighter_passes > MUCH_MORE * max(passes, 0.0):
            way, price, passes = light, cheaper, lighter_passes
    planned, seconds = passes_of(way, price), passes * price.epoch
    if passes >= planned:
        return way, _told(way, planned, price, seconds)
    steps = int(passes * price.steps)
    if steps < FEWEST_STEPS:
        return None, f"{_left(seconds)}, less than a pass of {price.epoch:.1f} s needs: the body stays as it is."
    # A few more than fit: the schedule follows the clock, and no second is left over where steps turn out faster.
    steps = min(math.ceil(SPARE * steps), way.steps - 1) if way.steps else math.ceil(SPARE * steps)
    epochs = min(max(math.ceil(SPARE * passes), 1), way.epochs + 1)
    return way.model_copy(update={"steps": steps, "epochs": epochs}), _told(way, passes, price, seconds)


def lighter(options: TrainingOptions, layers: int) -> TrainingOptions:
    """The same with only the upper half of a body's `layers` moving."""
    return options.model_copy(update={"mode": "partial", "layers": max(layers // 2, 1)})


def passes_of(options: TrainingOptions, price: Cost) -> float:
    """Passes over the training rows; part of one for fewer steps than that has."""
    return min(options.epochs, options.steps / price.steps) if options.steps else options.epochs


def fitted(options: TrainingOptions, price: Cost, left: float) -> TrainingOptions | None:
    """`options` with no more epochs than the seconds that are `left` buy; None where that is less than half of them."""
    passes, planned = price.bought(left - SETUP_SECONDS), passes_of(options, price)
    if passes >= planned:
        return options
    whole = math.floor(passes)
    return options.model_copy(update={"epochs": whole}) if whole >= max(planned / 2, 1) else None


def companion_seconds(options: TrainingOptions, price: Cost) -> float:
    """Seconds in which a companion that trains at this price has done enough to be worth its start."""
    return COMPANION_SECONDS + COMPANION_TRAININGS * price.of(passes_of(options, price))


def _told(way: TrainingOptions, passes: float, price: Cost, seconds: float) -> str:
    moves = {
        "partial": f"the upper {way.layers} layers move",
        "lora": "adapters of all layers move",
        "head": "the head moves",
    }.get(way.mode, "all layers move")
    return f"{_left(seconds)}: {moves} for {passes:.1f} passes of about {price.epoch:.1f} s each."


def _left(seconds: float) -> str:
    return f"{max(seconds, 0):.0f} s are left to fine-tune"
