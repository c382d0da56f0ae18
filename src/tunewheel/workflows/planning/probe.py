"""Probe: a few seconds of each way to fine-tune a body, in a process of their own (`probe_child`), so that their memory
is their own and their failure stops nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ...records import Example
from ..rows.handed import read_examples, write_examples

PARTS = ("train", "validation")
MOST_SECONDS = 300.0


@dataclass(frozen=True)
class Ask:
    """A body (`model`, its folder) and the `ways` to fine-tune it, as training settings; without them the floors.

    `rows` are all that would be trained on, `few` says whether they are learnt anew in the end, `search` whether other
    settings will be tried, too; the last `longest` of
    those at hand are no fair sample.
    """

    task: str
    options: Mapping[str, Any]
    facts: Mapping[str, Any]
    seed: int
    few: bool
    rows: int
    search: bool = False
    longest: int = 0
    model: str = ""
    max_tokens: int | None = None
    ways: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True)
class Scored:
    """A plain model's score on `held` rows, fitted on `rows` in `seconds`; `earlier` on half of them."""

    name: str
    score: float
    earlier: float
    rows: int
    held: int
    seconds: float


@dataclass(frozen=True)
class Told:
    """What was measured.

    Seconds: to start (`starting`), to load a module, to encode a row, to read a unit for an answer, to answer one row
    alone, and to settle the number of lanes; `learning`, `watching` and `keeping` as in `Pace`. `units` are those of an
    average row, by part; `most_rows` are learnt from for the frozen encoder, which comes first and is `scored`. In MB:
    the memory held beside the rows, at most and at the end, what a search will add; a module, what moves of it, and
    what a version keeps of it (`weights_mb`).
    """

    memory_mb: float
    end_mb: float
    scored: Scored | None = None
    searching_mb: float = 0.0
    moving_mb: float = 0.0
    starting: float = 0.0
    loading: float = 0.0
    encoding: float = 0.0
    reading: float = 0.0
    alone: float = 0.0
    learning: float = 0.0
    watching: float = 0.0
    keeping: float = 0.0
    units: Mapping[str, float] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)
    weights_mb: float = 0.0
    module_mb: float = 0.0
    width: int = 0
    settling: float = 0.0
    most_rows: float = 0.0
    layers: int = 1


def write_rows(folder: Path, parts: Mapping[str, Sequence[Example]]) -> None:
    """The rows that all probes of a plan read."""
    for name in PARTS:
        write_examples(folder / f"{name}.jsonl", parts[name])


def probed(folder: Path, number: int, ask: Ask) -> list[Told | str]:
    """The answers of a child process, way by way: a measurement, or the reason why there is none.

    They may be fewer than the ways: where a way ended the child, it is the last one that is answered.
    """
    (folder / f"ask-{number}.json").write_text(json.dumps(asdict(ask)), "utf-8")
    command = [sys.executable, "-m", "tunewheel.workflows.planning.probe_child", str(folder), str(number)]
    wanted, last = max(len(ask.ways), 1), ""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=wanted * MOST_SECONDS, check=False)
        last = (done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"])[-1]
    except subprocess.TimeoutExpired:
        last = f"it did not end within {wanted * MOST_SECONDS:.0f} s"
    answers = list(_answers(folder / f"told-{number}.jsonl"))
    return answers if len(answers) >= wanted else [*answers, f"the probe failed ({last})"]


def _answers(path: Path) -> Iterator[Told | str]:
    """What a child came to write; it may have ended within a line."""
    for line in path.read_text("utf-8").splitlines() if path.exists() else []:
        try:
            answer = json.loads(line)
        except ValueError:
            return
        if "failed" in answer:
            yield answer["failed"]
        else:
            scored = answer.pop("scored")
            yield Told(**answer, scored=Scored(**scored) if scored else None)


def read_rows(folder: Path) -> list[list[Example]]:
    """What `write_rows` wrote, part by part."""
    return [read_examples(folder / f"{name}.jsonl") for name in PARTS]
