"""Drifted: the traffic beside what the live version learnt from."""

from __future__ import annotations

from ...feedback.drift import Drift, Profile, look
from ...workspace import Workspace
from .traffic import Answers, Traffic

PROFILE = "profile.json"
# So many rows tell what texts are like; more would only cost time.
MOST_LEARNT = 5_000


def drift_of(workspace: Workspace, version: str, of: Traffic, answers: Answers) -> Drift | None:
    """What has changed since the version learnt; None where it kept no profile (pictures, drafts, older versions)."""
    bundle = workspace.bundle(version)
    if PROFILE not in bundle:
        return None
    known = Profile.from_json(bundle.json(PROFILE))
    probabilities = [one.probabilities for one in of.asked]
    texts = [example.text for example in of.examples]
    return look(known, texts, answers.values, answers.confidences, probabilities=probabilities)
