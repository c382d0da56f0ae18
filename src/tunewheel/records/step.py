"""Step: what the training loop says after each optimiser step."""

from __future__ import annotations

from dataclasses import dataclass

from .answers import Scores


@dataclass(frozen=True, slots=True)
class Step:
    """Progress of training. `units` counts what was really read: tokens for text, pictures for images."""

    number: int
    total: int
    epoch: int
    loss: float
    learning_rate: float
    units: int
    seconds: float
    validation: Scores | None = None
    best: bool = False
    stopped_early: bool = False
