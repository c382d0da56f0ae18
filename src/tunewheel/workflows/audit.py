"""audit: draw rows of the traffic for a person to label, hand them out, and take their labels in."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from ..data import read
from ..errors import ColumnError, DataError, Problem
from ..feedback.estimate import Estimate, gain, reach
from ..feedback.journal import Drawn
from ..feedback.trigger import FEWEST_LABELS
from ..records import Source
from ..registry import LIVE
from ..workspace import Workspace
from .feedback import Imported, import_file
from .load import load
from .wheel.brought import brought
from .wheel.draw import Audit, draw_audit, waiting
from .wheel.standing import accuracy

ID, LABEL = "id", "label"
MOST_TOLD = 20
KEEP_IDS = "Take the file that `tunewheel audit --export` wrote, and keep its ids."


@dataclass(frozen=True)
class Queue:
    """The rows that wait for a label, and live accuracy as it is known.

    `more` rows labelled (those that wait; where none does, as many as are drawn usually) would leave an interval that
    reaches so far each way, and learning from them can be expected to bring so much accuracy: in shares of 1, None
    where nothing is known to tell it by.
    """

    rows: list[Drawn]
    accuracy: Estimate | None
    more: int
    reach: float | None
    gain: float | None


def queue(workspace: Workspace) -> Queue:
    """What is to be labelled, what that would tell, and what it would bring."""
    rows, live = waiting(workspace), load(workspace, LIVE)
    more, known = len(rows) or FEWEST_LABELS, accuracy(workspace, live)
    told = known.audited or known.by_confidence
    counts = live.task.best_by == "accuracy"  # what turns gained is counted as live accuracy is
    brings = gain(known.audited, more, brought(workspace)) if known.audited and counts else None
    return Queue(rows, known.audited, more, reach(told, more) if told else None, brings)


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


def take_in(workspace: Workspace, path: Path, who: str = "auditor") -> Imported:
    """Keep the labels of a file that was handed out; rows without a label are left in the queue.

    Raises `DataError` naming every row whose id was not drawn, or every mistake of the labels; nothing is kept then.
    """
    drawn = {row.asked for row in workspace.journal.drawn()}
    table = read(path)
    strange = [
        Problem(f"the id {str(row[ID])[:40]!r} was not drawn.", str(Source(path.name, number)), KEEP_IDS)
        for number, row in table.numbered()
        if row.get(ID) and row.get(LABEL) not in (None, "") and str(row[ID]) not in drawn
    ]
    if strange:
        raise DataError.of(strange[:MOST_TOLD])
    if ID not in table.columns:
        raise ColumnError(f"there is no column '{ID}'.", where=path.name, mend=KEEP_IDS)
    return import_file(workspace, path, who=who, origin="audit")
