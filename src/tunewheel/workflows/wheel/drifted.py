"""Drifted: the traffic beside what the live version learnt from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...evaluation.outcomes import answered, plain
from ...feedback.drift import Drift, Profile, look, profile
from ...feedback.drift.profile import FEWEST_ROWS
from ...records import Example, Prediction
from ...serving import Predictor
from ...serving.certificate import evenly
from ...task import Task
from ...workspace import Workspace
from ..rows.sets import Sets
from .traffic import Answers, Traffic, answers, traffic

PROFILE = "profile.json"
# So many rows tell what texts are like; more would only cost time.
MOST_LEARNT = 5_000


def profile_of(task: Task, answers: Sequence[Prediction], sets: Sets) -> Profile | None:
    """What the rows were like, and how a version answers those that steered it; None for pictures and a few rows.

    The `answers` are to the validation rows, by one that has not learnt from them. The version itself may have, so it
    may be surer than its answers here.
    """
    held = sets.validation
    some = [sets.train[i] for i in evenly(len(sets.train), MOST_LEARNT)]  # a file may be sorted
    if task.reads == "image" or len(held) < FEWEST_ROWS:
        return None
    return profile(
        [one.text for one in held], [plain(one.target, one) for one in held],
        [plain(said.value, one) for said, one in zip(answers, held, strict=True)],
        np.array([said.confidence for said in answers]), classes=answered(task.facts["labels"], held),
        trained=[one.text for one in some], trained_labels=[plain(one.target, one) for one in some], twin=True,
    )  # fmt: skip


def drift_of(
    workspace: Workspace, version: str, of: Sequence[Example], said: Answers, before: Drift | None = None
) -> Drift | None:  # fmt: skip
    """What has changed since the version learnt; None where it kept no profile (pictures, drafts, older versions).

    What is only likely to have changed is an alarm where the look `before` found it, too.
    """
    bundle = workspace.bundle(version)
    if PROFILE not in bundle or not of:
        return None
    known = Profile.from_json(bundle.json(PROFILE))
    return look(known, [one.text for one in of], said.values, said.confidences, before=before)


def watched(workspace: Workspace, live: Predictor, window: Traffic, since: str) -> Drift | None:
    """What has changed in a window of the live version's traffic. What is only likely is looked for once more, in what
    was asked before the window and from `since` on."""
    found = drift_of(workspace, live.version, window.examples, answers(live, window))
    if found is None or not found.likely:
        return found
    before = traffic(workspace, live.task, since, window.asked[0].at)
    first = drift_of(workspace, live.version, before.examples, answers(live, before))
    return drift_of(workspace, live.version, window.examples, answers(live, window), first)
