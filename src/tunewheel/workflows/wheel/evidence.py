"""Evidence: what is known of a candidate beside the live version: frozen test rows, and audited rows of the traffic."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import DataError
from ...evaluation.permutation import exchanged
from ...evaluation.slices import FEWEST_ROWS, cuts, holm
from ...feedback.gate import Evidence, Guard
from ...feedback.journal import Drawn
from ...records import Example, Ratio, Source
from ...registry import Version
from ...task import Task
from ...workspace import Workspace
from ..load import load
from ..rows.judged import ROWS, JudgedRow, Paired, judged_now, judged_rows, paired
from ..rows.sets import Sets
from ..rows.taught import taught
from ..tuning.papers import DATA, FEEDBACK

LEVEL = 0.05
SLICE_DRAWS = 2_000


@dataclass(frozen=True)
class Audited:
    """Rows that an audit drew and a person labelled, as examples, and one over the probability of each, (N,)."""

    examples: list[Example]
    weights: np.ndarray[Any, np.dtype[np.float64]]
    drawn: list[Drawn]


def taught_until(workspace: Workspace, version: str) -> int:
    """The number of the last that people had said when a version began to learn: whatever came later is new to it."""
    bundle = workspace.bundle(version)
    return int(bundle.json(DATA).get(FEEDBACK, 0)) if DATA in bundle else 0


def frozen_pairs(workspace: Workspace, new: str, old: str, sets: Sets) -> Paired:
    """Both versions on the frozen test rows."""
    return paired(*(_rows_of(workspace, reference, sets) for reference in (new, old)))


def frozen_evidence(workspace: Workspace, version: Version, pairs: Paired, test: str) -> Evidence:
    """The same as evidence; how often these rows have judged other candidates before is read off the ledger."""
    looks, promotions = _uses(workspace, version, test)
    return Evidence("frozen", pairs.new, pairs.old, groups=pairs.groups, looks=looks, promotions=promotions)


def audited_rows(workspace: Workspace, task: Task, after: int) -> Audited:
    """The rows of all audits that were labelled `after` this number of what people said.

    The queue stands in random order, so those of an audit that are labelled are a random part of those drawn. An
    answer that the task cannot read counts as none, and so does one to a row that was erased.
    """
    labels = {said.asked: said for said in workspace.journal.said(after, "label", rows=False) if said.origin == "audit"}
    drawn = workspace.journal.drawn()
    read = [(row, _taught(task, row, labels[row.asked].value)) for row in drawn if row.row and row.asked in labels]
    known = [(row, example) for row, example in read if example is not None]
    sizes, answered = Counter(row.audit for row in drawn), Counter(row.audit for row, _ in known)
    weights = [sizes[row.audit] / (answered[row.audit] * row.probability) for row, _ in known]
    return Audited([example for _, example in known], np.array(weights, float), [row for row, _ in known])


def audited_evidence(workspace: Workspace, new: str, old: str) -> Evidence | None:
    """Both versions, asked through the serving path, on audited rows that neither has learnt from; None without any."""
    after = max(taught_until(workspace, version) for version in (new, old))
    answering = load(workspace, new)
    audited = audited_rows(workspace, answering.task, after)
    if not audited.examples:
        return None
    sides = [judged_now(predictor, audited.examples, None) for predictor in (answering, load(workspace, old))]
    new_ones, old_ones = (_ratio(rows) for rows in sides)
    return Evidence("audited", new_ones, old_ones, weights=audited.weights, earlier=_earlier(workspace, new, old))


def slices_guard(examples: Sequence[Example], pairs: Paired) -> Guard:
    """No slice of the frozen rows may be proved worse, counted for as many slices as were looked at (Holm)."""
    known = {example.key: example for example in examples}
    there = np.array([key in known for key in pairs.keys], bool)
    new, old = (_ratio_of(ratio, there) for ratio in (pairs.new, pairs.old))
    shown = [known[key] for key in pairs.keys if key in known]
    parts = [(name, mask) for name, mask in cuts(shown) if mask.sum() >= FEWEST_ROWS]
    gaps = [_ratio_of(new, mask).value - _ratio_of(old, mask).value for _, mask in parts]
    p_values = [
        exchanged(_ratio_of(old, mask), _ratio_of(new, mask), draws=SLICE_DRAWS) if gap < 0 else 1.0
        for (_, mask), gap in zip(parts, gaps, strict=True)
    ]
    worse = [
        f"{name} loses {-100 * gap:.1f} points"
        for (name, _), gap, p_value in zip(parts, gaps, holm(p_values), strict=True)
        if p_value < LEVEL
    ]
    if worse:
        return Guard("slices", False, f"proved worse in a part of the test rows: {', '.join(worse)}")
    return Guard("slices", True, f"none of {len(parts)} slices is proved worse")


def _rows_of(workspace: Workspace, reference: str, sets: Sets) -> list[JudgedRow]:
    """The per-row results of a version; a draft that was put live by hand is asked now."""
    bundle = workspace.bundle(reference)
    if ROWS in bundle:
        return judged_rows(bundle)
    return judged_now(load(workspace, reference, "torch"), sets.test, sets.groups(sets.test))


def _earlier(workspace: Workspace, new: str, old: str) -> list[tuple[int, int]]:
    """Rows that each other candidate mended and broke on audited rows, by the last decision on it against `old`, in the
    order in which they were first decided on."""
    by_candidate: dict[str, Mapping[str, Any]] = {}
    for entry in workspace.ledger.entries():
        evidence: Mapping[str, Any] = entry.facts.get("evidence") or {}
        looks = evidence["decision"]["looks"] if evidence.get("against") == old else []
        by_candidate |= {str(entry.facts["version"]): look for look in looks if look["name"] == "audited"}
    return [(look["mended"], look["broken"]) for version, look in by_candidate.items() if version != new]


def _uses(workspace: Workspace, version: Version, test: str) -> tuple[int, int]:
    """How many other candidates these frozen rows have judged, and how many of them they promoted."""
    judged: dict[str, bool] = {}
    for entry in workspace.ledger.entries():
        evidence: Mapping[str, Any] = entry.facts.get("evidence") or {}
        candidate = str(entry.facts.get("version"))
        if evidence.get("test") == test and candidate != version.id:
            judged[candidate] = judged.get(candidate, False) or _promoted_by_frozen(evidence)
    return len(judged), sum(judged.values())


def _promoted_by_frozen(evidence: Mapping[str, Any]) -> bool:
    decision = evidence["decision"]
    return decision["promote"] and any(look["name"] == "frozen" and look["better"] for look in decision["looks"])


def _taught(task: Task, row: Drawn, value: Any) -> Example | None:
    try:
        example = taught(task, row.row, value, Source("audit", row.number))
    except DataError:
        return None
    return example if example.target is not None else None


def _ratio(rows: Sequence[JudgedRow]) -> Ratio:
    return Ratio(np.array([row.numerator for row in rows]), np.array([row.denominator for row in rows]))


def _ratio_of(ratio: Ratio, mask: Any) -> Ratio:
    return Ratio(ratio.numerator[mask], ratio.denominator[mask])
