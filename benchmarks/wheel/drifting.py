"""What the product's drift watch sees of a window of traffic, against the profile of a version."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tunewheel.feedback.drift import Drift, Profile, look, profile

from .pools import Ints, Pool
from .version import Version


@dataclass(frozen=True)
class Seen:
    """Whether there is an alarm, which ones, and how far each row of the window lies in a drifted region."""

    alarm: bool
    names: tuple[str, ...]
    decision: str
    region: NDArray[np.float64]
    drift: Drift


@dataclass
class Watch:
    """Looks at windows with the profile of a version; the profile is made at the first look."""

    pool: Pool
    version: Version

    @cached_property
    def profile(self) -> Profile:
        """Of the validation rows and what the version's twin, which has not seen them, answers to them."""
        rows, probabilities = self.version.rows, self.version.validated
        held, trained = rows.only(rows.validation), rows.only(~rows.validation)
        return profile(
            self._texts(held.positions), self._names(held.labels), self._names(probabilities.argmax(1)),
            probabilities.max(1), classes=self._names(np.unique(rows.labels)), trained=self._texts(trained.positions),
            trained_labels=self._names(trained.labels), twin=True,
        )  # fmt: skip

    def look(self, window: Ints, before: Seen | None = None) -> Seen:
        """Has this window changed? `before` is what was seen in a window of other rows."""
        drift: Drift = look(
            self.profile, self._texts(window), self._names(self.version.answers[window]),
            self.version.confidences[window], before=before and before.drift,
        )  # fmt: skip
        alarms = tuple(change.name for change in drift.changes if change.alarm)
        return Seen(drift.alarm, alarms, drift.decision, np.asarray(drift.region, dtype=np.float64), drift)

    def _texts(self, rows: Ints) -> list[str]:
        return [self.pool.texts[row] for row in rows]

    def _names(self, labels: Ints) -> list[str]:
        return [self.pool.names[label] for label in labels]
