"""Roll-out: a candidate is asked beside the live version (shadow) or answers a share of the requests (canary)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ..errors import CertificateMismatch, WorkspaceError
from ..feedback.alike import alike
from ..feedback.journal import Role
from ..feedback.limits import GuardLimits
from ..registry import CANDIDATE, LIVE, Mode, Rollout
from ..workspace import Workspace
from .remarked import Remarked

# So many rows, the newest, show how often two versions agree.
MOST_ROWS = 5_000


def shadow(workspace: Workspace, version: str | None = None, *, share: float = 1.0, reason: str = "") -> Rollout:
    """Ask `version` (the candidate) about a share of what is kept, too; nobody is served by it.

    Raises `VersionMissing`, `BundleDamaged`, `CertificateMismatch` or `WorkspaceError` when it cannot be.
    """
    return _begun(workspace, "shadow", version, share, reason, None)


def canary(
    workspace: Workspace, share: float, version: str | None = None, *, limits: GuardLimits | None = None,
    reason: str = "",
) -> Rollout:  # fmt: skip
    """Let `version` answer a share of the requests, until a guard trips or somebody ends it. Without a `version` it is
    the one that works beside the live one already, or the candidate. Raises as `shadow`."""
    return _begun(workspace, "canary", version, share, reason, limits)


def _begun(
    workspace: Workspace, mode: Mode, version: str | None, share: float, reason: str, limits: GuardLimits | None
) -> Rollout:  # fmt: skip
    now = workspace.rollout.now()
    found = workspace.versions.get(version or (now.version if now else CANDIDATE))
    if found.status == "refused":
        raise CertificateMismatch(
            f"version {found.id} may not be asked: its served answers differ from its evaluated ones.",
            mend=f"Look at its certificate with `tunewheel report {found.id}`, and tune again.",
        )
    live = workspace.versions.get(LIVE)
    if found.task != live.task:
        raise WorkspaceError(
            f"{found.id} does {found.task}, and {live.id}, which is live, does {live.task}.",
            mend="Name a version of the same task.",
        )
    workspace.bundle(found.id)
    return workspace.rollout.begin(mode, found.id, share, reason, limits)


@dataclass(frozen=True)
class Standing:
    """A roll-out, the live version, and what the journal tells of the two: how many rows the candidate was asked, about
    how many of them it is known what the other one says, and how often that is the same; and what people said no to."""

    rollout: Rollout
    live: str
    asked: int = 0
    compared: int = 0
    agreed: int = 0
    refused: int = 0
    refused_live: int = 0

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        facts = {**asdict(self.rollout), "limits": self.rollout.limits.model_dump()}
        return {**facts, "live": self.live, **{name: getattr(self, name) for name in _COUNTED}}


_COUNTED = ("asked", "compared", "agreed", "refused", "refused_live")


def standing(workspace: Workspace) -> Standing | None:
    """How the roll-out stands, if there is one."""
    rollout, live = workspace.rollout.now(), workspace.versions.aliases().get(LIVE, "")
    if rollout is None:
        return None
    journal, role = workspace.journal, rollout.mode
    asked = journal.count(rollout.began, "", rollout.version, role)
    mine = _answers(workspace, rollout, rollout.version, role)
    # Of a canary's rows the live version was asked later, unseen; of a shadow's it was the one that answered.
    theirs = _answers(workspace, rollout, live, "shadow" if role == "canary" else "live")
    both = mine.keys() & theirs.keys()
    agreed = sum(alike(mine[one], theirs[one]) for one in both)
    said = Remarked(journal, rollout, live).look() if role == "canary" else None
    return Standing(
        rollout, live, asked, len(both), agreed, said.new_bad if said else 0, said.old_bad if said else 0
    )  # fmt: skip


def _answers(workspace: Workspace, rollout: Rollout, version: str, role: Role) -> dict[str, Any]:
    """The newest answers of a version by their ids."""
    kept = workspace.journal.asked(rollout.began, "", version, role, MOST_ROWS)
    return {one.id: one.answer for one in kept}
