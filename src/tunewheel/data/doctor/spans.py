"""Entities: character spans that do not fit their text, and tags that do not fit each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise

from ...errors import Problem
from ...records import Example, Words
from ..tags import is_tag, parse_tag
from .finding import Finding, counted, file_of, row_numbers
from .rows import problem_rows

# Kind, the words by which a problem of `data/spans.py` is known, and what is said of all of its kind.
_KINDS = (
    ("spans-outside", ("outside the text",), "lie outside their text and were left out"),
    ("spans-overlapping", ("overlaps", "given twice"), "overlap another one; the longer of two was kept"),
    ("spans-off-by-one", ("trimmed",), "held a space or a mark too much and were trimmed"),
    ("spans-misaligned", ("cuts the word",), "begin or end inside a word, which was split there"),
    ("spans-empty", ("empty", "only spaces", "no word", "no label"), "are empty or have no label and were left out"),
)


def check_spans(examples: Sequence[Example], problems: Sequence[Problem] = ()) -> list[Finding]:
    """The `problems` met in aligning spans, a finding a kind, and tags that break their scheme."""
    grouped: dict[tuple[str, str], list[Problem]] = defaultdict(list)
    for problem in problems:
        grouped[_kind(problem)].append(problem)
    found = [_finding(examples, kind, says, members) for (kind, says), members in grouped.items()]
    tagged = [(i, e.target) for i, e in enumerate(examples) if isinstance(e.content, Words) and e.target is not None]
    return [*found, *_unknown(examples, tagged), *_orphans(examples, tagged)]


def _kind(problem: Problem) -> tuple[str, str]:
    return next(
        ((kind, says) for kind, marks, says in _KINDS if any(mark in problem.what for mark in marks)),
        ("spans", "do not fit their text"),
    )


def _finding(examples: Sequence[Example], kind: str, says: str, members: Sequence[Problem]) -> Finding:
    message = f"{counted(len(members), 'span')} {says}."
    details = tuple(str(problem) for problem in members[:20])
    command = f"Correct the offsets in {file_of(examples)}."
    return Finding(kind, "warning", message, tuple(problem_rows(members)[:20]), len(members), command, False, details)


def _unknown(examples: Sequence[Example], tagged: Sequence[tuple[int, Sequence[str]]]) -> Iterator[Finding]:
    bad = {i: [tag for tag in tags if not is_tag(tag)] for i, tags in tagged}
    indices = [i for i, tags in bad.items() if tags]
    if indices:
        names = sorted({tag for i in indices for tag in bad[i]})
        message = f"{counted(len(indices), 'row')} with tags of no known scheme ({', '.join(map(repr, names[:8]))})."
        command = f"Write them in {file_of(examples)} as O, B-NAME, I-NAME (or with E-, S-, L-, U-)."
        yield Finding.about("tags-unknown", "error", message, row_numbers(examples, indices), command=command)


def _orphans(examples: Sequence[Example], tagged: Sequence[tuple[int, Sequence[str]]]) -> Iterator[Finding]:
    indices = [i for i, tags in tagged if all(map(is_tag, tags)) and _has_orphan(tags)]
    begins = any(tag.startswith("B-") for _, tags in tagged for tag in tags)
    if indices and begins:
        message = f"{counted(len(indices), 'row')} with an I- tag that continues nothing; it is read as a beginning."
        command = f"Write the first tag of each entity in {file_of(examples)} as B-."
        yield Finding.about("tags-orphaned", "note", message, row_numbers(examples, indices), command=command)


def _has_orphan(tags: Sequence[str]) -> bool:
    """Whether an inside or end tag follows no tag of the same label."""
    parsed = [("O", ""), *map(parse_tag, tags)]
    pairs = pairwise(parsed)
    return any(now[0] in "IMEL" and (before[0] in "OESLU" or before[1] != now[1]) for before, now in pairs)
