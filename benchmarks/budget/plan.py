"""The plan of two hours: what is measured in which order, how long each part may take, and who gives way. Pure.

The Trainer comes last and gets what is left: no less than the marks that all sets have, no more than it could use. What
two hours have no room for is measured on request: the Trainer to its own end, and a million rows until they are learnt
from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .contests import CONTESTS, FEW, FULL, TRAINER_LEAST, Contest

MOST_MINUTES = 120
MILLION = 1_000_000  # rows of the largest set
SPARE = 90.0  # seconds that no part gets: what the last ones take beyond their plan cannot be made up
AUTOGLUON_ON = "banking77-10"
TUNEWHEEL, TRAINER = "tunewheel", "trainer"
# Means of what was measured, in seconds. Tunewheel ends before the end of its budgets: after so much of them all.
USED = 0.95
# The turn itself, on the clock of a rival: on full sets, and on ten rows a class.
TURN = {"tfidf": 7.5, "encoder": 60.4, "trainer": TRAINER_LEAST}
FEW_TURN = {"tfidf": 1.2, "encoder": 6, "setfit": 104.4, "autogluon": 115.3, "trainer": 23.3}
# Beside it, off the clock: reading the test rows, for the Trainer the validation rows, too, and for Tunewheel its plan.
# What was made faster since it was measured is reckoned by the computing time of both ways (docs/log.md).
READING = {"tunewheel": 72, "tfidf": 0.4, "encoder": 12.4, "trainer": 38}
FEW_READING = {"tunewheel": 36, "tfidf": 0.3, "encoder": 7.3, "setfit": 25, "autogluon": 18.2, "trainer": 8.7}
# No mark of a few-shot contest is later than two minutes: SetFit is stopped there, the Trainer has ended by then.
LONGEST = {"tfidf": 1200.0, "encoder": 1200.0, "setfit": 120.0}
WHOLE_SECONDS = {"throughput": 147, "memory": 260, "million": 480}
# Sets on which the Trainer comes to its end on request, and within so many seconds.
TO_ITS_END, RACED, LONG_ENOUGH = "to-its-end", ("banking77", "wnut17", "clinc150"), 1800.0
ON_REQUEST = (TO_ITS_END, "million")


@dataclass(frozen=True)
class Job:
    """One part: a system in a contest (on request `to_its_end`), or a measurement of its own (`contest` is empty)."""

    system: str
    contest: str = ""
    to_its_end: bool = False

    @property
    def part(self) -> str:
        """The name under which it is kept."""
        end = f"-{TO_ITS_END}" if self.to_its_end else ""
        return f"budget-{self.contest}-{self.system}{end}" if self.contest else f"budget-{self.system}"


def systems(contest: Contest) -> list[str]:
    """Who takes part, the Trainer last."""
    few = ["setfit"] if contest.few else []
    auto = ["autogluon"] if contest.name == AUTOGLUON_ON else []
    return [TUNEWHEEL, "tfidf", "encoder", *few, *auto, TRAINER]


def jobs(chosen: str = "") -> list[Job]:
    """All jobs of the two hours in order, or those of one contest, measurement, or request."""
    if chosen == TO_ITS_END:
        return [Job(TRAINER, name, to_its_end=True) for name in RACED]
    if chosen in WHOLE_SECONDS:
        return [Job(chosen)]
    contests = [CONTESTS[chosen]] if chosen else [*FEW, *FULL]
    of_contests = [Job(system, contest.name) for contest in contests for system in systems(contest)]
    others = [] if chosen else [Job(name) for name in WHOLE_SECONDS if name not in ON_REQUEST]
    first = [job for job in of_contests if job.system != TRAINER]
    return [*first, *others, *(job for job in of_contests if job.system == TRAINER)]


def on_request() -> list[Job]:
    """The jobs that the two hours have no room for."""
    return [job for name in ON_REQUEST for job in jobs(name)]


def reckoned(job: Job) -> float:
    """The seconds that a job takes, as far as can be told; the Trainer's least."""
    if not job.contest:
        return WHOLE_SECONDS[job.system]
    if job.to_its_end:
        return 0.5 * LONG_ENOUGH
    contest = CONTESTS[job.contest]
    turns, readings = (FEW_TURN, FEW_READING) if contest.few else (TURN, READING)
    turn = USED * contest.budget if job.system == TUNEWHEEL else turns[job.system]
    return turn + readings[job.system]


def longest(job: Job, waiting: Sequence[Job], spent: float, whole: bool) -> float:
    """The seconds on its clock that a rival may take.

    In a `whole` benchmark of which `spent` seconds are gone, the Trainer gets beyond its least only what the jobs
    still `waiting` leave of the two hours; alone it gets all it could use.
    """
    if job.system == "autogluon":
        return CONTESTS[job.contest].budget
    if job.system != TRAINER:
        return LONGEST[job.system]
    if job.to_its_end:
        return LONG_ENOUGH
    contest = CONTESTS[job.contest]
    if contest.few or not whole:
        return contest.trainer
    left = 60 * MOST_MINUTES - SPARE - spent - reckoned(job) - sum(map(reckoned, waiting))
    return min(max(TRAINER_LEAST + left, TRAINER_LEAST), contest.trainer)


def told(remaining: Sequence[Job], spent: float) -> str:
    """The plan in minutes, a line a contest or measurement."""
    minutes: dict[str, float] = {}
    for job in remaining:
        name = job.contest or job.system
        minutes[name] = minutes.get(name, 0.0) + reckoned(job) / 60
    lines = [f"  {name:<14} {value:5.1f} min" for name, value in minutes.items()]
    total = sum(minutes.values())
    head = f"plan: {total:.0f} min to go, {spent / 60:.0f} min kept from before, of {MOST_MINUTES} min in all"
    return "\n".join([head, *lines, "  (the Trainer at its least; what is left of the two hours goes to it, last)"])
