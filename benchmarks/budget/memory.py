"""Memory and time by the number of rows: 10,000, 100,000 and a million, checked and tuned; and a million with time
enough to learn from them."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .. import commands
from ..sets import ROOT, LabelledSet
from .plan import MILLION
from .sentences import write_large

# Rows, and the budget of the run on them: what a run does with its budget is bounded, what comes before is not.
SIZES = {10_000: 10, 100_000: 20, 1_000_000: 90}
# The budget in which a million rows are tokenised, and learnt from.
LEARNING_SECONDS = 400
LEARNS = ("Frozen encoder", "Fine-tuning")
# A run that goes on longer than this beyond its budget is stopped.
LATEST_SECONDS = 240.0
# What `tune` says when the rows are read, checked and divided.
DIVIDED = "to train"


def measure(data: LabelledSet, rows: int | None) -> dict[str, Any]:
    """Each size in turn, one that `failed` among them; for a trial files of `rows` rows at most."""
    sizes = [(size, budget) for size, budget in SIZES.items() if not rows or size <= rows]
    return {"sizes": [_tried(data, size, budget) for size, budget in sizes]}


def learn(data: LabelledSet, rows: int | None) -> dict[str, Any]:
    """A million rows (for a trial `rows`) with a budget that goes beyond the floors."""
    return {"sizes": [_tried(data, rows or MILLION, LEARNING_SECONDS)]}


def _tried(data: LabelledSet, size: int, budget: int) -> dict[str, Any]:
    try:
        with commands.temporary_folder() as folder:
            return _measured(data, size, budget, Path(folder))
    except commands.CommandFailed as error:
        return {"size": size, "failed": str(error)}


def _measured(data: LabelledSet, size: int, budget: int, folder: Path) -> dict[str, Any]:
    path = write_large(data.train, folder / f"{size}.csv", size)
    commands.say(f"    {size:,} rows, {path.stat().st_size / 1e6:.0f} MB")
    checked = check_seconds(path)
    commands.say(f"    checked in {checked:.1f} s")
    arguments = [str(path), "--budget", f"{budget}s", "--workspace", str(folder / "workspace")]
    ran = commands.ask(commands.module("budget.large_run", *arguments), budget + LATEST_SECONDS)
    return {
        "size": size, "bytes": path.stat().st_size, "budget": budget, "check_seconds": checked,
        "tune_seconds": round(ran.seconds, 1), "divided_seconds": divided_at(ran.value["stages"]),
        "learnt": has_learnt(ran.value["stages"]), **ran.value,
    }  # fmt: skip


def check_seconds(path: Path) -> float:
    """Seconds of `tunewheel check`. Raises `CommandFailed` when it takes longer than five minutes."""
    started = time.perf_counter()
    command = [*commands.TUNEWHEEL, "check", str(path), "--json"]
    try:
        ended = subprocess.run(command, capture_output=True, cwd=ROOT, env=commands.environment(), timeout=300)
    except subprocess.TimeoutExpired:
        raise commands.CommandFailed(f"tunewheel check {path.name}: not done after 300 s") from None
    if not ended.stdout.strip().endswith(b"}"):
        raise commands.CommandFailed(f"tunewheel check {path.name}: {ended.stderr.decode('utf-8', 'replace')[-600:]}")
    return round(time.perf_counter() - started, 1)


def divided_at(stages: Sequence[Mapping[str, Any]]) -> float | None:
    """When the rows were read, checked and divided, in seconds; None where the run did not say."""
    return next((stage["seconds"] for stage in stages if DIVIDED in stage["said"]), None)


def has_learnt(stages: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the rows were tokenised and a body learnt from them, or only the floors did."""
    return any(stage["said"].startswith(LEARNS) for stage in stages)
