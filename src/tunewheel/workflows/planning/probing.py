"""Probing: each way to fine-tune each body for a few seconds, one body after the other."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...records import Example
from ...task import Task
from ...training.options import TrainingOptions
from ..rows.sets import Sets
from ..say import Say
from .probe import Ask, Told, probed, write_rows

# More rows than these tell little more of lengths and labels; the longest tell how much memory is needed.
MOST_TRAIN, MOST_HELD, LONGEST = 3_000, 800, 64
MODES = ("full", "partial", "lora", "head")


@dataclass(frozen=True)
class Body:
    """A body to probe: its name, its folder, how many tokens it shall read, and the settings that suit it here."""

    name: str
    folder: Path
    max_tokens: int | None
    training: TrainingOptions


@dataclass(frozen=True)
class Probed:
    """What came of one way to fine-tune one body: a measurement, or the reason why there is none."""

    body: Body
    mode: str
    told: Told | None
    failed: str = ""


@dataclass(frozen=True)
class Probing:
    """All of it. `floors` is None where they could not be laid."""

    floors: Told | None
    ways: list[Probed]


def probe_all(
    sets: Sets, task: Task, seed: int, bodies: Sequence[Body], say: Say, *, search: bool = False,
    quick: bool = False,
) -> Probing:  # fmt: skip
    """Probe the floors, and each of `bodies` in each mode, with `quick` in the first only; with `search` as one of
    the trainings of a search."""
    with tempfile.TemporaryDirectory(prefix="tunewheel-plan-") as scratch:
        folder = Path(scratch)
        parts, longest = _sample(sets, seed)
        write_rows(folder, parts)
        modes = [mode for mode in MODES if mode != "lora" or task.reads != "image"][: 1 if quick else None]
        asks = _Asks(folder, {**_common(sets, task, seed, longest), "search": search})
        ways: list[Probed] = []
        with say.stage("Probing", 1 + len(bodies)) as stage:
            floors = asks.told({})[0]
            stage.advance()
            for body in bodies:
                ways += _ways(body, modes, asks)
                stage.advance()
        return Probing(floors if isinstance(floors, Told) else None, ways)


class _Asks:
    """Children asked one after the other."""

    def __init__(self, folder: Path, common: Mapping[str, Any]) -> None:
        self.folder, self.common, self.count = folder, common, 0

    def told(self, more: Mapping[str, Any]) -> list[Told | str]:
        """Measurements, or the reasons why there are none; at least one."""
        self.count += 1
        return probed(self.folder, self.count, Ask(**self.common, **more))


def _ways(body: Body, modes: Sequence[str], asks: _Asks) -> list[Probed]:
    """Each mode of a body. What follows a way that ended its process is asked in another one."""
    ways: list[Probed] = []
    while len(ways) < len(modes):
        left = modes[len(ways) :]
        training = [body.training.model_copy(update={"mode": mode}).model_dump(mode="json") for mode in left]
        answers = asks.told({"model": str(body.folder), "max_tokens": body.max_tokens, "ways": training})
        for mode, told in zip(left, answers, strict=False):
            ways.append(Probed(body, mode, *((told, "") if isinstance(told, Told) else (None, told))))
    return [way for way in ways if not _has_no_half(way)]


def _has_no_half(way: Probed) -> bool:
    """One layer has no upper half."""
    return way.mode == "partial" and way.told is not None and way.told.layers == 1


def _common(sets: Sets, task: Task, seed: int, longest: int) -> dict[str, Any]:
    return {
        "task": task.name, "options": task.options.model_dump(mode="json"), "facts": task.facts, "seed": seed,
        "few": sets.few, "rows": len(sets.train), "longest": longest,
    }  # fmt: skip


def _sample(sets: Sets, seed: int) -> tuple[dict[str, list[Example]], int]:
    """Rows for the probes, drawn at random; where those to train on are not all among them, the longest come last, and
    how many these are."""
    train, held = (_drawn(rows, most, seed) for rows, most in ((sets.train, MOST_TRAIN), (sets.validation, MOST_HELD)))
    if len(train) == len(sets.train):
        return {"train": train, "validation": held}, 0
    longest = sorted(sets.train, key=lambda row: len(row.text), reverse=True)[:LONGEST]
    return {"train": [*train, *longest], "validation": held}, len(longest)


def _drawn(rows: Sequence[Example], most: int, seed: int) -> list[Example]:
    return [rows[i] for i in np.random.default_rng(seed).permutation(len(rows))[:most].tolist()]
