"""Test rows: chosen or given once, frozen in the workspace, and from then on the only judge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...data import overlap
from ...errors import WorkspaceError
from ...records import Example
from ...task import Task
from ...workspace import FrozenTest, Workspace, content_sha256
from .frozen import as_example, as_row, labels_of


@dataclass(frozen=True)
class Judge:
    """The frozen test set at work. `new` is true in the run that froze it."""

    examples: list[Example]
    sha256: str
    created: str
    new: bool

    def left_of(self, pool: Sequence[Example]) -> list[Example]:
        """The rows of `pool` that are not, and are not nearly, in the test set."""
        outside = np.ones(len(pool), dtype=bool)
        outside[overlap(self.examples, pool)] = False
        return [pool[position] for position in np.flatnonzero(outside).tolist()]


def to_be_frozen(test: Sequence[Example]) -> Judge:
    """The test rows before they are frozen: for the division that must succeed first."""
    return Judge(list(test), "", "", new=True)


def freeze(workspace: Workspace, task: Task, judge: Judge, file: Path, fingerprint: str) -> Judge | None:
    """Freeze the rows as the judge of this workspace; None when another run was first and froze other ones."""
    facts = {"task": task.name, "file": file.name, "fingerprint": fingerprint}
    rows = [as_row(example) for example in judge.examples]
    frozen = workspace.freeze_test(task.name, rows, [example.key for example in judge.examples], facts)
    return _opened(frozen, new=True) if frozen.sha256 == content_sha256(rows) else None


def frozen_rows(workspace: Workspace, task: Task, given: Sequence[Example], pool: Sequence[Example]) -> Judge | None:
    """The workspace's test set, if there is one already.

    Raises `WorkspaceError` when other test rows are `given`, or when it is about another subject than `pool`.
    """
    frozen = workspace.frozen_test(task.name)
    if frozen is None:
        return None
    if given and {example.key for example in given} != set(frozen.keys):
        raise WorkspaceError(
            f"this workspace judges on a test set frozen {frozen.created[:10]}; "
            "the test rows given now are not the same.",
            mend="Leave them out, or start another workspace with --workspace FOLDER.",
        )
    rows = _opened(frozen, new=False)
    labels = labels_of(rows.examples)
    if len(labels & labels_of(pool)) < len(labels) / 2:
        raise WorkspaceError(
            "this workspace judges on a frozen test set whose labels hardly occur in this file.",
            mend="Another subject needs another workspace: --workspace FOLDER.",
        )
    return rows


def _opened(frozen: FrozenTest, new: bool) -> Judge:
    return Judge([as_example(row) for row in frozen.rows()], frozen.sha256, frozen.created, new)
