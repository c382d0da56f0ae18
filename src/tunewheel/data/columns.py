"""Which column holds what, and which task a table is for: told from names and values, and said aloud."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..errors import ColumnError, Problem
from .column_facts import ColumnFacts, are_twins, column_facts, is_empty
from .column_names import TEST, TRAIN, VALIDATION
from .labels import label_writing
from .role_finding import Finding
from .table import Table
from .task_finding import IMAGES, TASKS, TEXT, TOKENS, evident_task, find_roles

ROLES = ("text", "label", "words", "tags", "spans", "image", "group", "time", "split", "votes")
_SLICE_VALUES = 50
_FEWEST_DOCUMENTS = 10

__all__ = ["IMAGES", "ROLES", "TASKS", "TEXT", "TOKENS", "Roles", "infer"]


@dataclass(frozen=True)
class Roles:
    """What the columns of a table are for.

    `columns` maps a role (one of `ROLES`) to a column name;
    `separator` stands between the labels of a multi-label cell (None: the cells hold lists); `others` are columns
    with few values, for slices; `said` are the sentences that tell a person what was decided and why.
    """

    task: str
    columns: Mapping[str, str]
    multi_label: bool = False
    separator: str | None = None
    others: Sequence[str] = ()
    said: Sequence[str] = ()


def infer(
    table: Table,
    *,
    task: str | None = None,
    text: str | None = None,
    label: str | None = None,
    words: str | None = None,
    tags: str | None = None,
    spans: str | None = None,
    image: str | None = None,
    group: str | None = None,
    time: str | None = None,
    split: str | None = None,
    votes: str | None = None,
    labelled: bool = True,
) -> Roles:
    """The roles of a table's columns; those that are given are taken as they are.

    With `labelled=False` (rows to be predicted) missing labels, tags and spans are no mistake.
    Raises `ColumnError`, listing the columns with samples and the flags that would tell what cannot be told.
    """
    names = (text, label, words, tags, spans, image, group, time, split, votes)
    asked = {role: name for role, name in zip(ROLES, names, strict=True) if name is not None}
    _check_asked(table, asked, task)
    return _inferred(Finding(table, column_facts(table), asked, labelled), task)


def _inferred(finding: Finding, task: str | None) -> Roles:
    task = task or evident_task(finding)
    find_roles(finding, task)
    finding.raise_missing(f"For another task add --task {' or '.join(one for one in TASKS if one != task)}.")
    _find_split_and_group(finding, task)
    multi, separator = _label_writing(finding) if task != TOKENS else (False, None)
    others = _slice_columns(finding)
    return Roles(task, finding.columns, multi, separator, others, finding.said)


def _check_asked(table: Table, asked: Mapping[str, str], task: str | None) -> None:
    problems = []
    if task is not None and task not in TASKS:
        problems.append(Problem(f"{task!r} is no task.", mend=f"One of {', '.join(TASKS)}."))
    for role, name in asked.items():
        if name not in table.columns:
            close = difflib.get_close_matches(name, table.columns, n=1, cutoff=0.5)
            mend = f"Did you mean --{role} {close[0]!r}?" if close else ""
            listed = ", ".join(repr(column) for column in table.columns)
            what = f"there is no column {name!r}; the columns are {listed}."
            problems.append(Problem(what, str(table.path), mend))
    if problems:
        raise ColumnError.of(problems)


def _find_split_and_group(finding: Finding, task: str) -> None:
    for one in finding.free():
        if "split" not in finding.columns and one.kind == "text" and _names_parts(one):
            finding.columns["split"] = one.name
            finding.said.append(f"{one.name!r} says which rows are for training and which for testing.")
    document = next((one for one in finding.of_kind("number") if one.name == "document"), None)
    if task == TOKENS and finding.table.format == "conll" and document and document.distinct >= _FEWEST_DOCUMENTS:
        finding.columns.setdefault("group", "document")
        finding.said.append("sentences of one document stay on one side of a split.")


def _names_parts(one: ColumnFacts) -> bool:
    """Whether its cells name two parts or more; a blank one says nothing against it."""
    values = {str(value).strip().lower() for value in one.values if not is_empty(value)}
    return len(values) > 1 and values <= TRAIN | VALIDATION | TEST


def _label_writing(finding: Finding) -> tuple[bool, str | None]:
    if "label" not in finding.columns:
        return False, None
    label = finding.fact(finding.columns["label"])
    multi, separator = label_writing(label.values)
    if multi:
        how = f"joined by {separator!r}" if separator else "in lists"
        finding.said.append(f"{label.name!r} holds several labels a row, {how}.")
    return multi, separator


def _slice_columns(finding: Finding) -> list[str]:
    """Free columns with few values, for slices; not those that repeat the label."""
    label = finding.fact(finding.columns["label"]) if "label" in finding.columns else None
    found = [one.name for one in finding.free() if _divides(one) and not (label and are_twins(one, label))]
    if found:
        finding.said.append(f"{', '.join(map(repr, found))} can divide the scores into slices.")
    return found


def _divides(one: ColumnFacts) -> bool:
    return one.kind in ("text", "flag") and 2 <= one.distinct <= _SLICE_VALUES and one.repeats
