"""Brought: what the rows of earlier turns brought, by which the next ones are judged beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...errors import TunewheelError
from ...feedback.estimate import Learnt
from ...feedback.labels import spelled
from ...registry import Entry
from ...workspace import Workspace
from .evidence import taught_until

# What rows brought long ago says little of what others would bring today.
MOST_TURNS = 5


def brought(workspace: Workspace) -> list[Learnt]:
    """The newest candidates on which the gate has decided: the labelled rows that they learnt from and that the live
    version had wrong, and their gain over it on audited rows, or else on the frozen ones."""
    decided: dict[str, Entry] = {}
    for entry in workspace.ledger.entries():
        if (entry.facts.get("evidence") or {}).get("decision", {}).get("looks"):
            decided[str(entry.facts["version"])] = entry  # by all that is known of it now
    newest = sorted(decided.values(), key=lambda entry: entry.number)[-MOST_TURNS:]
    found = [_learnt(workspace, str(entry.facts["version"]), entry.facts["evidence"]) for entry in newest]
    return [one for one in found if one]


def _learnt(workspace: Workspace, version: str, evidence: Mapping[str, Any]) -> Learnt | None:
    try:
        first, last = (taught_until(workspace, one) for one in (evidence["against"], version))
    except TunewheelError:  # one of the two is not there any more
        return None
    looks = {look["name"]: look["value"] for look in evidence["decision"]["looks"]}
    wrong = _wrong(workspace, first, last)
    return Learnt(wrong, float(looks.get("audited", looks.get("frozen", 0.0)))) if wrong else None


def _wrong(workspace: Workspace, first: int, last: int) -> int:
    """Contents of which people said between these numbers that the right label is another than the one they got."""
    labels = {
        said.asked: said
        for said in workspace.journal.said(first, "label", rows=False)
        if said.asked and said.number <= last
    }
    answers = workspace.journal.find(labels)
    told = [(said.key, said.value, answers[asked].answer) for asked, said in labels.items() if asked in answers]
    return len({key for key, label, answer in told if spelled(label) != spelled(answer)})
