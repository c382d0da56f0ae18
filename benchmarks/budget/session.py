"""A session of the benchmark: job after job, each part kept as soon as it is finished, the result written with it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tunewheel.models.cache import obtain

from .. import commands, results
from ..bars import Found
from ..sets import LabelledSet, labelled_sets
from . import memory, plan, rival, standings, tuned
from .contest_file import write_contest
from .contests import CONTESTS, Contest
from .judged import bars
from .plan import TUNEWHEEL, Job

Part = dict[str, Any]
RESULT = "budget.json"
THROUGHPUT_ROUNDS = 1
LARGE_FROM, THROUGHPUT_ON = "vader", "banking77"
# A part with one of these is measured again without being asked: data may have come, a fault may be mended.
UNFINISHED = {"failed", "absent"}


@dataclass(frozen=True)
class Trial:
    """What a trial cuts: rows a file, seconds a turn. Without them it is the real thing."""

    rows: int | None = None
    seconds: int | None = None

    def contest(self, contest: Contest) -> Contest:
        """The contest with the marks that a trial has time for."""
        if not self.seconds:
            return contest
        return replace(contest, marks=(*(mark for mark in contest.marks if mark < self.seconds), self.seconds))


@dataclass
class Session:
    """Where parts are kept, what is cut, and whether the `whole` benchmark is to fit into its two hours."""

    folder: Path
    trial: Trial
    fresh: bool
    whole: bool

    def run(self, jobs: Sequence[Job]) -> bool:
        """Measure all jobs that are not kept; gives whether one failed."""
        remaining = [job for job in jobs if self.fresh or not self._kept(job)]
        commands.say(plan.told(remaining, self._spent(remaining)))
        failed = False
        for number, job in enumerate(remaining):
            part = self._measured(job, remaining[number + 1 :])
            results.keep_part(self.folder, job.part, part)
            self.write()
            failed = failed or "failed" in part
        return failed

    def parts(self) -> dict[str, Any]:
        """All parts that are kept, whole benchmark or not."""
        return results.read_parts(self.folder, [job.part for job in (*plan.jobs(), *plan.on_request())])

    def write(self) -> Path:
        """`budget.json`: where and when, the bars, and the parts."""
        parts = self.parts()
        return results.write_result(self.folder, RESULT, parts, bars(parts, self._former()))

    def take_up(self) -> None:
        """Keep the parts of the committed `budget.json` that are not kept here yet: a checkout has no others."""
        names = [job.part for job in (*plan.jobs(), *plan.on_request())]
        kept, committed = self.parts(), results.read_result(self.folder, RESULT).get("sets", {})
        for name in names:
            if name in committed and name not in kept:
                results.keep_part(self.folder, name, committed[name])

    def _former(self) -> dict[str, Found]:
        """What was found before, by bar."""
        found = results.read_result(self.folder, RESULT).get("bars", [])
        return {bar["name"]: Found(bar["value"], bar["holds"], bar["note"].split("; ")[0]) for bar in found}

    def show(self) -> str:
        """The tables of the contests that were begun, the bars, and where the result lies."""
        parts = self.parts()
        begun = [c for c in CONTESTS.values() if any(Job(name, c.name).part in parts for name in plan.systems(c))]
        tables = [standings.table(parts, contest) for contest in begun]
        return "\n\n".join([*tables, results.table(bars(parts, self._former())), str(self.write())])

    def _kept(self, job: Job) -> bool:
        part = results.read_parts(self.folder, [job.part]).get(job.part)
        return part is not None and not UNFINISHED & part.keys()

    def _spent(self, remaining: Sequence[Job]) -> float:
        """Seconds of the parts that are kept, without those that are to be measured again."""
        parts, again = self.parts(), {job.part for job in remaining}
        kept = [parts[job.part] for job in plan.jobs() if job.part in parts and job.part not in again]
        return sum(part.get("total_seconds", 0.0) for part in kept)

    def _measured(self, job: Job, waiting: Sequence[Job]) -> Part:
        """One job's part, or why there is none. Making an environment is not counted."""
        commands.say(f"{job.part}: started {results.now()}")
        unavailable = rival.unavailable(job.system)
        started = time.perf_counter()
        try:
            found = unavailable or (self._contest(job, waiting) if job.contest else self._other(job))
        except commands.CommandFailed as error:
            found = {"failed": str(error)}
        seconds = round(time.perf_counter() - started, 1)
        said = next((found[name] for name in ("failed", "absent", "unavailable") if name in found), "done")
        commands.say(f"{job.part}: {said} ({seconds:.0f} s)")
        return {"date": results.now(), "commit": results.commit(), "total_seconds": seconds, **found}

    def _contest(self, job: Job, waiting: Sequence[Job]) -> Part:
        contest = self.trial.contest(CONTESTS[job.contest])
        with commands.temporary_folder() as name:
            folder = Path(name)
            data = self._data(contest, folder)
            if data.absent:
                return {"absent": data.absent}
            told = write_contest(contest, data, obtain(contest.model), folder / "contest.json")
            if job.system == TUNEWHEEL:
                return tuned.run(contest, data, told, folder)
            seconds = plan.longest(job, waiting, self._spent([job, *waiting]), self.whole)
            return rival.run(rival.RIVALS[job.system], contest, data, told, min(seconds, self.trial.seconds or seconds))

    def _data(self, contest: Contest, folder: Path) -> LabelledSet:
        data = contest.data(folder)
        if not self.trial.rows or data.absent:
            return data
        cut = folder / "cut"
        cut.mkdir()
        return data.cut(self.trial.rows, cut)

    def _other(self, job: Job) -> Part:
        data = labelled_sets()[THROUGHPUT_ON if job.system == "throughput" else LARGE_FROM]
        if data.absent:
            return {"absent": data.absent}
        if job.system == "memory":
            return memory.measure(data, self.trial.rows)
        if job.system == "million":
            return memory.learn(data, self.trial.rows)
        rounds = str(THROUGHPUT_ROUNDS)
        return commands.ask(commands.module("throughput", "--train", str(data.train), "--rounds", rounds)).value
