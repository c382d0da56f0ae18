"""Standing: how right the live version is on its traffic, from the rows that audits drew and people labelled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...feedback.estimate import Estimate, confidence_only, live_accuracy
from ...feedback.expected import Expected, learn, signs
from ...serving import Predictor
from ...workspace import Workspace
from ..rows.judged import JudgedRow, judged_now
from .draw import audits
from .drifted import drift_of
from .evidence import Audited, audited_rows, taught_until
from .traffic import Answers, Traffic, answers, traffic

# The newest audits with so many labels together say how right the version is now; older ones say what to expect.
PRESENT = 200
# Fewer rows than one audit has teach nothing about others.
FEWEST_EARLIER = 40


@dataclass(frozen=True)
class Accuracy:
    """What audits say (None: nobody has labelled a row), and what the version's own confidences say: the latter
    overstates accuracy just when the traffic changes."""

    audited: Estimate | None
    by_confidence: Estimate | None


def accuracy(workspace: Workspace, live: Predictor) -> Accuracy:
    """Of the live version, on the requests from which the newest audits drew for it, as it answers them.

    Older audits of it, and rows that were drawn for versions before it and that it has not learnt from, tell how right
    its answers are to be expected to be.
    """
    stretches = _stretches(workspace, live)
    labelled = audited_rows(workspace, live.task, taught_until(workspace, live.version))
    present = _present(stretches, labelled, live.version)
    if not present:
        newest = [traffic(workspace, live.task, *stretches[name]) for name in list(stretches)[-1:]]
        return Accuracy(None, confidence_only(answers(live, newest[0]).confidences) if newest else None)
    windows = [traffic(workspace, live.task, *stretches[name]) for name in present]
    judged = judged_now(live, labelled.examples, None)
    earlier = _earlier(workspace, live, labelled, judged, present)
    return _estimated(workspace, live, windows, labelled, judged, earlier)


def _estimated(
    workspace: Workspace, live: Predictor, windows: list[Traffic], labelled: Audited, judged: list[JudgedRow],
    earlier: Expected | None,
) -> Accuracy:  # fmt: skip
    said = [answers(live, window) for window in windows]
    confidences = np.concatenate([one.confidences for one in said])
    place = {one.id: i for i, one in enumerate(one for window in windows for one in window.asked)}
    known = [i for i, row in enumerate(labelled.drawn) if row.asked in place and row.version == live.version]
    if not known:  # the requests were forgotten meanwhile
        return Accuracy(None, confidence_only(confidences))
    positions = np.array([place[labelled.drawn[i].asked] for i in known])
    right, probability = _right(judged)[known], 1 / labelled.weights[known]
    looks = [drift_of(workspace, live.version, of.examples, one) for of, one in zip(windows, said, strict=True)]
    regions = [look.region for look in looks if look]
    strange = np.concatenate(regions) if len(regions) == len(windows) else None
    audited = live_accuracy(confidences, positions, right, probability, drifted=strange, earlier=earlier)
    return Accuracy(audited, confidence_only(confidences))


def _stretches(workspace: Workspace, live: Predictor) -> dict[str, tuple[str, str]]:
    """The stretches of traffic (since, until) that audits of this version drew from, by audit, oldest first."""
    ends = audits(workspace)
    mine = {row.audit for row in workspace.journal.drawn() if row.version == live.version}
    return {until: (since, until) for since, until in zip(["", *ends], ends, strict=False) if until in mine}


def _present(stretches: Mapping[str, tuple[str, str]], labelled: Audited, version: str) -> list[str]:
    """The newest audits of the version that have labels, as many as have `PRESENT` of them together."""
    labels = Counter(row.audit for row in labelled.drawn if row.version == version)
    chosen: list[str] = []
    for name in (name for name in reversed(list(stretches)) if labels[name]):
        if sum(labels[one] for one in chosen) >= PRESENT:
            break
        chosen.append(name)
    return chosen[::-1]


def _earlier(
    workspace: Workspace, live: Predictor, labelled: Audited, judged: list[JudgedRow], present: list[str]
) -> Expected | None:
    """What the rows of all other audits teach of how right the version is; None where they are too few."""
    others = [i for i, row in enumerate(labelled.drawn) if row.audit not in present]
    if len(others) < FEWEST_EARLIER:
        return None
    sure, right = np.array([judged[i].confidence for i in others], float), _right(judged)[others]
    said = Answers([judged[i].predicted for i in others], sure)
    look = drift_of(workspace, live.version, [labelled.examples[i] for i in others], said)
    known, weights = np.zeros((len(others), 8)), labelled.weights[others]
    names = np.array([labelled.drawn[i].audit for i in others])
    for name in set(names):  # how odd a row is counts among those of its audit
        mine = names == name
        known[mine] = signs(sure[mine], look.region[mine] if look else None, weights=weights[mine])
        weights[mine] /= weights[mine].mean()
    return learn(known, right, weights)


def _right(judged: list[JudgedRow]) -> NDArray[np.float64]:
    """Whether the version answers each labelled row right, (n,): it is asked again, and answers as it did."""
    return np.array([float(row.numerator >= row.denominator) for row in judged])
