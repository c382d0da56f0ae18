"""Which rows are trained on, which steer training, and which only judge: stratified, by group or by time."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import SplitError
from ..records import Example
from .duplicates import joined_groups, near_example_groups
from .minhash import Groups
from .partition import Sides, Units, by_group, by_time, stratified
from .times import sortable_times

Method = Literal["stratified", "grouped", "time"]
Indices = NDArray[np.int64]

FEWEST_ROWS = 10
TEST_SHARE, TEST_LEAST, TEST_MOST = 0.2, 50, 5_000
VALIDATION_SHARE, VALIDATION_LEAST, VALIDATION_MOST = 0.05, 200, 2_000
# Small files give more than the usual share, so that scores mean something, but never more than this.
TEST_LARGEST_SHARE, VALIDATION_LARGEST_SHARE = 0.25, 0.15


@dataclass(frozen=True)
class Splits:
    """Row indices of each part, ascending, disjoint, together all rows. `notes` say what was not as asked,
    `near` (N,) is the cluster of near duplicates that each row belongs to."""

    train: Indices
    validation: Indices
    test: Indices
    near: Groups
    notes: tuple[str, ...] = ()

    def away_from_test(self) -> Indices:
        """Indices of the rows that are neither in the test nor nearly the same as a row of it, ascending."""
        return np.flatnonzero(~np.isin(self.near, self.near[self.test])).astype(np.int64)


def divide(
    examples: Sequence[Example],
    *,
    method: Method = "stratified",
    validation: float | None = None,
    test: float | None = None,
    seed: int = 0,
    groups: Sequence[Any] | None = None,
    times: Sequence[Any] | None = None,
) -> Splits:
    """Divide rows into train, validation and test; near duplicates stay on one side.

    `validation` and `test` are shares of all rows; without them 0.05 and 0.2, more in small files, at most
    2,000 and 5,000 rows. `groups` (N,) is needed by "grouped", `times` (N,) by "time" (the newest rows are the
    test). The same rows and seed give the same parts, whatever the order of the rows ("time" breaks ties so).
    Raises `SplitError` for fewer than 10 rows, shares out of range, too few groups and unreadable times.
    """
    _check(examples, validation or 0.0, test or 0.0)
    sizes = (
        _size(len(examples), validation, VALIDATION_SHARE, VALIDATION_LEAST, VALIDATION_MOST, VALIDATION_LARGEST_SHARE),
        _size(len(examples), test, TEST_SHARE, TEST_LEAST, TEST_MOST, TEST_LARGEST_SHARE),
    )
    return _divide(examples, method, sizes, seed, groups, times)


def divide_rest(
    examples: Sequence[Example],
    *,
    method: Method = "stratified",
    validation: float | None = None,
    seed: int = 0,
    groups: Sequence[Any] | None = None,
    times: Sequence[Any] | None = None,
) -> Splits:
    """Like `divide` where a test file was given: only train and validation, `test` is empty."""
    _check(examples, validation or 0.0, 0.0)
    share, least, most = VALIDATION_SHARE, VALIDATION_LEAST, VALIDATION_MOST
    size = _size(len(examples), validation, share, least, most, VALIDATION_LARGEST_SHARE)
    return _divide(examples, method, (size, 0), seed, groups, times)


def overlap(train_examples: Sequence[Example], test_examples: Sequence[Example]) -> Indices:
    """Indices of the test rows that also occur in train, exactly or nearly, ascending."""
    if not train_examples or not test_examples:
        return np.empty(0, dtype=np.int64)
    groups = near_example_groups([*train_examples, *test_examples])
    return np.flatnonzero(np.isin(groups[len(train_examples) :], groups[: len(train_examples)])).astype(np.int64)


def _divide(
    examples: Sequence[Example],
    method: Method,
    sizes: tuple[int, int],
    seed: int,
    groups: Sequence[Any] | None,
    times: Sequence[Any] | None,
) -> Splits:
    near = near_example_groups(examples)
    order = _ranks(examples, seed)
    if method == "time":
        stamps = sortable_times(_given(times, "time", len(examples)), [str(example.source) for example in examples])
        sides = by_time(Units.of(examples, near, order), stamps, sizes)
        return _splits(sides, sizes, near)
    if method == "grouped":
        named = _group_numbers(_given(groups, "group", len(examples)), examples)
        units, notes = _group_units(examples, named, near, order, sizes)
        return _splits(by_group(units, sizes), sizes, near, notes)
    return _splits(stratified(Units.of(examples, near, order), sizes), sizes, near)


def _group_units(
    examples: Sequence[Example], named: Groups, near: Groups, order: Indices, sizes: tuple[int, int]
) -> tuple[Units, tuple[str, ...]]:
    """Groups joined by their near duplicates, unless short common texts ("thanks") join nearly all of them."""
    needed = 1 + sum(size > 0 for size in sizes)
    if len(np.unique(named)) < needed:
        mend = "Choose another column with --group COLUMN, or use --split stratified."
        what = f"the rows belong to {len(np.unique(named))} group(s); {needed} are needed, one for each part."
        raise SplitError(what, where=examples[0].source.file, mend=mend)
    joined = Units.of(examples, joined_groups(named, near), order)
    room = max(len(examples) - sum(sizes), int(np.bincount(named).max()))
    if joined.count >= needed and joined.sizes.max() <= room:
        return joined, ()
    note = "Texts that many groups share would join them all: groups are kept apart, such texts may be on two sides."
    return Units.of(examples, named, order), (note,)


def _splits(sides: Sides, sizes: tuple[int, int], near: Groups, notes: tuple[str, ...] = ()) -> Splits:
    train, validation, test = (np.flatnonzero(sides == side).astype(np.int64) for side in range(3))
    for part, rows, wanted in (("validation", validation, sizes[0]), ("test", test, sizes[1])):
        if wanted and not len(rows):
            mend = "Add rows that say something else, or give a file of your own."
            raise SplitError(f"no {part} rows can be set apart: too many rows say nearly the same.", mend=mend)
    return Splits(train, validation, test, near, notes)


def _check(examples: Sequence[Example], validation: float, test: float) -> None:
    file = examples[0].source.file if examples else ""
    if len(examples) < FEWEST_ROWS:
        mend = "Label more rows, or give files of your own with --validation FILE and --test FILE."
        raise SplitError(f"{len(examples)} rows cannot be divided; {FEWEST_ROWS} are needed.", where=file, mend=mend)
    if validation < 0 or test < 0 or validation + test >= 1:
        what = f"validation share {validation:g} and test share {test:g} leave nothing to train on."
        raise SplitError(what, where=file, mend="Give shares of at least 0 that add up to less than 1.")


def _size(rows: int, share: float | None, usual: float, least: int, most: int, largest_share: float) -> int:
    """Rows of a part: exactly as asked, or the usual share within limits; at least one unless 0 was asked."""
    if share is not None:
        return max(1, round(rows * share)) if share else 0
    return max(1, min(max(round(rows * usual), min(least, round(rows * largest_share))), most))


def _given(values: Sequence[Any] | None, role: str, rows: int) -> Sequence[Any]:
    if values is None or len(values) != rows:
        mend = f"Name the column with --{role} COLUMN."
        raise SplitError(f"this kind of split needs a {role} for every row.", mend=mend)
    return values


def _group_numbers(groups: Sequence[Any], examples: Sequence[Example]) -> Groups:
    """Group number (N,); a row without a group is one of its own."""
    names = [f"row {i}" if group is None or group == "" else f"= {group}" for i, group in enumerate(groups)]
    number = {name: place for place, name in enumerate(sorted(set(names)))}
    return np.fromiter((number[name] for name in names), dtype=np.int64, count=len(names))


def _ranks(examples: Sequence[Example], seed: int) -> Indices:
    """A random order (N,) that depends on content and seed only: the rank of each row's keyed hash (64 bits)."""
    hashes = np.fromiter((_keyed_hash(example, seed) for example in examples), dtype=np.uint64, count=len(examples))
    return np.asarray(np.unique(hashes, return_inverse=True)[1], dtype=np.int64)


def _keyed_hash(example: Example, seed: int) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}:{example.key}".encode()).digest()[:8], "big")
