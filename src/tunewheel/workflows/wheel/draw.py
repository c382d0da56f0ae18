"""Draw: from the traffic since the last audit to the rows that a person should label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...feedback.audit import Draw, draw
from ...feedback.journal import Asked, Drawn
from ...registry import CANDIDATE, LIVE, utc_now
from ...serving import Predictor
from ...workspace import Workspace
from ..load import load
from .drifted import drift_of
from .traffic import Answers, Traffic, answers, apart, traffic

# An audit of less traffic than this would say little about it.
FEWEST_ROWS = 50


@dataclass(frozen=True)
class Audit:
    """What was drawn from how many requests; on how many of them the candidate answers differently (None: there is no
    candidate)."""

    drawn: list[Drawn]
    rows: int
    apart: int | None


def draw_audit(workspace: Workspace, labels: int, seed: int = 0) -> Audit:
    """Draw so many rows of the traffic since the last audit into the queue, in random order.

    Where live and candidate answer differently a row is likelier to be drawn, as is one that the live version is not
    sure of or that is unlike what it learnt from; how likely is kept with the row.
    """
    live = load(workspace, LIVE)
    since = last_audit(workspace)
    window = _after(traffic(workspace, live.task, since), since)
    if len(window) < FEWEST_ROWS or labels <= 0:
        return Audit([], len(window), None)
    rival = _candidate(workspace, live)
    mine, theirs = answers(live, window), answers(rival, window) if rival else None
    differ = apart(mine.values, theirs.values) if theirs else None
    drift = drift_of(workspace, live.version, window, mine)
    region = drift.region if drift else None
    chosen = draw(labels, mine.confidences, disagree=differ, drifted=region, seed=seed)
    order = np.random.default_rng(seed).permutation(len(chosen)).tolist()
    rows = [_drawn(chosen[i], window, live, rival, mine, theirs) for i in order]
    workspace.journal.draw(rows)
    return Audit(rows, len(window), int(differ.sum()) if differ is not None else None)


def last_audit(workspace: Workspace) -> str:
    """The end of the traffic that the last audit was drawn from; an audit is named by it."""
    return max((row.audit for row in workspace.journal.drawn()), default="")


def _after(window: Traffic, since: str) -> Traffic:
    """Without what was asked at the very end of the last audit, which it has seen."""
    new = [i for i, one in enumerate(window.asked) if one.at > since]
    return Traffic([window.asked[i] for i in new], [window.examples[i] for i in new])


def _candidate(workspace: Workspace, live: Predictor) -> Predictor | None:
    version = workspace.versions.aliases().get(CANDIDATE)
    if version is None or version == live.version or workspace.versions.get(version).task != live.task.name:
        return None
    return load(workspace, version)


def _drawn(
    draw: Draw, window: Traffic, live: Predictor, rival: Predictor | None, mine: Answers, theirs: Answers | None
) -> Drawn:  # fmt: skip
    asked: Asked = window.asked[draw.position]
    return Drawn(
        at=utc_now(), audit=window.until, population=len(window), asked=asked.id, key=asked.key, row=asked.row,
        version=live.version, answer=_plain(mine.values[draw.position]),
        confidence=float(mine.confidences[draw.position]), rival=rival.version if rival else "",
        rival_answer=_plain(theirs.values[draw.position]) if theirs else None,
        probability=draw.probability, why=draw.why,
    )  # fmt: skip


def _plain(value: Any) -> Any:
    return [list(part) if isinstance(part, tuple) else part for part in value] if isinstance(value, tuple) else value
