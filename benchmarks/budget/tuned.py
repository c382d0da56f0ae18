"""Tunewheel in a contest: one anytime run, read afterwards at each mark by the versions that it had registered."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tunewheel.workspace import Workspace

from .. import commands
from ..sets import LabelledSet
from .contest_file import read_part
from .contests import Contest
from .scoring import counted, packed, score

Part = dict[str, Any]
KEPT = ("model", "kind", "metric", "rows", "peak_memory_mb", "forecast")


@dataclass(frozen=True)
class Moment:
    """A version, and how many seconds after the start of the process it could be used."""

    version: str
    seconds: float
    final: bool = False


def run(contest: Contest, data: LabelledSet, told: Path, folder: Path) -> Part:
    """Tune once with the whole budget, then score what there was at each mark. Raises `CommandFailed`.

    What it will take is forecast before, off the clock, and graded by the run itself.
    """
    workspace = folder / "workspace"
    steering = ["--validation", str(data.validation)] if data.validation else []
    flags = [*data.flags, *steering, "--test", str(data.test), "--budget", f"{contest.budget}s"]
    commands.plan(data.train, *flags, "--model", contest.model, "--quick", workspace=workspace)  # no other is graded
    started = time.time()
    answer = commands.tune(data.train, *flags, workspace=workspace)
    final = Moment(str(answer.value["version"]), round(answer.seconds, 2), final=True)
    drafts = [Moment(v.id, seconds_of(v.created, started), final=False) for v in registered(workspace)]
    read = [*worth_reading(drafts, [*contest.marks, *contest.between]), final]
    facts = {name: answer.value[name] for name in KEPT if name in answer.value}
    return {
        **facts,
        "ended": final.seconds,
        "versions": len(drafts),
        "readings": scored(contest, data, told, workspace, read),
    }


def registered(workspace: Path) -> list[Any]:
    """The versions of a workspace that may be used, oldest first."""
    with Workspace.open(workspace, create=False) as opened:
        return [version for version in opened.versions.list() if version.status != "refused"]


def seconds_of(created: str, started: float) -> float:
    """Seconds from `started` to an ISO 8601 time; one that names no zone is in UTC."""
    moment = datetime.fromisoformat(created)
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return round(max(aware.timestamp() - started, 0.0), 2)


def worth_reading(drafts: Sequence[Moment], marks: Sequence[float]) -> list[Moment]:
    """The newest version at each mark; the others need not be scored."""
    newest = {}
    for mark in sorted(marks):
        found = [draft for draft in drafts if draft.seconds <= mark]
        if found:
            chosen = max(found, key=lambda draft: draft.seconds)
            newest[chosen.version] = chosen
    return list(newest.values())


def scored(
    contest: Contest, data: LabelledSet, told: Path, workspace: Path, moments: Sequence[Moment]
) -> list[dict[str, Any]]:
    """A reading a moment: its seconds, its score, and what each test row counts."""
    versions = list(dict.fromkeys(moment.version for moment in moments))
    asked = commands.ask(commands.module("budget.answers", str(told), str(workspace), *versions))
    actual = read_part(data.test, contest.kind)["answers"]
    rows = {version: counted(contest.metric, asked.value[version], actual) for version in versions}
    return [
        {
            "seconds": moment.seconds, "final": moment.final, "version": moment.version,
            "score": score(contest.metric, rows[moment.version]), "rows": packed(rows[moment.version]),
        }
        for moment in moments
    ]  # fmt: skip
