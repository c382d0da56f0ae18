"""Roll-out: a version that works beside the live one before it may take over, and what a store of it must do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from ..errors import WorkspaceError
from ..feedback.limits import GuardLimits

Mode = Literal["shadow", "canary"]


@dataclass(frozen=True, kw_only=True)
class Rollout:
    """A version beside the live one. A "shadow" is asked, too, and never served; a "canary" is served to a `share` of
    the requests.

    `entry` is the ledger entry that began it, and its name for whoever ends it. `began` is UTC, ISO 8601, `said` the
    number of the last of what people had said by then. Guards keep a canary to its `limits`; what they `stopped` has a
    share of 0 and says why.
    """

    mode: Mode
    version: str
    share: float
    began: str
    entry: int
    said: int = 0
    limits: GuardLimits = field(default_factory=GuardLimits)
    stopped: str = ""

    @property
    def at_work(self) -> bool:
        """Whether servers ask the version at all."""
        return self.share > 0


class RolloutStore(Protocol):
    """Where the roll-out is kept: at most one. Every change is a ledger entry, named by its mode, in the same
    transaction; when another version goes live it is over."""

    def now(self) -> Rollout | None:
        """The roll-out, if there is one."""

    def begin(
        self, mode: Mode, reference: str, share: float, reason: str = "", limits: GuardLimits | None = None
    ) -> Rollout:
        """Let a version work beside the live one, in place of what did so before.

        Raises `VersionMissing` when there is no such version or nothing is live, `WorkspaceError` when it is the live
        version itself or the share is no share.
        """

    def stop(self, entry: int, reason: str, evidence: Mapping[str, Any] | None = None) -> bool:
        """Set the share of the roll-out that this entry began to 0, and keep why. False where it is over already."""

    def end(self, mode: Mode, reason: str = "") -> Rollout:
        """Let nothing work beside the live version any more. Raises `WorkspaceError` when no such roll-out is there."""


def checked_share(mode: Mode, share: float) -> float:
    """The share, if a roll-out of this mode can have it. Raises `WorkspaceError`."""
    if not 0 < share <= 1:  # also when it is no number
        raise WorkspaceError(
            f"{100 * share:g} % is no share of the requests.", mend=f"To end it: tunewheel {mode} --off"
        )
    if mode == "canary" and share == 1:
        raise WorkspaceError("a canary at 100 % has nothing beside it.", mend="Promote it: tunewheel promote VERSION")
    return float(share)


def nothing_to_end(mode: Mode, now: Rollout | None) -> WorkspaceError:
    """What to say when there is no roll-out of this mode."""
    there = f"there is a {now.mode} ({now.version})" if now else "nothing works beside the live version"
    return WorkspaceError(f"there is no {mode}: {there}.", mend="Look at `tunewheel versions`.")
