"""A rival in a contest: its program run as a child, its readings scored here, where the answers are."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import commands
from ..sets import LabelledSet
from .contest_file import read_part
from .contests import Contest
from .environments import python_of
from .scoring import counted, packed, score

Part = dict[str, Any]
# Beyond the seconds on the clock: reading the test rows at the marks.
OFF_THE_CLOCK = 600.0


@dataclass(frozen=True)
class Rival:
    """A program in `rivals/`, its name in tables, and its environment where it needs one of its own."""

    name: str
    title: str
    program: str
    environment: str = ""


RIVALS = {
    rival.name: rival
    for rival in (
        Rival("tfidf", "TF-IDF + logistic regression", "tfidf"),
        Rival("encoder", "frozen encoder + logistic regression", "encoder"),
        Rival("setfit", "SetFit", "setfit_few", "setfit"),
        Rival("autogluon", "AutoGluon text", "autogluon_text", "autogluon"),
        Rival("trainer", "transformers.Trainer", "fine_tuned"),
    )
}


def unavailable(name: str) -> Part:
    """Makes the environment of a rival that has its own; says so where it cannot be made here."""
    environment = RIVALS[name].environment if name in RIVALS else ""
    try:
        if environment:
            python_of(environment)
    except commands.CommandFailed as error:
        return {"unavailable": f"its environment cannot be made here: {error}"}
    return {}


def run(rival: Rival, contest: Contest, data: LabelledSet, told: Path, longest: float) -> Part:
    """Let it compete for at most `longest` seconds. Raises `CommandFailed`."""
    python = python_of(rival.environment) if rival.environment else sys.executable
    arguments = [str(told), "--longest", str(longest), "--started", repr(time.time())]
    command = commands.module(f"budget.rivals.{rival.program}", *arguments, python=python)
    answer = commands.ask(command, longest + OFF_THE_CLOCK)
    return scored(contest, data, answer.value)


def scored(contest: Contest, data: LabelledSet, found: Part) -> Part:
    """What it gave, with scores and what each test row counts in place of the answers."""
    actual = read_part(data.test, contest.kind)["answers"]
    readings = []
    for reading in found["readings"]:
        rows = counted(contest.metric, reading["answers"], actual)
        kept = {name: reading[name] for name in ("seconds", "validation")}
        readings.append({**kept, "score": score(contest.metric, rows), "rows": packed(rows)})
    if readings:
        readings[-1]["final"] = "stopped" not in found
    ended = found.get("ended") or max((reading["seconds"] for reading in readings), default=0.0)
    return {**{k: v for k, v in found.items() if k != "readings"}, "ended": ended, "readings": readings}
