"""Results on disk and on the terminal: a part a set, so that a benchmark resumes; the result; the table."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from tunewheel.models.machine import processor

from .bars import Bar
from .sets import ROOT

FOLDER = ROOT / "benchmarks" / "results"
TRIALS = FOLDER / "trial"
HOLDS = {True: "yes", False: "NO", None: "-"}
LONGEST_NOTE = 100


def read_parts(folder: Path, names: Sequence[str]) -> dict[str, Any]:
    """The parts that were kept, in the order of `names`."""
    paths = {name: _part(folder, name) for name in names}
    return {name: json.loads(path.read_text("utf-8")) for name, path in paths.items() if path.exists()}


def keep_part(folder: Path, name: str, part: Mapping[str, Any]) -> None:
    """Write one set's part, whole or not at all."""
    _part(folder, name).parent.mkdir(parents=True, exist_ok=True)
    _write(_part(folder, name), part)


def write_result(folder: Path, name: str, parts: Mapping[str, Any], bars: Sequence[Bar]) -> Path:
    """Write a benchmark's result, such as `main.json`, from the parts and the bars."""
    path = folder / name
    _write(path, merged(parts, bars, {"commit": commit(), "machine": machine(), "date": now()}))
    return path


def read_result(folder: Path, name: str) -> dict[str, Any]:
    """A result as it was written; empty where there is none."""
    path = folder / name
    return dict(json.loads(path.read_text("utf-8"))) if path.exists() else {}


def merged(parts: Mapping[str, Any], bars: Sequence[Bar], made: Mapping[str, Any]) -> dict[str, Any]:
    """The whole result: where and when it was `made`, the bars, and what was measured set by set."""
    return {**made, "bars": [bar.to_json() for bar in bars], "sets": dict(parts)}


def commit() -> str:
    """The commit that is checked out, with a plus when files differ from it; empty outside a repository."""
    head = _git("rev-parse", "--short=12", "HEAD")
    # The result itself is rewritten by each run and says nothing about the code.
    changed = _git("status", "--porcelain", "--", ".", ":(exclude)benchmarks/results")
    return f"{head}+" if head and changed else head


def machine() -> dict[str, Any]:
    """The processor, the cores this process may use, and the memory in GB."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {"cpu": processor(), "cores": cores, "memory_gb": round(psutil.virtual_memory().total / 1e9, 1)}


def now() -> str:
    """The time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def table(bars: Sequence[Bar]) -> str:
    """The bars as lines in columns; notes are cut where the result has them whole."""
    head = ("bar", "value", "must be", "holds", "note")
    rows = [(bar.name, shown(bar.value), bar.bar, HOLDS[bar.holds], _cut(bar.note)) for bar in bars]
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head) - 1)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]).rstrip()
        for row in (head, *rows)
    )


def shown(value: float | str | None) -> str:
    """A score with four digits, anything larger with one."""
    if value is None or isinstance(value, str):
        return value or "-"
    return f"{value:.4f}" if abs(value) <= 1 else f"{value:,.1f}"


def _cut(note: str) -> str:
    line = " ".join(note.split())
    return line if len(line) <= LONGEST_NOTE else line[: LONGEST_NOTE - 3] + "..."


def _part(folder: Path, name: str) -> Path:
    return folder / "parts" / f"{name}.json"


def _write(path: Path, value: Mapping[str, Any]) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", "utf-8")
    fresh.replace(path)


def _git(*arguments: str) -> str:
    answered = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return answered.stdout.strip()
