"""Standing: how right the live version is on its traffic, from the rows that audits drew and people labelled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...feedback.estimate import Estimate, confidence_only, live_accuracy
from ...serving import Predictor
from ...workspace import Workspace
from ..rows.judged import judged_now
from .draw import audits
from .drifted import drift_of
from .evidence import Audited, audited_rows
from .traffic import Traffic, answers, traffic


@dataclass(frozen=True)
class Accuracy:
    """What audits say (None: nobody has labelled a row), and what the version's own confidences say: the latter
    overstates accuracy just when the traffic changes."""

    audited: Estimate | None
    by_confidence: Estimate | None


def accuracy(workspace: Workspace, live: Predictor) -> Accuracy:
    """Of the live version, on the requests from which audits drew for it, as it answers them."""
    windows = _windows(workspace, live)
    if not windows:
        return Accuracy(None, None)
    said = [answers(live, window) for window in windows]
    confidences = np.concatenate([one.confidences for one in said])
    place = {one.id: i for i, one in enumerate(one for window in windows for one in window.asked)}
    labelled = audited_rows(workspace, live.task, 0)
    known = [i for i, row in enumerate(labelled.drawn) if row.asked in place and row.version == live.version]
    if not known:
        return Accuracy(None, confidence_only(confidences))
    positions = np.array([place[labelled.drawn[i].asked] for i in known])
    right, probability = _right(live, labelled)[known], 1 / labelled.weights[known]
    looks = [drift_of(workspace, live.version, of, one) for of, one in zip(windows, said, strict=True)]
    regions = [look.region for look in looks if look]
    strange = np.concatenate(regions) if len(regions) == len(windows) else None
    audited = live_accuracy(confidences, positions, right, probability, drifted=strange)
    return Accuracy(audited, confidence_only(confidences))


def _windows(workspace: Workspace, live: Predictor) -> list[Traffic]:
    """The requests that each audit of this version drew from, as it saw them."""
    ends = audits(workspace)
    mine = {row.audit for row in workspace.journal.drawn() if row.version == live.version}
    stretches = [(since, until) for since, until in zip(["", *ends], ends, strict=False) if until in mine]
    return [traffic(workspace, live.task, since, until) for since, until in stretches]


def _right(live: Predictor, labelled: Audited) -> NDArray[np.float64]:
    """Whether the version answers each labelled row right, (n,): it is asked again, and answers as it did."""
    rows = judged_now(live, labelled.examples, None)
    return np.array([float(row.numerator >= row.denominator) for row in rows])
