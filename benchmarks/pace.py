"""A contest of paces: what all ways to train are given, and how real tokens a second are counted."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from transformers import PreTrainedTokenizerFast

SECONDS = 25.0


@dataclass
class Pace:
    """Real tokens trained on (padding is not counted) and the seconds that took; `facts` for whatever else to tell."""

    tokens: int = 0
    started: float = 0.0
    ended: float = 0.0
    facts: dict[str, Any] = field(default_factory=dict)

    def start(self) -> None:
        """From here the clock runs: loading and setting up are not counted for anybody."""
        self.started = self.ended = time.perf_counter()

    def step_ends_turn(self) -> bool:
        """Called after each optimiser step: whether the turn is over."""
        self.ended = time.perf_counter()
        return self.ended - self.started > SECONDS

    @property
    def rate(self) -> float:
        return self.tokens / (self.ended - self.started)


@dataclass(frozen=True)
class Race:
    """What all contestants train: the model folder, texts and labels."""

    folder: Path
    tokenizer: PreTrainedTokenizerFast
    texts: Sequence[str]
    labels: Sequence[str]

    @property
    def numbers(self) -> list[int]:
        places = {label: number for number, label in enumerate(sorted(set(self.labels)))}
        return [places[label] for label in self.labels]
