"""audit: draw rows of the traffic for a person to label, hand them out, and take their labels in."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..data import read
from ..errors import DataError, Problem, RequestInvalid
from ..feedback.estimate import Estimate
from ..feedback.journal import Drawn, Said
from ..records import Source
from ..registry import LIVE, utc_now
from ..task import Task
from ..workspace import Workspace
from .load import load
from .rows.taught import taught
from .wheel.draw import Audit, draw_audit, waiting
from .wheel.standing import accuracy

ID, LABEL = "id", "label"
MOST_TOLD = 20


@dataclass(frozen=True)
class Queue:
    """The rows that wait for a label, live accuracy as it is known, and the half width of its interval (shares of 1)
    that labelling all of them would leave."""

    rows: list[Drawn]
    accuracy: Estimate | None
    reach: float | None


def queue(workspace: Workspace) -> Queue:
    """What is to be labelled, and what that would tell."""
    from ..feedback.estimate import reach

    rows = waiting(workspace)
    known = accuracy(workspace, load(workspace, LIVE)).audited
    return Queue(rows, known, reach(known, len(rows)) if known and rows else None)


def draw(workspace: Workspace, labels: int, seed: int = 0) -> Audit:
    """Draw so many rows more from the traffic since the last audit."""
    return draw_audit(workspace, labels, seed)


def hand_out(workspace: Workspace, path: Path) -> int:
    """Write the queue as a CSV file with an empty column for the label; gives how many rows.

    What the versions answered is left out, for who reads an answer first is likelier to agree with it.
    """
    rows = waiting(workspace)
    columns = list(dict.fromkeys(name for row in rows for name in row.row))
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([ID, *columns, LABEL])
        writer.writerows([row.asked, *(row.row.get(name, "") for name in columns), ""] for row in rows)
    return len(rows)


def take_in(workspace: Workspace, path: Path, who: str = "auditor") -> int:
    """Keep the labels of a file that was handed out; rows without a label are left in the queue. Gives how many.

    Raises `RequestInvalid` naming every row whose id was not drawn or whose label the task cannot read; nothing is
    kept then.
    """
    drawn = {row.asked: row for row in workspace.journal.drawn()}
    table, task, labels = read(path), load(workspace, LIVE).task, []
    missing = [name for name in (ID, LABEL) if name not in table.columns]
    if missing:
        mend = "Take the file that `tunewheel audit --export` wrote."
        raise RequestInvalid(f"there is no column '{missing[0]}'.", where=path.name, mend=mend)
    problems: list[Problem] = []
    for number, row in table.numbered():
        label = row.get(LABEL)
        if label is None or label == "":
            continue
        found = drawn.get(str(row.get(ID)))
        fault = _fault(task, found, label, Source(path.name, number))
        problems += [fault] if fault else []
        labels += [_label(found, label, who)] if found and not fault else []
    if problems:
        raise RequestInvalid.of(problems[:MOST_TOLD])
    workspace.journal.say(labels)
    return len(labels)


def _fault(task: Task, row: Drawn | None, label: Any, source: Source) -> Problem | None:
    if row is None:
        return Problem("this id was not drawn.", str(source), "Keep the ids as they were handed out.")
    try:
        taught(task, row.row, label, source)
    except DataError as error:
        return error.problems[0]
    return None


def _label(row: Drawn, label: Any, who: str) -> Said:
    return Said(
        at=utc_now(), who=who, origin="audit", kind="label", value=label, asked=row.asked, key=row.key, row=row.row
    )  # fmt: skip
