"""turn: the wheel turns once: settle what waits, learn what is new, ask what a person should say, and say so.

Every step is entered in the ledger or kept in a run before the next begins, so a turn that died is gone on with by the
next one, and at no point is anything but a proved version put live.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from ..registry import LIVE, Version
from ..workspace import Workspace
from .rows.lessons import Lessons
from .say import Say, Silent
from .tune import tune
from .tuning.underway import RECIPE, version_of
from .wheel.draw import Audit, draw_audit
from .wheel.evidence import taught_until
from .wheel.learn import lessons_of, recipe_for
from .wheel.live import live_version
from .wheel.settle import Limits, decided, frozen_sets, settle

ENTRY = "turn"
LABELS = 40
# Fewer new rows than this are not worth a training.
FEWEST_NEW = 10


@dataclass(frozen=True)
class Turned:
    """What a turn did: the candidate that it decided on first, how many rows were new, the version that it trained,
    what it drew for people to label, what is live now, and how long it took."""

    number: int
    settled: str | None
    new_rows: int
    trained: str | None
    drawn: int
    live_before: str
    live: str
    candidate: str | None
    seconds: float

    @property
    def promoted(self) -> bool:
        return self.live != self.live_before

    def to_json(self) -> dict[str, Any]:
        """The object of `--json`, and what the ledger keeps."""
        return {**asdict(self), "promoted": self.promoted}


def turn(
    workspace: Workspace,
    *,
    data: str | Path | None = None,
    budget: str | None = None,
    labels: int = LABELS,
    limits: Limits | None = None,
    force: bool = False,
    now: datetime | None = None,
    say: Say | None = None,
) -> Turned:
    """Turn the wheel once. `data` is where the rows of the live version lie now, if no longer where they were;
    `labels` is how many rows a person can label until the next turn. With `force` it trains though little is new. `now`
    is the time up to which there is traffic, for who replays an old one.

    Raises `VersionMissing` when nothing is live, `Busy` when another turn is under way, and what `tune` raises.
    """
    say, limits = say or Silent(), limits or Limits()
    with workspace.lock(ENTRY):
        began = _Turn(workspace, _next_number(workspace), limits, say, time.perf_counter())
        return began.whole(data, budget, labels, force, now)


@dataclass(frozen=True)
class _Turn:
    """A turn under way."""

    workspace: Workspace
    number: int
    limits: Limits
    say: Say
    started: float

    def whole(
        self, data: str | Path | None, budget: str | None, labels: int, force: bool, now: datetime | None
    ) -> Turned:  # fmt: skip
        """The story itself."""
        before = live_version(self.workspace).id
        settled = settle(self.workspace, self.limits, self.say)
        new, trained = self._learnt(data, budget, force)
        audit = draw_audit(self.workspace, labels, self.number, now)
        if labels:
            self._tell(audit)
        aliases = self.workspace.versions.aliases()
        turned = Turned(
            self.number, settled.id if settled else None, new, trained.id if trained else None, len(audit.drawn),
            before, aliases[LIVE], aliases.get("candidate"), round(time.perf_counter() - self.started, 1),
        )  # fmt: skip
        self.workspace.ledger.append(ENTRY, turned.to_json())
        return turned

    def _learnt(self, data: str | Path | None, budget: str | None, force: bool) -> tuple[int, Version | None]:
        """How many rows are new, and the version that was trained on all of them, if any was."""
        gate = partial(decided, limits=self.limits)
        begun = self._begun()
        if begun is not None:
            return self._gone_on(begun, gate)
        lessons = lessons_of(self.workspace, self.number, self.say)
        new = lessons.newer_than(self._known())
        if new < FEWEST_NEW and not force:
            self.say.line(f"{new} rows are new since the last training: {FEWEST_NEW} are worth another one.")
            return new, None
        recipe = recipe_for(self.workspace, live_version(self.workspace), data, search=budget is not None)
        run = tune(
            recipe=recipe, workspace=self.workspace, budget=budget, lessons=lessons, gate=gate, say=self.say
        )  # fmt: skip
        return new, run.version

    def _known(self) -> int:
        """The number of the last that people had said when the newest of live and candidate began to learn."""
        aliases = self.workspace.versions.aliases()
        named = [aliases[alias] for alias in (LIVE, "candidate") if alias in aliases]
        return max(taught_until(self.workspace, version) for version in named)

    def _begun(self) -> Path | None:
        """The run that an earlier start of this very turn began."""
        # Before its recipe a run has come to nothing that could be gone on with.
        begun = sorted((path.parent for path in (self.workspace.path / "runs").glob(f"*/{RECIPE}")), reverse=True)
        return next((folder for folder in begun if Lessons.load(folder).turn == self.number), None)

    def _gone_on(self, folder: Path, gate: Any) -> tuple[int, Version | None]:
        lessons, done = Lessons.load(folder), version_of(folder)
        if done is None:
            self.say.line("Going on with the training of a turn that was interrupted.")
            run = tune(resume=folder.name, workspace=self.workspace, gate=gate, say=self.say)
            return lessons.count, run.version
        version = self.workspace.versions.get(done)
        if version.id not in self.workspace.versions.aliases().values():
            gate(self.workspace, version, frozen_sets(self.workspace, version.task), self.say)
        return lessons.count, version

    def _tell(self, audit: Audit) -> None:
        if not audit.drawn:
            return self.say.line(f"{audit.rows} requests since the last audit are too few for another one.")
        differ = "" if audit.apart is None else f"; the candidate answers {audit.apart:,} of them differently"
        self.say.line(f"{len(audit.drawn)} of {audit.rows:,} requests are to be labelled{differ}.")
        return self.say.line("Label them: tunewheel audit --export FILE, then tunewheel audit --import FILE")


def _next_number(workspace: Workspace) -> int:
    return 1 + len(workspace.ledger.entries(ENTRY))
