"""Tally: what became of requests, those of a canary and those of the live version, since the last look."""

from __future__ import annotations

import threading
from collections import Counter, deque
from typing import Literal

import numpy as np

from ..errors import Overloaded
from ..feedback.counts import Counts
from ..feedback.guard import Name
from ..feedback.limits import GuardLimits

Arm = Literal["new", "old"]
# A look needs so many requests of each; and the live version's times are known from so many of its answers on.
FEWEST, FEWEST_TIMES, TIMES = 5, 100, 1_000
# So much longer any answer may take, or the clock itself would decide where answers take a millisecond.
ALLOWED_SECONDS = 0.005


class Tally:
    """Counts requests that failed, that were turned away, and that took long. Safe to use from several threads.

    What is long for the live version is what takes longer than 95 % of its earlier answers; for the canary it is
    `slower` times that. So a slow hour makes both look slow, and says nothing.
    """

    def __init__(self, limits: GuardLimits) -> None:
        self._slower = limits.slower
        self._times: deque[float] = deque(maxlen=TIMES)
        self._long: dict[Arm, float] = {}
        self._counts: Counter[tuple[str, Arm]] = Counter()
        self._lock = threading.Lock()

    def answered(self, arm: Arm, seconds: float) -> None:
        """A request was answered, after so long."""
        with self._lock:
            self._counts["asked", arm] += 1
            if self._long:
                self._counts["timed", arm] += 1
                self._counts["long", arm] += seconds > self._long[arm]
            if arm == "old":
                self._times.append(seconds)

    def failed(self, arm: Arm, error: BaseException) -> None:
        """A request was not answered."""
        refused = isinstance(error, Overloaded | TimeoutError)
        with self._lock:
            self._counts["asked", arm] += 1
            self._counts["refused" if refused else "failed", arm] += 1

    def take(self) -> dict[Name, Counts]:
        """What there is to look at; nothing while there are too few requests of either kind."""
        with self._lock:
            if min(self._counts["asked", "new"], self._counts["asked", "old"]) < FEWEST:
                return {}
            counts, self._counts = self._counts, Counter()
            if len(self._times) >= FEWEST_TIMES:
                usual = float(np.quantile(self._times, 0.95))
                self._long = {"old": usual, "new": self._slower * usual + ALLOWED_SECONDS}
        kinds: list[tuple[Name, str, str]] = [
            ("errors", "asked", "failed"), ("refusals", "asked", "refused"), ("latency", "timed", "long")
        ]  # fmt: skip
        return {
            name: Counts(counts[of, "new"], counts[bad, "new"], counts[of, "old"], counts[bad, "old"])
            for name, of, bad in kinds
        }
