"""A version: the frozen body's vectors under a logistic regression of the project's own, as its frozen floor has it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from tunewheel.evaluation.calibration import fit_temperature
from tunewheel.training.floors import logistic
from tunewheel.training.floors.frozen import STRENGTHS

from .pools import Ints, Pool

STRENGTH = STRENGTHS[1]
# One row in so many steers first: a twin that has not seen them gives the temperature of the confidences and the
# profile of what is usual. The version itself learns from all rows, as `tune` does where there are few.
VALIDATION = 5
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Rows:
    """Labelled rows: positions in a pool, and the label that was said of each."""

    positions: Ints
    labels: Ints

    def with_more(self, positions: Ints, labels: Ints) -> Rows:
        """These and more."""
        return Rows(np.concatenate([self.positions, positions]), np.concatenate([self.labels, labels]))

    @property
    def validation(self) -> NDArray[np.bool_]:
        """Which of them only steer: always the same ones, whatever else is there."""
        return self.positions * 2_654_435_761 % 2**32 % VALIDATION == 0

    def only(self, chosen: NDArray[np.bool_]) -> Rows:
        """Some of them."""
        return Rows(self.positions[chosen], self.labels[chosen])


@dataclass(frozen=True)
class Version:
    """What a fit answers to every row of its pool, (N, C), for it is asked about many of them many times; `validated`
    (M, C) is what its twin answers to the validation rows."""

    rows: Rows
    probabilities: NDArray[np.float32]
    validated: NDArray[np.float32]

    @cached_property
    def answers(self) -> Ints:
        """Numbers of labels (N,)."""
        return self.probabilities.argmax(1)

    @cached_property
    def confidences(self) -> Floats:
        """The probability of each answer (N,)."""
        return self.probabilities.max(1).astype(np.float64)

    def right(self, pool: Pool, rows: Ints) -> Floats:
        """1 for each of these rows that it answers as it is, else 0."""
        return (self.answers[rows] == pool.labels[rows]).astype(np.float64)


def fitted(pool: Pool, rows: Rows) -> Version:
    """A version learnt from these rows."""
    held = rows.only(rows.validation)
    twin = _logits(pool, rows.only(~rows.validation), held.positions)
    temperature = fit_temperature(twin, held.labels)
    everything = _logits(pool, rows, np.arange(len(pool.texts)))
    return Version(rows, softmax(everything / temperature, axis=1), softmax(twin / temperature, axis=1))


def _logits(pool: Pool, learnt: Rows, asked: Ints) -> NDArray[np.float32]:
    """What a regression on some rows says to others. Vectors are scaled to unit variance, as in `frozen.fit_head`; a
    closer fit takes three times as long and answers no better here."""
    vectors = pool.vectors[learnt.positions]
    scale = 1 / np.maximum(vectors.std(0), 1e-6)
    linear: Any = logistic.fit(
        vectors * scale, learnt.labels, len(pool.names), exclusive=True, strength=STRENGTH / vectors.shape[1]
    )  # fmt: skip
    return logistic.apply(pool.vectors[asked] * scale, linear)
