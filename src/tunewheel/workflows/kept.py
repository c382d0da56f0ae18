"""Kept: what a run under a budget has come to, in its folder, so that it can go on after a crash."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ..evaluation.search import Tried
from ..training.options import TrainingOptions
from .underway import replace_text

NAME = "anytime.json"


@dataclass(frozen=True)
class Training:
    """One training of the run: its number (which names the folder of its checkpoints) and all that defines it."""

    number: int
    idea: str
    options: TrainingOptions
    seed: int
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Kept:
    """The budget and what of it is `spent` (seconds), the record so far, the options that were planned, and which
    trainings are the best (and what `share` of its way its weights go) and under way."""

    budget: float
    spent: float = 0.0
    tried: list[Tried] = field(default_factory=list)
    moments: list[tuple[float, float]] = field(default_factory=list)
    drafted: float = -1.0
    count: int = 0
    planned: TrainingOptions | None = None
    best: Training | None = None
    share: float = 1.0
    under_way: Training | None = None

    def save(self, folder: Path) -> None:
        """Write it in one step: a crash leaves the old state or the new one."""
        replace_text(folder / NAME, _SHAPE.dump_json(self).decode("utf-8"))


def load(folder: Path) -> Kept | None:
    """What an earlier start left; None where it left nothing that can be read."""
    try:
        return _SHAPE.validate_json((folder / NAME).read_bytes())
    except (OSError, ValidationError):
        return None


_SHAPE = TypeAdapter(Kept)
