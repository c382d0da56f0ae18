"""Sets: which rows train, which steer, and the frozen rows that judge."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..data import Table, divide, divide_rest, overlap
from ..errors import LabelError, Problem, SplitError, WorkspaceError
from ..recipe import DataOptions
from ..records import Example
from ..task import Task
from ..workspace import FrozenTest, Workspace
from .frozen import as_example, as_row, labels_of
from .gather import Gathered, gather, open_table

Tell = Callable[[str], None]
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


def make_sets(
    workspace: Workspace, table: Table, task: Task, options: DataOptions, split: str | None, seed: int, tell: Tell
) -> Sets:
    """Read the given files, divide what is not divided, and freeze the test set (or use the frozen one)."""
    main = gather(table, task)
    given = {name: _extra(path, task, options) for name, path in _files(options).items()}
    pool, validation, test = _given_parts(main, given, split)
    if options.clean:
        pool = _clean(pool, tell)
    frozen = workspace.frozen_test(task.name)
    if frozen is not None:
        test, pool = _judge_on(frozen, test, pool, tell)
    pool, validation, test = _divided(pool, validation, test, options, seed, tell)
    frozen = frozen or _freeze(workspace, task, test, table)
    train = _trainable(pool, task, tell)
    leaked = overlap([*train, *validation], test).tolist() if "test" in given or split else []
    fingerprints = {Path(table.path).name: main.fingerprint} | {g: given[g].fingerprint for g in given}
    problems = [*main.problems, *(problem for extra in given.values() for problem in extra.problems)]
    known = labels_of(train)
    steering = [e for e in validation if e.target is not None and labels_of([e]) <= known]
    return Sets(train, steering, test, frozen.sha256, leaked, problems, fingerprints)


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


def _divided(
    pool: list[Example], validation: list[Example], test: list[Example], options: DataOptions, seed: int, tell: Tell
) -> tuple[list[Example], list[Example], list[Example]]:
    """What is still missing of validation and test is taken out of the pool."""
    labelled = _labelled(pool)
    if validation and test:
        return labelled, validation, test
    settings: dict[str, Any] = {
        "method": _method(options),
        "seed": seed,
        "groups": [e.columns.get(options.group) for e in labelled] if options.group else None,
        "times": [e.columns.get(options.time) for e in labelled] if options.time else None,
        "validation": 0.0 if validation else options.validation_share,
    }
    parts = divide_rest(labelled, **settings) if test else divide(labelled, test=options.test_share, **settings)
    for note in parts.notes:
        tell(note)
    chosen = [[labelled[i] for i in rows] for rows in (parts.train, parts.validation, parts.test)]
    return chosen[0], validation or chosen[1], test or chosen[2]


def _method(options: DataOptions) -> str:
    """How to divide: as asked, or as the named columns suggest."""
    if options.split != "auto":
        return options.split
    return "time" if options.time else "grouped" if options.group else "stratified"


def _judge_on(
    frozen: FrozenTest, given: list[Example], pool: list[Example], tell: Tell
) -> tuple[list[Example], list[Example]]:
    """The frozen test set, and the pool without its rows and their near duplicates."""
    test = [as_example(row) for row in frozen.rows()]
    if given and {example.key for example in given} != set(frozen.keys):
        raise WorkspaceError(
            f"this workspace judges on a test set of {len(test)} rows, frozen {frozen.created[:10]}; "
            "the test rows given now are not the same.",
            mend="Leave them out, or start another workspace with --workspace FOLDER.",
        )
    labels = labels_of(test)
    if len(labels & labels_of(pool)) < len(labels) / 2:
        raise WorkspaceError(
            "this workspace judges on a frozen test set whose labels hardly occur in this file.",
            mend="Another subject needs another workspace: --workspace FOLDER.",
        )
    tell(f"Judged on the test set of {len(test)} rows that was frozen {frozen.created[:10]}.")
    if given:
        return test, pool
    inside = set(overlap(test, pool).tolist())
    if inside:
        tell(f"{len(inside)} rows that are (nearly) in the frozen test set are kept out of training.")
    return test, [example for position, example in enumerate(pool) if position not in inside]


def _freeze(workspace: Workspace, task: Task, test: Sequence[Example], table: Table) -> FrozenTest:
    if not test:
        raise SplitError("there are no labelled test rows.", where=str(table.path), mend="Check the label column.")
    rows = [as_row(example) for example in test]
    facts = {"task": task.name, "file": table.path.name, "fingerprint": table.fingerprint}
    return workspace.freeze_test(task.name, rows, [example.key for example in test], facts)


def _trainable(pool: list[Example], task: Task, tell: Tell) -> list[Example]:
    labelled = _labelled(pool)
    if not labelled:
        raise LabelError("no row has a label.", mend="Name the column with --label COLUMN.")
    if len(labelled) < len(pool):
        tell(f"{len(pool) - len(labelled)} rows without a label are left out of training.")
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
