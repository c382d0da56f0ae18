"""Columns: which of a table's columns hold what, with labels that are votes or shares of several raters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from itertools import islice
from typing import Any

from ...data import Roles, Table, infer
from ...data.cells import unwrap
from ...data.column_names import rank
from ...data.columns import TEXT
from ...errors import ColumnError, Problem

SAMPLED_ROWS = 200


def roles_of(table: Table, wanted: Mapping[str, Any], votes: Sequence[str] = ()) -> Roles:
    """The roles of the columns; those `wanted` are taken as they are, and `votes` hold votes, one column a label.

    A column of votes by label (`{"positive": 6, "negative": 1}`) is the label where no other column is called so.
    Raises `ColumnError` for what cannot be told or is not there.
    """
    if votes:
        _check_there(table, votes)
        return _soft(table, wanted, f"{', '.join(map(repr, votes))} the votes for one label each")
    if wanted.get("label") in shares_among(table, [wanted.get("label")]):
        return _by_label(table, wanted, wanted["label"])
    try:
        roles = infer(table, **wanted)
    except ColumnError:
        if "label" not in wanted and (found := shares_among(table, table.columns)):
            return _by_label(table, wanted, found[0])
        raise
    label = roles.columns.get("label")
    if label is None or "label" in wanted or rank("label", label) is not None:
        return roles
    found = shares_among(table, table.columns)
    return _by_label(table, wanted, found[0]) if found else roles


def shares_among(table: Table, names: Sequence[Any]) -> list[str]:
    """Those columns that hold votes or shares by label, told from the first rows."""
    rows = list(islice(table.rows(), SAMPLED_ROWS))
    return [name for name in names if name in table.columns and _are_shares([row.get(name) for row in rows])]


def _by_label(table: Table, wanted: Mapping[str, Any], label: str) -> Roles:
    roles = _soft(table, wanted, f"{label!r} the votes or shares by label")
    return replace(roles, columns={**roles.columns, "label": label})


def _soft(table: Table, wanted: Mapping[str, Any], told: str) -> Roles:
    """The roles of the other columns; there is no label beside the votes, whatever else could be taken for one."""
    asked = {role: name for role, name in wanted.items() if role != "label"}
    roles = infer(table, **{"task": TEXT, **asked}, labelled=False)
    columns = {role: name for role, name in roles.columns.items() if role != "label"}
    said = f"{columns.get('text')!r} holds the text, {told}."
    return replace(roles, columns=columns, multi_label=False, said=[said, *roles.said[1:]])


def _check_there(table: Table, votes: Sequence[str]) -> None:
    problems = []
    for name in votes:
        if name not in table.columns:
            close = get_close_matches(name, table.columns, n=1, cutoff=0.5)
            mend = f"Did you mean '{close[0]}'?" if close else f"The columns are {', '.join(table.columns)}."
            problems.append(Problem(f"there is no column '{name}' with votes.", str(table.path), mend))
    if problems:
        raise ColumnError.of(problems)


def _are_shares(cells: Sequence[Any]) -> bool:
    """Whether every cell that is not empty is an object of numbers; a label that a row leaves out is None in it."""
    filled = [unwrap(cell) for cell in cells if cell is not None and cell != ""]
    return bool(filled) and all(isinstance(cell, Mapping) and _are_numbers(cell.values()) for cell in filled)


def _are_numbers(values: Any) -> bool:
    given = [value for value in values if value is not None]
    return bool(given) and all(isinstance(value, int | float) for value in given)
