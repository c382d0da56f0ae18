"""Rows as such: broken, empty, without a label, said twice, or said twice with different labels."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from ...errors import Problem
from ...records import Example, Picture
from ..duplicates import exact_example_groups, identical_groups, near_example_groups, repeats
from ..targets import answer_key, is_missing
from .finding import Finding, Severity, are_pictures, counted, file_of, fix_command, row_numbers, shown

_ROW = re.compile(r"\brow (\d+)")
_WORD = re.compile(r"\w")
_SYMBOL_ENOUGH = re.compile(r"[^\s.,;:!?_\-*'\"…。，！？、]")


def check_rows(
    examples: Sequence[Example],
    problems: Sequence[Problem],
    disputed: Sequence[Sequence[int]],
    copied: Sequence[int],
) -> list[Finding]:
    """Broken rows (`problems` of the file), empty contents, missing labels, duplicates and conflicts: of the examples
    the `copied_rows` and the `disputed_groups`, which are found once, for that takes long."""
    if not examples:
        message = "There is no row to learn from."
        return [*_broken(problems, "FILE"), Finding("no-rows", "error", message, command="Add labelled rows.")]
    return [
        *_broken(problems, file_of(examples)),
        *_empty(examples),
        *_without_words(examples),
        *_unlabelled(examples),
        *_conflicts(examples, disputed),
        *_copies(examples, copied),
        *_near_copies(examples),
    ]


def problem_rows(problems: Sequence[Problem]) -> list[int]:
    """The row numbers that the problems name, each once, ascending."""
    return sorted({int(match[1]) for problem in problems if (match := _ROW.search(problem.where or problem.what))})


def empty_rows(examples: Sequence[Example]) -> list[int]:
    """Indices of texts that hold nothing or white space only."""
    return [i for i, e in enumerate(examples) if not isinstance(e.content, Picture) and not _content(e).strip()]


def copied_rows(examples: Sequence[Example], conflicts: Sequence[Sequence[int]]) -> list[int]:
    """Indices of rows that repeat an earlier one, with the same answer; rows in conflict, which are those of the
    `disputed_groups`, are left to people."""
    if not examples:
        return []
    disputed = {index for group in conflicts for index in group}
    empty = set(empty_rows(examples))
    answers = [answer_key(example) for example in examples]
    _, answer = np.unique(np.array(answers, dtype=str), return_inverse=True)
    pairs = np.column_stack([identical_groups(examples), answer])
    groups = np.unique(pairs, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)
    return [i for i in repeats(groups).tolist() if i not in disputed and i not in empty]


def _content(example: Example) -> str:
    """The text itself: `Example.text` shows the object where its text is empty."""
    return str(getattr(example.content, "text", example.content))


def _broken(problems: Sequence[Problem], file: str) -> Iterator[Finding]:
    if problems:
        message = f"{counted(len(problems), 'row')} could not be read and will not be used."
        details = [str(problem) for problem in problems]
        command = f"Correct them in {file}."
        numbers = problem_rows(problems)
        yield Finding(
            "broken-rows", "warning", message, tuple(numbers[:20]), len(problems), command, False, tuple(details[:20])
        )


def _empty(examples: Sequence[Example]) -> Iterator[Finding]:
    if empty := empty_rows(examples):
        message = f"{counted(len(empty), 'row has', 'rows have')} an empty text."
        severity: Severity = "error" if len(empty) == len(examples) else "warning"
        rows, command = row_numbers(examples, empty), fix_command(examples)
        yield Finding.about("empty", severity, message, rows, command=command, fix=True)


def _without_words(examples: Sequence[Example]) -> Iterator[Finding]:
    texts = [(i, _content(e)) for i, e in enumerate(examples) if not isinstance(e.content, Picture)]
    bare = [i for i, text in texts if text.strip() and not _WORD.search(text) and not _SYMBOL_ENOUGH.search(text)]
    if bare:
        message = f"{counted(len(bare), 'text holds', 'texts hold')} punctuation only."
        command = f"Delete them from {file_of(examples)} if they mean nothing."
        yield Finding.about("no-words", "note", message, row_numbers(examples, bare), command=command)


def _unlabelled(examples: Sequence[Example]) -> Iterator[Finding]:
    missing = [i for i, example in enumerate(examples) if is_missing(example)]
    file = file_of(examples)
    if len(missing) == len(examples):
        message = "No row has a label."
        command = f"tunewheel tune {file} --label COLUMN"
        yield Finding.about("no-labels", "error", message, row_numbers(examples, missing), command=command)
    elif missing:
        message = f"{counted(len(missing), 'row has', 'rows have')} no label and cannot teach anything."
        command = f"Label them in {file}, or delete them."
        yield Finding.about("missing-labels", "warning", message, row_numbers(examples, missing), command=command)


def disputed_groups(examples: Sequence[Example]) -> list[list[int]]:
    """Indices of the labelled rows of each text (or picture) that has more than one answer."""
    members: dict[int, list[int]] = defaultdict(list)
    empty = set(empty_rows(examples))
    for index, group in enumerate(exact_example_groups(examples).tolist()):
        if index not in empty and not is_missing(examples[index]):
            members[group].append(index)
    return [found for found in members.values() if len({answer_key(examples[i]) for i in found}) > 1]


def _conflicts(examples: Sequence[Example], groups: Sequence[Sequence[int]]) -> Iterator[Finding]:
    if groups:
        indices = [index for group in groups for index in group]
        noun = "picture" if isinstance(examples[groups[0][0]].content, Picture) else "text"
        same = counted(len(groups), f"{noun} has", f"{noun}s have")
        message = f"{same} different labels in different rows ({counted(len(indices), 'row')})."
        details = [_told(examples, group) for group in groups]
        command = f"Give each one label in {file_of(examples)}, or delete it."
        rows = row_numbers(examples, indices)
        yield Finding.about("conflicts", "warning", message, rows, command=command, details=details)


def _told(examples: Sequence[Example], group: Sequence[int]) -> str:
    labels = ", ".join(f"{examples[i].target!r} (row {examples[i].source.row})" for i in group[:5])
    return f"{shown(examples[group[0]])}: {labels}"


def _copies(examples: Sequence[Example], copies: Sequence[int]) -> Iterator[Finding]:
    if copies:
        share = len(copies) / len(examples)
        message = f"{counted(len(copies), 'row repeats', 'rows repeat')} an earlier row, label and all ({share:.2%})."
        severity: Severity = "warning" if share >= 0.01 else "note"
        fix = not are_pictures(examples)
        details = [] if fix else [f"row {examples[i].source.row}: {shown(examples[i])}" for i in copies[:20]]
        command = fix_command(examples) if fix else f"Delete these pictures from {file_of(examples)}."
        rows = row_numbers(examples, copies)
        yield Finding.about("duplicates", severity, message, rows, command=command, fix=fix, details=details)


def _near_copies(examples: Sequence[Example]) -> Iterator[Finding]:
    groups = near_example_groups(examples)
    seen = {*repeats(identical_groups(examples)).tolist(), *empty_rows(examples)}
    near = [index for index in repeats(groups).tolist() if index not in seen]
    if near:
        message = f"{counted(len(near), 'row')} nearly the same as an earlier one; splits keep them on one side."
        first = {group: index for index, group in reversed(list(enumerate(groups.tolist())))}
        details = [_beside(examples, index, first[int(groups[index])]) for index in near]
        command = f"tunewheel tune {file_of(examples)}"
        rows = row_numbers(examples, near)
        yield Finding.about("near-duplicates", "note", message, rows, command=command, details=details)


def _beside(examples: Sequence[Example], later: int, earlier: int) -> str:
    return f"row {examples[later].source.row} {shown(examples[later])} is like row {examples[earlier].source.row}"
