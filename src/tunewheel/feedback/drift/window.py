"""Window: the rows that are looked at, measured as those of the reference were; and what a look says of one thing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from .features import Floats, weighted
from .profile import Profile, spoken
from .rows import Texts, measures, read, strangeness
from .tails import CHANCE


@dataclass(frozen=True, slots=True)
class Change:
    """What one kind of drift amounts to: its effect (0: none), the size that chance rarely reaches, and whether it is
    an alarm. `sentence` is for people.

    What is `likely` and no alarm becomes one when the next look finds it, too; then `threshold` is the lower one.
    `chance` is with which it is exceeded where nothing changes.
    """

    name: str
    effect: float
    threshold: float
    alarm: bool
    sentence: str
    likely: bool = False
    chance: float = CHANCE


@dataclass(frozen=True)
class Window:
    """N rows with the version's answers to them."""

    profile: Profile
    texts: Texts
    answers: Sequence[Any]
    confidences: Floats

    def __len__(self) -> int:
        return len(self.texts)

    @cached_property
    def vectors(self) -> csr_matrix:
        """The texts' vectors, (N, WIDTH)."""
        return weighted(self.texts.counts, self.profile.known.rare)

    @cached_property
    def flags(self) -> Floats:
        """Which classes each row was answered with, (N, C + 1)."""
        return self.profile.answers.flags(self.answers)

    @cached_property
    def languages(self) -> Floats:
        """Which language each row is written in, (N, languages of the reference + 1)."""
        return self.profile.languages.flags(spoken(self.texts.raw))

    @cached_property
    def values(self) -> Floats:
        """The measures of each row, (N, 4)."""
        return measures(self.profile.known, self.texts, self.confidences)

    @cached_property
    def strange(self) -> Floats:
        """How unlike the reference each row is, (N,)."""
        return strangeness(self.profile.quantiles, self.values)

    @property
    def unlike(self) -> NDArray[np.bool_]:
        """The rows that are stranger than nearly all of the reference, (N,)."""
        return self.strange > self.profile.cut

    @cached_property
    def new_share(self) -> float:
        """About which share of the rows is not drawn from the reference: without change half of the rows are stranger
        than its middle row (Storey 2002, "A direct approach to false discovery rates")."""
        middle = float(np.median(self.profile.sampled("strange")))
        return max(0.0, 1 - 2 * float((self.strange <= middle).mean()))

    @cached_property
    def mix(self) -> Floats:
        """Weights (K,) that give the reference's sample the window's mix of answers."""
        size = self.flags.shape[1]
        before = np.bincount(self.profile.answered, minlength=size).astype(float)
        now = np.bincount(self.flags.argmax(1), minlength=size).astype(float)
        ratio = (now / now.sum()) / np.maximum(before / before.sum(), 1e-9)
        weights = np.minimum(ratio, 20.0)[self.profile.answered]
        return weights if weights.sum() > 0 else np.ones(len(weights))


def open_window(profile: Profile, texts: Sequence[str], answers: Sequence[Any], confidences: Floats) -> Window:
    """Measure the rows."""
    return Window(profile, read(texts), answers, confidences)
