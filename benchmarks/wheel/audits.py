"""The audits of a version in a replay: draw, label, estimate, and what earlier audits of the same version taught."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tunewheel.feedback.audit import draw
from tunewheel.feedback.estimate import Estimate, live_accuracy
from tunewheel.feedback.expected import Expected, learn, signs

from .pools import Ints

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Window:
    """What is known of N answers before anybody labels one: confidences, drift scores, where a rival disagrees."""

    confidences: Floats
    drifted: Floats | None = None
    disagree: NDArray[np.bool_] | None = None


@dataclass(frozen=True)
class Audit:
    """Positions in the window and their inclusion probabilities, shapes (n,)."""

    window: Window
    places: Ints
    probabilities: Floats


def drawn(window: Window, count: int, seed: int) -> Audit:
    """Draw so many rows of the window."""
    found = draw(count, window.confidences, disagree=window.disagree, drifted=window.drifted, seed=seed)
    places = np.array([each.position for each in found], dtype=np.int64)
    return Audit(window, places, np.array([each.probability for each in found]))


@dataclass
class History:
    """The audits of one version so far."""

    known: list[Floats] = field(default_factory=list)
    right: list[Floats] = field(default_factory=list)
    weights: list[Floats] = field(default_factory=list)

    @property
    def expected(self) -> Expected | None:
        """What they taught; None before the first."""
        if not self.known:
            return None
        return learn(*(np.concatenate(each) for each in (self.known, self.right, self.weights)))

    def estimate(self, audit: Audit, right: Floats) -> Estimate:
        """Live accuracy by this audit, `right` (n,) being what the labels said, and by those before; then it is one of
        them."""
        found = estimated(audit, right, self.expected)
        window, weights = audit.window, 1 / audit.probabilities
        self.known.append(signs(window.confidences, window.drifted, window.disagree)[audit.places])
        self.right.append(right)
        self.weights.append(weights / weights.mean())
        return found


def estimated(audit: Audit, right: Floats, earlier: Expected | None = None) -> Estimate:
    """Live accuracy by this audit alone, or with what `earlier` ones taught."""
    window = audit.window
    return live_accuracy(
        window.confidences, audit.places, right, audit.probabilities, drifted=window.drifted, disagree=window.disagree,
        earlier=earlier,
    )  # fmt: skip


def told(estimate: Estimate) -> Mapping[str, float]:
    """Value and interval for the diary."""
    return {"value": estimate.value, "low": estimate.low, "high": estimate.high}
