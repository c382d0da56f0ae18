"""Sets: which rows train, which steer, and the frozen rows that judge."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..data import Table, divide, divide_rest, overlap
from ..errors import LabelError, Problem
from ..recipe import DataOptions
from ..records import Example
from ..task import Task
from ..workspace import Workspace
from .frozen import labels_of
from .gather import Gathered, gather, open_table
from .judge import Judge, freeze, frozen_rows

Tell = Callable[[str], None]
MOST_STEERING = 2_000
TRAIN = {"train", "training", "训练", "训练集"}
VALIDATION = {"validation", "valid", "val", "dev", "验证", "验证集"}
TEST = {"test", "testing", "测试", "测试集"}


@dataclass(frozen=True)
class Sets:
    """Labelled examples of each part. `leaked` are positions in `test` of rows that are also in training."""

    train: list[Example]
    validation: list[Example]
    test: list[Example]
    test_sha256: str
    leaked: list[int] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    fingerprints: dict[str, str] = field(default_factory=dict)

    @property
    def rows(self) -> dict[str, int]:
        """How many rows each part has."""
        return {"train": len(self.train), "validation": len(self.validation), "test": len(self.test)}


def make_sets(
    workspace: Workspace, table: Table, task: Task, options: DataOptions, split: str | None, seed: int, tell: Tell
) -> Sets:
    """Read the given files, freeze the test rows (or use those that are frozen), and divide the rest.

    The first run and every later one divide the same rows in the same way. Test rows are never cleaned.
    """
    main = gather(table, task)
    given = {name: _extra(path, task, options) for name, path in _files(options).items()}
    pool, validation, test = _given_parts(main, given, split)
    pool = _labelled_only(pool, table, tell)
    judge = frozen_rows(workspace, task, test, pool)
    if judge is None:
        task.learn(pool)  # what cannot be learnt from must not freeze a test set either
        judge = freeze(workspace, task, test or _carved(pool, options, seed, tell), table.path, table.fingerprint)
    rest = pool if test else _kept_apart(pool, judge, tell)
    validation = validation if test else judge.left_of(validation)
    rest = _clean(rest, tell) if options.clean else rest
    train, validation = (rest, validation) if validation else _steered(rest, options, seed, tell)
    leaked = overlap([*train, *validation], judge.examples).tolist() if test else []
    steering = _steering(validation, labels_of(train), seed, tell)
    fingerprints = {table.path.name: main.fingerprint} | {name: part.fingerprint for name, part in given.items()}
    problems = [*main.problems, *(problem for part in given.values() for problem in part.problems)]
    return Sets(train, steering, judge.examples, judge.sha256, leaked, problems, fingerprints)


def _steering(validation: Sequence[Example], known: set[str], seed: int, tell: Tell) -> list[Example]:
    """The validation rows that can steer: those whose labels are known, at most 2,000 of them.

    Raises `LabelError` when there are none.
    """
    fitting = [example for example in validation if example.target is not None and labels_of([example]) <= known]
    if not fitting:
        raise LabelError(
            "no validation row has a label that the training rows have.",
            mend="Check the labels of the validation file, or leave it out: rows of the data are then set apart.",
        )
    if len(fitting) <= MOST_STEERING:
        return fitting
    tell(f"{MOST_STEERING:,} of the {len(fitting):,} validation rows steer the training; more would only cost time.")
    chosen = np.random.default_rng(seed).permutation(len(fitting))[:MOST_STEERING]
    return [fitting[i] for i in sorted(chosen.tolist())]


def _files(options: DataOptions) -> dict[str, str]:
    return {n: p for n, p in (("validation", options.validation), ("test", options.test)) if p}


def _extra(path: str, task: Task, options: DataOptions) -> Gathered:
    return gather(open_table(path, options.model_dump()), task)


def _given_parts(
    main: Gathered, given: dict[str, Gathered], split: str | None
) -> tuple[list[Example], list[Example], list[Example]]:
    """The rows still to be divided, and the validation and test rows that files or a split column give."""
    pool = main.examples
    parts = {name: extra.examples for name, extra in given.items()}
    if split is not None:
        sides = [str(example.columns.get(split, "")).strip().lower() for example in pool]
        for name, words in (("validation", VALIDATION), ("test", TEST)):
            parts.setdefault(name, [e for e, side in zip(pool, sides, strict=True) if side in words])
        pool = [e for e, side in zip(pool, sides, strict=True) if side in TRAIN or side not in VALIDATION | TEST]
    return pool, parts.get("validation", []), _labelled(parts.get("test", []))


def _carved(pool: Sequence[Example], options: DataOptions, seed: int, tell: Tell) -> list[Example]:
    """Rows to be the test set, taken out of the pool by the way of dividing that the options name."""
    parts = divide(pool, test=options.test_share, validation=0.0, **_manner(pool, options, seed))
    for note in parts.notes:
        tell(note)
    return [pool[i] for i in parts.test]


def _steered(
    rest: Sequence[Example], options: DataOptions, seed: int, tell: Tell
) -> tuple[list[Example], list[Example]]:
    """Training rows, and the validation rows that steer the training."""
    parts = divide_rest(rest, validation=options.validation_share, **_manner(rest, options, seed))
    for note in parts.notes:
        tell(note)
    return [rest[i] for i in parts.train], [rest[i] for i in parts.validation]


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


def _kept_apart(pool: Sequence[Example], judge: Judge, tell: Tell) -> list[Example]:
    """The pool without the test rows and their near duplicates."""
    rest = judge.left_of(pool)
    if not judge.new:
        tell(f"Judged on the {len(judge.examples)} test rows frozen {judge.created[:10]}.")
        tell(f"{len(pool) - len(rest)} rows that are (nearly) among them are kept out of training.")
    return rest


def _labelled_only(pool: list[Example], table: Table, tell: Tell) -> list[Example]:
    labelled = _labelled(pool)
    if not labelled:
        raise LabelError("no row has a label.", where=str(table.path), mend="Name the column with --label COLUMN.")
    if len(labelled) < len(pool):
        tell(f"{len(pool) - len(labelled)} rows without a label are left out.")
    return labelled


def _labelled(examples: Sequence[Example]) -> list[Example]:
    return [example for example in examples if example.target is not None]


def _clean(pool: list[Example], tell: Tell) -> list[Example]:
    """Without empty rows and exact repeats of content and answer; says how many were left out."""
    seen: set[tuple[str, str]] = set()
    kept: list[Example] = []
    for example in pool:
        mark = (example.key, repr(example.target))
        if example.text.strip() and mark not in seen:
            seen.add(mark)
            kept.append(example)
    if len(kept) < len(pool):
        tell(f"{len(pool) - len(kept)} empty or repeated rows are left out of training.")
    return kept
