"""Kept: what a run under a budget has come to, in its folder, so that it can go on after a crash."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, TypeAdapter, ValidationError

from ...errors import WorkspaceError
from ...evaluation.search import Tried
from ...registry.durable import replace_text
from ...training.options import TrainingOptions
from .divisions import Repeat

NAME = "anytime.json"


@dataclass(frozen=True)
class Training:
    """One training of the run: its number (which names the folder of its checkpoints) and all that defines it. `body`
    names the pre-trained one that learns; without a name it is the first of the run."""

    number: int
    idea: str
    options: TrainingOptions
    seed: int
    settings: Mapping[str, Any] = field(default_factory=dict)
    body: str = ""


@dataclass(frozen=True)
class Contestant:
    """A training whose settings may be judged once more: how far of its way its weights go, and what it took."""

    training: Training
    share: float
    seconds: float


def _listed(under_way: Any) -> Any:
    """Runs of before knew one training under way, or none."""
    return under_way if isinstance(under_way, list) else [under_way] if under_way else []


@dataclass
class Kept:
    """The budget and what of it is `spent` (seconds), the record so far, and the options that were planned, or `cut`
    to what there was time for; the best training with its score, its seconds, the `share` of its way that its weights
    go and the version that holds it (`draft`), or else the file of its `weights`; and the trainings under way. `body`
    names the pre-trained one that all of this is about, where it is not the first of the run; `others` are those that
    may still be tried. A companion has held `beside_mb` of memory at most. The first training took `pass_seconds` to
    learn once from all training rows, where it moved what was meant to move. `suggested` is the best that came of the
    settings that suit the data, before others were searched; `repeats` are what was found on other divisions of the
    rows."""

    budget: float
    spent: float = 0.0
    tried: list[Tried] = field(default_factory=list)
    moments: list[tuple[float, float]] = field(default_factory=list)
    drafted: float = -1.0
    count: int = 0
    planned: TrainingOptions | None = None
    cut: bool = False
    best: Training | None = None
    score: float = -1.0
    seconds: float = 0.0
    share: float = 1.0
    draft: str | None = None
    weights: str = ""
    under_way: Annotated[list[Training], BeforeValidator(_listed)] = field(default_factory=list)
    body: str = ""
    others: list[str] = field(default_factory=list)
    beside_mb: float = 0.0
    pass_seconds: float = 0.0
    suggested: Contestant | None = None
    repeats: list[Repeat] = field(default_factory=list)

    def save(self, folder: Path) -> None:
        """Write it in one step: a crash leaves the old state or the new one."""
        replace_text(folder / NAME, _SHAPE.dump_json(self).decode("utf-8"))


def load(folder: Path) -> Kept | None:
    """What an earlier start left; None where it had no budget. Raises `WorkspaceError` when it is damaged."""
    path = folder / NAME
    if not path.exists():
        return None
    try:
        return _SHAPE.validate_json(path.read_bytes())
    except ValidationError:
        mend = "Start a new run: leave out --resume."
        raise WorkspaceError("what the run had come to cannot be read.", where=str(path), mend=mend) from None


_SHAPE = TypeAdapter(Kept)
