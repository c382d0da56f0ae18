"""Promotion: a version goes live when there is none yet, or when the gate finds it better than the live one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..evaluation.outcomes import plain, spoken
from ..feedback.forgetting import forgetting
from ..feedback.gate import Decision, Evidence, Guard, decide
from ..registry import CANDIDATE, LIVE, Version
from ..workspace import Workspace
from .rows.judged import Paired
from .rows.sets import Sets
from .say import Say
from .wheel.evidence import frozen_evidence, frozen_pairs, slices_guard

Gate = Callable[[Workspace, Version, Sets, Say], bool]
WAIT_SECONDS = 600.0
MOST_BROKEN = 100  # rows that a ledger entry names by their key


def promote_if_proved(
    workspace: Workspace, version: Version, sets: Sets, say: Say, *,
    audited: Evidence | None = None, guards: Sequence[Guard] = (),
) -> bool:  # fmt: skip
    """Whether `version` is live now; says why or why not. `sets` hold the frozen test rows.

    Both are compared on the same frozen rows, and on `audited` rows where there are any. A refused version gets no
    alias at all.
    """
    if version.status == "refused":
        say.line(f"{version.id} is refused and cannot go live: its served answers differ from its evaluated ones.")
        return False
    # One at a time, or two first versions could both go live, the second one unproved.
    with workspace.lock("promotion", wait=WAIT_SECONDS):
        if LIVE not in workspace.versions.aliases():
            workspace.promote(version.id, "the first version of this workspace")
            say.line(f"{version.id} is live: the first version of this workspace.")
            return True
        live = workspace.versions.get(LIVE)
        if live.task != version.task:
            return _beside_another_task(workspace, live, version, say)
        return _decided(workspace, live, version, sets, say, audited, guards)


def _decided(
    workspace: Workspace, live: Version, version: Version, sets: Sets, say: Say, audited: Evidence | None,
    guards: Sequence[Guard],
) -> bool:  # fmt: skip
    """Let the gate decide, enter what it saw and decided in the ledger, and act on it: one step of the database."""
    pairs = frozen_pairs(workspace, version.id, live.id, sets)
    evidence = [frozen_evidence(workspace, version, pairs, sets.test_sha256), *([audited] if audited else [])]
    decision = decide(evidence, [slices_guard(sets.test, pairs), *guards])
    reason, facts = f"{decision.sentence}.", _facts(live, sets, decision, pairs)
    if decision.promote:
        workspace.promote(version.id, reason, expected=live.id, evidence=facts)
        say.line(f"{version.id} is live instead of {live.id}: {reason}")
        return True
    workspace.versions.set_alias(CANDIDATE, version.id, reason=reason, evidence=facts)
    say.line(f"{version.id} is a candidate, {live.id} stays live: {reason}")
    say.line(f"To serve it all the same: tunewheel promote {version.id}")
    return False


def _facts(live: Version, sets: Sets, decision: Decision, pairs: Paired) -> dict[str, Any]:
    """What the ledger keeps of a decision."""
    right = {example.key: spoken(plain(example.target, example), example.text) for example in sets.test}
    told = forgetting([right.get(key, "") for key in pairs.keys], pairs.new, pairs.old)
    broken = [pairs.keys[position] for position in told.broken[:MOST_BROKEN]]
    facts = {"against": live.id, "test": sets.test_sha256, "decision": decision.to_json()}
    return {**facts, "forgetting": {**told.to_json(), "broken_rows": broken}}


def _beside_another_task(workspace: Workspace, live: Version, version: Version, say: Say) -> bool:
    """One version of a workspace is live: to change what it answers is for people to decide."""
    reason = f"{live.id}, which is live, has another task ({live.task})."
    workspace.versions.set_alias(CANDIDATE, version.id, reason=reason)
    say.line(f"{version.id} is a candidate: {reason}")
    say.line(f"To serve it instead: tunewheel promote {version.id}. To serve both: --workspace FOLDER for each task.")
    return False
