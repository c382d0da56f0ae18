"""Finding: which column holds the text, the label or the picture, told from names first and from values then."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..errors import ColumnError, Problem
from .column_facts import ColumnFacts, are_twins
from .column_names import rank
from .labels import count_labels
from .table import Table

_LABEL_KINDS = ("text", "number", "flag", "list", "empty", "mixed")
_LONGEST_LABEL = 60
_MOST_NUMBERS = 20
_LISTED = 20


@dataclass
class Finding:
    """Roles being found: `columns` (role to name) grows, `said` and `missing` tell what was found and what not."""

    table: Table
    facts: list[ColumnFacts]
    columns: dict[str, str]
    labelled: bool
    said: list[str] = field(default_factory=list)
    missing: list[Problem] = field(default_factory=list)

    def free(self) -> list[ColumnFacts]:
        """Columns without a role so far, in the file's order."""
        return [one for one in self.facts if one.name not in self.columns.values()]

    def of_kind(self, kind: str) -> list[ColumnFacts]:
        """Free columns of one kind."""
        return [one for one in self.free() if one.kind == kind]

    def fact(self, name: str) -> ColumnFacts:
        """Facts about the column of that name."""
        return next(one for one in self.facts if one.name == name)

    def miss(self, role: str, what: str) -> None:
        """Note a role that cannot be told."""
        self.missing.append(Problem(what, str(self.table.path), f"Name it with --{role} COLUMN."))

    def raise_missing(self, advice: str) -> None:
        """Raise `ColumnError` for all roles that cannot be told, with the columns and samples of their values."""
        if not self.missing:
            return
        listed = "; ".join(f"{one.name!r} ({one.sample()})" for one in self.facts[:_LISTED])
        more = f"; and {len(self.facts) - _LISTED} more" if len(self.facts) > _LISTED else ""
        nested = [repr(one.name) for one in self.facts if one.kind == "object"]
        if nested:
            advice += f" Objects inside a row ({', '.join(nested)}) must be written as columns of their own."
        raise ColumnError.of([*self.missing, Problem(f"The columns are {listed}{more}.", mend=advice)])

    def why_text(self) -> str:
        """How the text was told: by the length of its values or by its name."""
        longest = max((one.length for one in self.facts if one.kind == "text"), default=0.0)
        return "longest strings" if self.fact(self.columns["text"]).length >= longest else "by its name"

    def told_label(self) -> str:
        """The half sentence about the label; "" without one."""
        if "label" not in self.columns:
            return ""
        label = self.fact(self.columns["label"])
        count = count_labels(label.values) or label.distinct
        return f", {label.name!r} the label ({count:,} value{'s' if count != 1 else ''})"


def find_text(finding: Finding) -> None:
    """The column of texts: the one that is called so, or the one with the longest language in it."""
    if "text" in finding.columns:
        return
    free = [one for one in finding.free() if one.kind == "text" and not one.is_id]
    named = [one for one in free if rank("text", one.name) is not None]
    wordy = [one for one in free if rank("label", one.name) != 0 and may_be_text(one)]
    if named:
        finding.columns["text"] = min(named, key=lambda one: (rank("text", one.name), -one.length)).name
    elif wordy:
        finding.columns["text"] = max(wordy, key=lambda one: one.length).name
    else:
        empty = [one.name for one in finding.of_kind("empty") if rank("text", one.name) is not None]
        what = f"column {empty[0]!r} is empty in every row." if empty else "no column can be told to hold texts."
        finding.miss("text", what)


def find_label(finding: Finding) -> None:
    """The column of labels: the one that is called so, or the only one whose values come again and again."""
    if "label" in finding.columns:
        return
    candidates = label_candidates(finding)
    by_rank = ([one for one in candidates if rank("label", one.name) == wanted] for wanted in range(4))
    groups = [[one for one in group if place == 0 or one.repeats] for place, group in enumerate(by_rank)]
    chosen = next((group for group in groups if group), [one for one in candidates if _may_be_label(one)])
    chosen = _without_twins(chosen)
    if len(chosen) == 1:
        finding.columns["label"] = _readable_twin(chosen[0], candidates).name
    elif finding.labelled and chosen:
        names = ", ".join(repr(one.name) for one in chosen)
        finding.miss("label", f"several columns may hold the labels: {names}.")
    elif finding.labelled:
        finding.miss("label", "no column can be told to hold labels.")


def label_candidates(finding: Finding) -> list[ColumnFacts]:
    """Free columns that may hold labels; those that number or name rows only if they are called label."""
    free = [one for one in finding.free() if one.kind in _LABEL_KINDS]
    return [one for one in free if not one.is_id or rank("label", one.name) == 0]


def _without_twins(candidates: list[ColumnFacts]) -> list[ColumnFacts]:
    """Of columns that say the same, one."""
    kept: list[ColumnFacts] = []
    for one in candidates:
        if not any(are_twins(one, other) for other in kept):
            kept.append(one)
    return kept


def _readable_twin(label: ColumnFacts, candidates: list[ColumnFacts]) -> ColumnFacts:
    """The names of the labels where a column gives their numbers and another one, called alike, the names."""
    named = [one for one in candidates if one.kind == "text" and rank("label", one.name) is not None]
    twins = [one for one in named if are_twins(one, label)] if label.kind == "number" else []
    return twins[0] if twins else label


def may_be_text(one: ColumnFacts) -> bool:
    """Whether its values read like language, or are long, and differ."""
    return (one.wordy >= 0.3 or one.length >= 20) and (one.distinct >= 0.2 * one.filled or one.filled < 10)


def _may_be_label(one: ColumnFacts) -> bool:
    """Repeated short values, more than one of them; numbers only when they are few."""
    if not one.repeats or one.distinct < 2 or one.kind == "empty" or rank("id", one.name) is not None:
        return False
    return one.distinct <= _MOST_NUMBERS if one.kind == "number" else one.length <= _LONGEST_LABEL
