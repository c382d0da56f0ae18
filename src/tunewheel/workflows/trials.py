"""Trials: a server process brings the roll-out in, and ends a canary whose guard trips."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from ..errors import TunewheelError
from ..feedback.guard import Trip
from ..registry import Rollout
from ..serving import Beside, Canary, Service, Shadow, Switch, Tally
from ..workspace import Workspace
from .canary_watch import CanaryWatch
from .say import Say

# A version that could not be brought in is tried again after so long, or when another one is named.
AGAIN_SECONDS = 30.0


class Attempts:
    """Brings versions in; says once that one cannot be, and tries it again later."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._failed, self._again = "", 0.0

    def bring_in(self, version: str, how: Callable[[], None], otherwise: str) -> bool:
        """Whether it is in now."""
        if version == self._failed and time.monotonic() < self._again:
            return False
        try:
            how()
        except Exception as error:  # whatever a version does, what is served stays
            if version != self._failed:
                self._say.line(f"{version} cannot be served; {otherwise} {error}")
            self._failed, self._again = version, time.monotonic() + AGAIN_SECONDS
            return False
        self._failed = ""
        return True


class Trials:
    """The roll-out of the workspace in one server process. `start` gives a service of a version, warmed up."""

    def __init__(self, workspace: Workspace, switch: Switch, start: Callable[[str], Service], say: Say) -> None:
        self._workspace, self._switch, self._start, self._say = workspace, switch, start, say
        self._attempts = Attempts(say)
        self._rollout: Rollout | None = None
        self._watch: CanaryWatch | None = None
        self._trip: Trip | None = None

    def follow(self, rollout: Rollout | None) -> bool:
        """Let the candidate work as the roll-out says; True when it does."""
        if rollout is None or not rollout.at_work or rollout.version == self._switch.version:
            self._end()
            return True
        if self._rollout == rollout and (self._trip or self._switch.trial):
            return True
        way = partial(self._begin, rollout)
        return self._attempts.bring_in(rollout.version, way, "nothing works beside the live version.")

    def look(self) -> None:
        """Look at the guards. What has tripped one is let go at once, whether the database is there or not."""
        if self._watch is None or self._rollout is None:
            return
        if self._trip is None:
            with suppress(TunewheelError, OSError):  # the journal is away: the guards look again a moment later
                self._trip = self._watch.look()
            if self._trip is None:
                return
            self._switch.try_out(None)
            self._say.line(f"{self._rollout.version} is stopped as a canary: {self._trip.sentence}.")
        with suppress(TunewheelError, OSError):
            self._workspace.rollout.stop(self._rollout.entry, f"{self._trip.sentence}.", self._trip.evidence)
            self._watch = None

    def _begin(self, rollout: Rollout) -> None:
        switch, live = self._switch, self._switch.version
        candidate = switch.warm(rollout.version) or self._start(rollout.version)
        beside, watch = Beside(switch.idle), None
        if rollout.mode == "shadow":
            switch.try_out(Shadow(candidate, beside, rollout.share))
            line = f"{rollout.version} is asked beside {live}, and serves nobody."
        else:
            canary = Canary(candidate, beside, rollout.share, Tally(rollout.limits))
            switch.try_out(canary)
            watch = CanaryWatch(canary, rollout, live, self._workspace.journal)
            line = f"{rollout.version} answers {100 * rollout.share:g} % of the requests from now on."
        self._rollout, self._watch, self._trip = rollout, watch, None
        self._say.line(line)

    def _end(self) -> None:
        if self._switch.trial is not None:
            self._switch.try_out(None)
            self._say.line(f"Nothing works beside {self._switch.version} any more.")
        self._rollout = self._watch = self._trip = None
