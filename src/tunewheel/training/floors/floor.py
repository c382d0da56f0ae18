"""Floor: what every plain baseline can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from ...records import Array, Batch, Example
from ...task import Outputs, Plain, Task

IMPOSSIBLE = -30.0


@dataclass(frozen=True)
class FloorState:
    """All that a floor has learnt: arrays for safetensors and facts for JSON."""

    arrays: dict[str, Array]
    facts: dict[str, Any]


class Floor(ABC):
    """A plain baseline. It decides item by item, so its answers travel in the batch itself (`logits`)."""

    name: ClassVar[str]

    @property
    @abstractmethod
    def title(self) -> str:
        """What it is, in a table: "TF-IDF + logistic regression"."""

    @classmethod
    def fits(cls, plain: Plain) -> bool:
        """Whether this floor is meant for such items."""
        return True

    @classmethod
    @abstractmethod
    def learn(cls, train: Plain, validation: Plain, classes: int, seed: int) -> Self:
        """Fit on `train`; settings, if any, are chosen on `validation`."""

    def relearn(self, plain: Plain, classes: int, seed: int) -> Self:
        """The same floor with the same settings, fitted on other rows."""
        return type(self).learn(plain, plain, classes, seed)

    @abstractmethod
    def logits(self, plain: Plain) -> Array:
        """Scores (N, C) for the items."""

    @abstractmethod
    def state(self) -> FloorState:
        """What it has learnt."""

    @classmethod
    @abstractmethod
    def from_state(cls, state: FloorState) -> Self:
        """The floor that `state` describes."""

    def encode(self, task: Task, examples: Sequence[Example]) -> Batch:
        """A batch that `task.decode` understands, the floor's answers in it."""
        plain = task.plain(examples)
        by = {"logits": "words"} if "words" in plain.batch else {}
        return plain.batch.merged(Batch({"logits": self.logits(plain).astype(np.float32)}, by))


def answer(batch: Batch) -> Outputs:
    """A floor as an engine: its answers are in the batch already."""
    return {"logits": batch["logits"]}
