"""The guards of a canary, as one server process sees it; what people say they read off the journal, for all of them."""

from __future__ import annotations

import time

from ..feedback.guard import Trip, Watch
from ..feedback.journal import Journal
from ..registry import Rollout
from ..serving import Canary
from .remarked import Remarked

FEEDBACK_SECONDS = 1.0


class CanaryWatch:
    """Shows the guards what came of requests since the last look."""

    def __init__(self, canary: Canary, rollout: Rollout, live: str, journal: Journal) -> None:
        self.watch = Watch(rollout.limits)
        self._canary = canary
        self._remarked = Remarked(journal, rollout, live)
        self._next = 0.0

    def look(self) -> Trip | None:
        """The guard that has tripped, if one has. Raises `WorkspaceError` when the journal cannot be read."""
        for guard, counts in self._canary.tally.take().items():
            self.watch.compare(guard, counts)
        self.watch.pair(*self._canary.beside.take())
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + FEEDBACK_SECONDS
            if remarked := self._remarked.look():
                self.watch.compare("feedback", remarked, again=True)
        return self.watch.trip()
