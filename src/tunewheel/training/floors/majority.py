"""The majority floor: always the most frequent answer of the training rows."""

from __future__ import annotations

from typing import Self

import numpy as np

from ...records import Array
from ...task import Plain
from .floor import IMPOSSIBLE, Floor, FloorState


class MajorityFloor(Floor):
    """Answers with the shares of the training rows, whatever it is asked."""

    name = "majority"

    def __init__(self, prior: Array) -> None:
        self.prior = prior

    @property
    def title(self) -> str:
        return "Most frequent answer"

    @classmethod
    def learn(cls, train: Plain, validation: Plain, classes: int, seed: int) -> Self:
        assert train.targets is not None
        targets = train.targets
        shares = np.bincount(targets, minlength=classes) / len(targets) if targets.ndim == 1 else targets.mean(0)
        with np.errstate(divide="ignore"):
            scores = np.log(shares) if train.exclusive else np.log(shares) - np.log1p(-shares)
        return cls(np.clip(scores, IMPOSSIBLE, -IMPOSSIBLE).astype(np.float32))

    def logits(self, plain: Plain) -> Array:
        return np.repeat(self.prior[None], len(plain.items), axis=0)

    def state(self) -> FloorState:
        return FloorState({"prior": self.prior}, {})

    @classmethod
    def from_state(cls, state: FloorState) -> Self:
        return cls(state.arrays["prior"])
