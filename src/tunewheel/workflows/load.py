"""load: a registered version as a predictor."""

from __future__ import annotations

from ..serving import Predictor
from ..workspace import Workspace


def load(workspace: Workspace, version: str = "live") -> Predictor:
    """The version with this id or alias, ready to answer.

    Raises `VersionMissing`, listing what there is, `BundleDamaged` naming the file, or `ModelError`.
    """
    from ..registry.revive import revive  # loads torch

    found = workspace.versions.get(version)
    revived = revive(workspace.bundle(found.id), workspace.bases)
    return Predictor(revived.task, revived.encode, revived.engine, found.id)
