"""status: how the live version stands, and what to do next and why."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from ..feedback.drift import Drift
from ..feedback.estimate import Estimate
from ..feedback.trigger import Advice, Known, advise
from ..registry import CANDIDATE, LIVE, Version
from ..serving import Predictor
from ..workspace import Workspace
from .load import load
from .say import Silent
from .wheel.draw import last_audit, waiting
from .wheel.drifted import watched
from .wheel.evidence import audited_rows, taught_until
from .wheel.learn import lessons_of
from .wheel.live import live_version, went_live
from .wheel.standing import Accuracy, accuracy
from .wheel.traffic import Traffic, traffic


@dataclass(frozen=True)
class Status:
    """The live version, since when, what it was asked, how right it is (estimated), how its traffic has changed, what
    waits, and what to do, the most urgent first."""

    version: str
    name: str
    since: str
    requests: int
    metric: str
    evaluated: float | None
    accuracy: Estimate | None
    by_confidence: Estimate | None
    drift: Drift | None
    candidate: str | None
    waiting: int
    decidable: int
    new_rows: int
    feedback: int
    advice: list[Advice]

    def to_json(self) -> dict[str, Any]:
        """The object of `--json`."""
        return {**asdict(replace(self, drift=None)), "drift": self.drift and self.drift.to_json()}


def status(workspace: Workspace) -> Status:
    """Look at the live version. Raises `VersionMissing` when nothing is live."""
    version, live = live_version(workspace), load(workspace, LIVE)
    since = went_live(workspace)
    window = traffic(workspace, live.task, last_audit(workspace))
    if not len(window):  # since the last audit nothing was asked: what it drew from is the newest there is
        window = traffic(workspace, live.task)
    drift = watched(workspace, live, window, since) if len(window) else None
    return _status(workspace, version, live, since, window, drift)


def _status(
    workspace: Workspace, version: Version, live: Predictor, since: str, window: Traffic, drift: Drift | None
) -> Status:  # fmt: skip
    candidate = workspace.versions.aliases().get(CANDIDATE)
    candidate = None if candidate == version.id else candidate
    known = max(taught_until(workspace, one) for one in (version.id, candidate) if one)
    new = lessons_of(workspace, 0, Silent()).newer_than(known)
    decidable = len(audited_rows(workspace, live.task, known).examples) if candidate else 0
    right, metric = accuracy(workspace, live), live.task.best_by
    asked = workspace.journal.count(version=version.id, role="live")
    facts = Known(
        asked, len(waiting(workspace)), decidable, candidate, new, _evaluated(version, metric), right.audited,
        (drift.decision, drift.sentence) if drift else None,
    )  # fmt: skip
    return _joined(version, since, metric, facts, right, drift, workspace.journal.last())


def _joined(
    version: Version, since: str, metric: str, facts: Known, right: Accuracy, drift: Drift | None, said: int
) -> Status:  # fmt: skip
    return Status(
        version=version.id, name=version.name, since=since, requests=facts.requests, metric=metric,
        evaluated=version.scores.get(metric), accuracy=right.audited, by_confidence=right.by_confidence, drift=drift,
        candidate=facts.candidate, waiting=facts.waiting, decidable=facts.decidable, new_rows=facts.new_rows,
        feedback=said, advice=advise(facts),
    )  # fmt: skip


def _evaluated(version: Version, metric: str) -> float | None:
    """The score on the frozen test rows where it is a share of rows that are right, as live accuracy is."""
    return version.scores.get(metric) if metric == "accuracy" else None
