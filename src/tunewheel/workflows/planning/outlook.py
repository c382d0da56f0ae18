"""Outlook: from what probes measured to the time, memory and disk of a whole run."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from ...training.options import TrainingOptions
from ..tuning.budget import Cost, Pace, answering_seconds, companion_seconds, left_to_train, passes_of
from ..tuning.lay_floors import MOST_ROWS
from .probe import Told

# A training ends early once `patience` validations in a row brought nothing better; the best pass tends to be this one.
USUAL_BEST = 4
# How often a rival is as good and is certified, too.
RIVALS = 0.3
ALONE = 50  # rows that a certificate asks about one at a time
REGISTERING_SECONDS = 1.0  # saving, hashing and copying a version, and its report
# Of each number of a vector: itself, scaled, and as the solver holds it (float32, float32, float64).
VECTOR_BYTES = 16
# Of each token: its number, its place in the text, and copies of both in batches.
UNIT_BYTES = 24
STATE_BYTES = 2
# Memory to answer for a certificate, in modules; and of a training, in sizes of what moves. Measured in whole runs of
# MiniLM and e5-small (docs/log.md).
CERTIFYING, SESSION = 1.5, 2.5
# What a training on texts comes to hold beyond its first steps, in what those held: batches of ever other sizes leave
# holes; those of pictures are of one size (docs/log.md).
HOLES = 0.7
# How many times as long a training takes on half of the cores, and what a process takes before it has loaded a body, in
# MB (docs/log.md).
ON_HALF, PROCESS_MB = 1.4, 250


@dataclass(frozen=True)
class Rows:
    """How many rows each part has; `few` says that the final model learns from the validation rows, too. A test row is
    so many times as long as a validation row (`longer`)."""

    train: int
    validation: int
    test: int
    few: bool
    longer: float = 1.0

    @property
    def all(self) -> int:
        return self.train + self.validation


@dataclass(frozen=True)
class Outlook:
    """Seconds of a run: `before` a training, of the training (`cost`, and as a rule so many `passes`, each of
    `learning` without its validations), of learning `again`, and of all that comes `after`; kept back for `answering`
    the test rows. Memory and disk in MB: a search holds `searching_mb` more, and a companion in it `beside_mb`."""

    options: TrainingOptions
    before: float
    cost: Cost
    learning: float
    again: float
    after: float
    answering: float
    memory_mb: float
    searching_mb: float
    beside_mb: float
    disk_mb: float

    @property
    def passes(self) -> float:
        return min(usual_passes(self.options), passes_of(self.options, self.cost))

    @property
    def seconds(self) -> float:
        return self.before + self.cost.of(self.passes) + self.again + self.after

    def left(self, budget: float) -> float:
        """Seconds of a `budget` that are left to train in, kept back what `tune` keeps back."""
        return left_to_train(budget - self.before, self.answering) - self.again

    def most_memory_mb(self, budget: float, free_mb: float, *, cores: int) -> float:
        """Memory of a run with a budget: of a search where there is time for one, and of a companion in it, where there
        are the time, the memory and the cores for both."""
        rest = self.left(budget) - self.cost.of(self.passes)
        if rest <= 0:
            return self.memory_mb
        alone, on_half = self.memory_mb + self.searching_mb, replace(self.cost, epoch=ON_HALF * self.cost.epoch)
        both = cores > 1 and rest > companion_seconds(self.options, on_half) and alone + self.beside_mb < free_mb
        return alone + self.beside_mb if both else alone


def usual_passes(options: TrainingOptions) -> float:
    """Passes before a training comes to its end, by itself or because nothing gets better."""
    early = options.epochs if options.keep == "last" else USUAL_BEST + options.patience / options.validations
    return float(min(options.epochs, early))


@dataclass(frozen=True)
class Floored:
    """Seconds and MB for all that comes before a body is loaded: reading, dividing, and the floors."""

    seconds: float
    memory_mb: float


def outlook(rows: Rows, read: Floored, told: Told, *, hurried: bool, pictures: bool = False) -> Outlook:
    """What a whole run takes whose rows (`pictures` or texts) were `read`, when it is fine-tuned as in the probe that
    `told`. Who is `hurried` lets the body before answer in bf16, as `Readings.measured` reckons."""
    keep = {"keep": "last"} if rows.few else {}  # as `tune` does
    options = TrainingOptions(**{**told.training, **keep})
    train, held = rows.train * told.units["train"], rows.validation * told.units["validation"]
    units = rows.longer * told.units["validation"]
    reading, watching = (units * seconds + told.encoding for seconds in (told.reading, told.watching))
    answering = rows.test * reading
    kept_back = answering_seconds(rows.test, reading, watching if hurried else reading)
    cost = Pace(told.learning, told.watching, told.keeping).cost(
        options, int(train), int(held), math.ceil(train / options.batch_units)
    )  # fmt: skip
    again = 0.0
    if rows.few:
        everything = train + held
        again = told.loading + everything * (told.keeping + options.epochs * told.learning) + rows.all * told.encoding
    before = (
        read.seconds + told.starting + rows.all * told.encoding + told.loading + _frozen(rows, told) + told.settling
    )
    certified = (1 + RIVALS) * (answering + told.loading + ALONE * told.alone + REGISTERING_SECONDS)
    after = held * told.reading + 2 * answering + certified
    training = told.memory_mb * (1 if pictures else 1 + HOLES)
    memory = read.memory_mb + training + _rows_mb(rows, told) + _again_mb(rows.few, told.module_mb, told.moving_mb)
    return Outlook(
        options, before, cost, train * told.learning, again, after, kept_back, memory, told.searching_mb,
        PROCESS_MB + training, _disk_mb(rows, told),
    )  # fmt: skip


def floored(rows: Rows, seconds: float, memory_mb: float, told: Told | None) -> Floored:
    """Those of all rows, from those of reading them and from a probe of the floors on a part of them."""
    if told is None or told.scored is None:
        return Floored(seconds, memory_mb)
    share = min(rows.train, MOST_ROWS) / max(told.scored.rows, 1)
    return Floored(seconds + share * told.scored.seconds, memory_mb + share * told.end_mb)


def _frozen(rows: Rows, told: Told) -> float:
    """Seconds of the frozen encoder: a module, vectors of training and validation rows, fits, answers."""
    scored, units = told.scored, told.units
    if scored is None:
        return 0.0
    held = scored.held * units["validation"]
    fits = scored.seconds - told.loading - told.watching * (scored.rows * units["train"] + held) - told.reading * held
    fitted, held = min(rows.train, told.most_rows), rows.validation * units["validation"]
    reading = told.watching * (fitted * units["train"] + held) + told.reading * held
    return told.loading + reading + max(fits, 0.0) * fitted / scored.rows


def _again_mb(few: bool, module_mb: float, moving_mb: float) -> float:
    """What comes beside a training: a module that answers for the certificate, and for few rows one that learns anew
    while the first is kept."""
    return CERTIFYING * module_mb + (module_mb + SESSION * moving_mb if few else 0.0)


def _rows_mb(rows: Rows, told: Told) -> float:
    """What all rows take beside those that were probed: encoded, and as vectors."""
    encoded = (rows.all * (2 if rows.few else 1) + rows.test) * told.units["train"] * UNIT_BYTES
    vectors = min(rows.all, told.most_rows) * told.width * VECTOR_BYTES
    return (encoded + vectors) / 1e6


def _disk_mb(rows: Rows, told: Told) -> float:
    """A version, the states that are kept for later runs, and what never moves, once a workspace."""
    states = 0.0
    if told.keeping:
        passes = 2 if rows.few else 1
        states = passes * rows.all * told.units["train"] * told.width * STATE_BYTES / 1e6
    return told.weights_mb + (told.module_mb if told.weights_mb < told.module_mb else 0.0) + states
