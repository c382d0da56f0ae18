"""Promotion: a version goes live when there is none yet, or when it is proved better than the live one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..evaluation.compare import difference
from ..records import Ratio
from ..registry import CANDIDATE, LIVE, Version
from ..workspace import Workspace
from .load import load
from .rows.sets import Sets
from .say import Say
from .tuning.enlist import ROWS, JudgedRow, judged_now, judged_rows

LEVEL = 0.05
WAIT_SECONDS = 600.0


def promote_if_proved(workspace: Workspace, version: Version, sets: Sets, say: Say) -> bool:
    """Whether `version` is live now; says why or why not. `sets` hold the frozen test rows.

    Both are compared on the same frozen rows, one-sided at 5 %. A refused version gets no alias at all.
    """
    if version.status == "refused":
        say.line(f"{version.id} is refused and cannot go live: its served answers differ from its evaluated ones.")
        return False
    # One at a time, or two first versions could both go live, the second one unproved.
    with workspace.lock("promotion", wait=WAIT_SECONDS):
        return _promoted(workspace, version, sets, say)


def _promoted(workspace: Workspace, version: Version, sets: Sets, say: Say) -> bool:
    if LIVE not in workspace.versions.aliases():
        workspace.promote(version.id, "the first version of this workspace")
        say.line(f"{version.id} is live: the first version of this workspace.")
        return True
    live = workspace.versions.get(LIVE)
    if live.task != version.task:
        return _beside_another_task(workspace, live, version, say)
    verdict = _against(workspace, live.id, version, sets)
    if verdict.proved:
        workspace.promote(version.id, verdict.sentence)
        say.line(f"{version.id} is live: {verdict.sentence}")
        return True
    workspace.versions.set_alias(CANDIDATE, version.id, reason=verdict.sentence)
    say.line(f"{version.id} is a candidate, {live.id} stays live: {verdict.sentence}")
    say.line(f"To serve it all the same: tunewheel promote {version.id}")
    return False


def _beside_another_task(workspace: Workspace, live: Version, version: Version, say: Say) -> bool:
    """One version of a workspace is live: to change what it answers is for people to decide."""
    reason = f"{live.id}, which is live, has another task ({live.task})."
    workspace.versions.set_alias(CANDIDATE, version.id, reason=reason)
    say.line(f"{version.id} is a candidate: {reason}")
    say.line(f"To serve it instead: tunewheel promote {version.id}. To serve both: --workspace FOLDER for each task.")
    return False


@dataclass(frozen=True)
class _Verdict:
    """The candidate against the live version, and what to say of it."""

    proved: bool
    sentence: str


def _against(workspace: Workspace, live: str, version: Version, sets: Sets) -> _Verdict:
    """Compare both, row by row on the frozen test set."""
    new, old = (_rows_of(workspace, reference, sets) for reference in (version.id, live))
    here, there, groups = _paired(new, old)
    result = difference(here, there, groups=groups, alternative="greater")
    gain = f"{100 * result.value:+.1f} points against {live} (p = {result.p_value:.3f})"
    proved = result.p_value < LEVEL and result.value > 0
    return _Verdict(proved, f"proved better, {gain}." if proved else f"not proved better, {gain}.")


def _rows_of(workspace: Workspace, reference: str, sets: Sets) -> list[JudgedRow]:
    """The per-row results of a version; a draft that was put live by hand is asked now."""
    bundle = workspace.bundle(reference)
    if ROWS in bundle:
        return judged_rows(bundle)
    return judged_now(load(workspace, reference, "torch"), sets.test, sets.groups(sets.test))


def _paired(new: Sequence[JudgedRow], old: Sequence[JudgedRow]) -> tuple[Ratio, Ratio, list[Any]]:
    """The rows that both were judged on, in the same order, and their groups as the one or the other knows them."""
    known = dict(zip(_marks(old), old, strict=True))
    shared = [(row, known[mark]) for mark, row in zip(_marks(new), new, strict=True) if mark in known]
    parts = np.array([[(row.numerator, row.denominator) for row in pair] for pair in shared]).reshape(-1, 2, 2)
    by_side = [[pair[side].group for pair in shared] for side in (0, 1)]
    groups = next((known for known in by_side if any(group is not None for group in known)), by_side[0])
    return Ratio(parts[:, 0, 0], parts[:, 0, 1]), Ratio(parts[:, 1, 0], parts[:, 1, 1]), groups


def _marks(rows: Sequence[JudgedRow]) -> list[tuple[str, int]]:
    """Each row by content and occurrence: the same text may be in a test set twice."""
    seen: Counter[str] = Counter()
    marks = []
    for row in rows:
        marks.append((row.key, seen[row.key]))
        seen[row.key] += 1
    return marks
