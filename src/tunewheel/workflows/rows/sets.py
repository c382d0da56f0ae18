"""Sets: which rows train, which steer, and the frozen rows that judge."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ...data import Table, divide, divide_rest, overlap
from ...data.splits import FEWEST_ROWS
from ...errors import LabelError, Problem, SplitError
from ...recipe import DataOptions
from ...records import Example
from ...task import Task
from ...training.suggest import FEW_ROWS
from ...workspace import Workspace
from .frozen import labels_of
from .given import Given, Tell, given_rows
from .judge import Judge, freeze, frozen_rows, to_be_frozen
from .lessons import Lessons, learnt, with_lessons

MOST_STEERING, FEWEST_STEERING = 2_000, 500


@dataclass(frozen=True)
class Sets:
    """Labelled examples of each part. `leaked` are positions in `test` of rows that are also in training.

    `group` names the column of rows that belong together, `problems` what was left out or mended in reading. `carved`
    says that the validation rows were taken from those to train on, not given apart. `said` is the number of the last
    that people had said of answers when these rows were read: whatever they said later is new to who learns from these.
    """

    train: list[Example]
    validation: list[Example]
    test: list[Example]
    test_sha256: str
    leaked: list[int] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    fingerprints: dict[str, str] = field(default_factory=dict)
    group: str | None = None
    carved: bool = False
    said: int = 0

    @property
    def few(self) -> bool:
        """Whether validation rows are so dear that the final model learns from them, too."""
        return self.carved and len(self.train) + len(self.validation) < FEW_ROWS

    @property
    def rows(self) -> dict[str, int]:
        """How many rows each part has."""
        return {"train": len(self.train), "validation": len(self.validation), "test": len(self.test)}

    def groups(self, examples: Sequence[Example]) -> list[Any] | None:
        """The group of each example (None: it has none); nothing where no column names groups."""
        return [example.columns.get(self.group) for example in examples] if self.group else None


def make_sets(
    workspace: Workspace,
    table: Table,
    task: Task,
    options: DataOptions,
    split: str | None,
    seed: int,
    tell: Tell,
    most_bytes: int | None = None,
    lessons: Lessons | None = None,
) -> Sets:
    """Read the given files, freeze the test rows (or use those that are frozen), and divide the rest.

    The first run and every later one divide the same rows in the same way. Test rows are never cleaned, and none are
    frozen before it is sure that the rest can be learnt from. The validation rows have no more than `most_bytes` of
    text together. `lessons` join the rows to learn from, and correct those that are among them.
    """
    lessons = lessons or Lessons()
    sets, judge = _divided(workspace, table, task, options, split, seed, tell, most_bytes, lessons)
    if judge.new:
        task.learn(sets.train)
        frozen = freeze(workspace, task, judge, table.path, table.fingerprint)
        if frozen is None:  # another run froze its rows meanwhile, and those judge
            return make_sets(workspace, table, task, options, split, seed, tell, most_bytes, lessons)
        judge = frozen
    return replace(sets, test=judge.examples, test_sha256=judge.sha256, said=lessons.said)


def sketch_sets(
    workspace: Workspace | None, table: Table, task: Task, options: DataOptions, split: str | None, seed: int,
    tell: Tell, most_bytes: int | None = None,
) -> Sets:  # fmt: skip
    """The sets that `make_sets` would make, for a look ahead: nothing is frozen, no file is written."""
    return _divided(workspace, table, task, options, split, seed, tell, most_bytes)[0]


def _divided(
    workspace: Workspace | None, table: Table, task: Task, options: DataOptions, split: str | None, seed: int,
    tell: Tell, most_bytes: int | None = None, lessons: Lessons | None = None,
) -> tuple[Sets, Judge]:  # fmt: skip
    """The sets, and the judge that is frozen or could be."""
    given = given_rows(table, task, options, split, tell)
    judge = frozen_rows(workspace, task, given.test, given.pool) if workspace else None
    if judge is None:
        task.learn(given.pool)
        given, test = (given, given.test) if given.test else _carved(given, options, seed, tell)
        judge = to_be_frozen(test)
    train, steering = _learning_rows(given, judge, options, seed, tell)
    taught = learnt(lessons or Lessons(), task, options, tell)
    train, steering = with_lessons(train, steering, judge.left_of(taught.examples), tell)
    steering = _steering(steering, labels_of(train), seed, tell, most_bytes)
    leaked = overlap([*train, *steering], judge.examples).tolist() if given.test else []
    sets = Sets(
        train,
        steering,
        judge.examples,
        judge.sha256,
        leaked,
        [*given.problems, *taught.problems],
        given.fingerprints,
        options.group,
        not given.validation,
    )
    return sets, judge


def _learning_rows(
    given: Given, judge: Judge, options: DataOptions, seed: int, tell: Tell
) -> tuple[list[Example], list[Example]]:
    """The rows that train and those that steer. Test rows that were given may be among them, and then they leak."""
    rest, validation = given.pool, given.validation
    if not given.test:
        rest = rest if judge.new else _kept_apart(rest, judge, tell)
        validation = judge.left_of(validation)
    if given.validation and not validation:
        raise SplitError(
            "every validation row is (nearly) among the frozen test rows.", where=given.validation[0].source.file,
            mend="Give other rows with --validation FILE, or leave them out.",
        )  # fmt: skip
    rest = _clean(rest, tell) if options.clean else rest
    train, validation = (rest, validation) if validation else _steered(rest, options, seed, tell)
    return train, validation


def _kept_apart(pool: Sequence[Example], judge: Judge, tell: Tell) -> list[Example]:
    """The pool without the rows that were frozen earlier and their near duplicates."""
    rest = judge.left_of(pool)
    tell(f"Judged on the {len(judge.examples)} test rows frozen {judge.created[:10]}.")
    tell(f"{len(pool) - len(rest)} rows that are (nearly) among them are kept out of training.")
    return rest


def _steering(
    validation: Sequence[Example], known: set[str], seed: int, tell: Tell, most_bytes: int | None
) -> list[Example]:
    """The validation rows that can steer: those whose labels are known, at most 2,000 of them, or at least 500 where
    they have more than `most_bytes` of text together.

    Raises `LabelError` when there are none.
    """
    fitting = [example for example in validation if labels_of([example]) <= known]
    if not fitting:
        raise LabelError(
            "no validation row has a label that the training rows have.", where=validation[0].source.file,
            mend="Check the labels of the validation file, or leave it out: rows of the data are then set apart.",
        )  # fmt: skip
    shuffled = np.random.default_rng(seed).permutation(len(fitting))
    most = _most_steering([fitting[i] for i in shuffled[:MOST_STEERING]], most_bytes)
    if len(fitting) <= most:
        return fitting
    tell(f"{most:,} of the {len(fitting):,} validation rows steer the training; more would only cost time.")
    return [fitting[i] for i in sorted(shuffled[:most].tolist())]


def _most_steering(examples: Sequence[Example], most_bytes: int | None) -> int:
    if most_bytes is None:
        return MOST_STEERING
    bytes_so_far = np.cumsum([len(example.text.encode("utf-8", "surrogatepass")) for example in examples])
    return max(int(np.searchsorted(bytes_so_far, most_bytes, side="right")), FEWEST_STEERING)


def _carved(given: Given, options: DataOptions, seed: int, tell: Tell) -> tuple[Given, list[Example]]:
    """Rows to be the test set, taken out of the pool by the way of dividing that the options name, and what is left:
    the pool without them and their near duplicates."""
    pool = given.pool
    parts = divide(pool, test=options.test_share, validation=0.0, **_manner(pool, options, seed))
    for note in parts.notes:
        tell(note)
    rest = [pool[i] for i in parts.away_from_test().tolist()]
    return replace(given, pool=rest), [pool[i] for i in parts.test.tolist()]


def _steered(
    rest: Sequence[Example], options: DataOptions, seed: int, tell: Tell
) -> tuple[list[Example], list[Example]]:
    """Training rows, and the validation rows that steer the training. Raises `SplitError` where too few are left."""
    if len(rest) < FEWEST_ROWS:
        raise SplitError(
            f"{len(rest)} rows are left to learn from beside the test rows; {FEWEST_ROWS} are needed.",
            where=rest[0].source.file if rest else "", mend="Label more rows, or give a file with --validation FILE.",
        )  # fmt: skip
    parts = divide_rest(rest, validation=options.validation_share, **_manner(rest, options, seed))
    for note in parts.notes:
        tell(note)
    return [rest[i] for i in parts.train.tolist()], [rest[i] for i in parts.validation.tolist()]


def divided_anew(sets: Sets, options: DataOptions, seed: int) -> Sets | None:
    """The same rows to learn from, as many of them to train and to validate, divided in another way by another `seed`.
    None where time divides them, or where no other way is found."""
    rows, method = [*sets.train, *sets.validation], _method(options)
    if method == "time":
        return None
    try:
        parts = divide_rest(rows, validation=len(sets.validation) / len(rows), **_manner(rows, options, seed))
    except SplitError:
        return None
    train = [rows[i] for i in parts.train.tolist()]
    known = labels_of(train)
    validation = [rows[i] for i in parts.validation.tolist() if labels_of([rows[i]]) <= known]
    same = {one.key for one in validation} <= {one.key for one in sets.validation}
    return None if same else replace(sets, train=train, validation=validation)


def _manner(rows: Sequence[Example], options: DataOptions, seed: int) -> dict[str, Any]:
    return {
        "method": _method(options),
        "seed": seed,
        "groups": [example.columns.get(options.group) for example in rows] if options.group else None,
        "times": [example.columns.get(options.time) for example in rows] if options.time else None,
    }


def _method(options: DataOptions) -> str:
    """How to divide: as asked, or as the named columns suggest."""
    if options.split != "auto":
        return options.split
    return "time" if options.time else "grouped" if options.group else "stratified"


def _clean(pool: list[Example], tell: Tell) -> list[Example]:
    """Without empty rows and exact repeats of content and answer; says how many were left out."""
    seen: set[bytes] = set()
    kept: list[Example] = []
    for example in pool:
        mark = hashlib.sha256(f"{example.key}{example.target!r}".encode("utf-8", "surrogatepass")).digest()[:16]
        if example.text.strip() and mark not in seen:
            seen.add(mark)
            kept.append(example)
    if len(kept) < len(pool):
        tell(f"{len(pool) - len(kept)} empty or repeated rows are left out of training.")
    return kept
