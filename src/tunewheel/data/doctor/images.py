"""Pictures as such: unreadable, too small to show anything, or larger than is sensible."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...records import Example
from ..thumbnails import MOST_PIXELS, picture_size, thumbnail
from .finding import Finding, Severity, counted, file_of, row_numbers

TINY_SIDE = 16
HUGE_SIDE = 4_000


def check_images(examples: Sequence[Example]) -> list[Finding]:
    """Pictures that cannot be decoded, are under 16 pixels, or over 4,000 pixels at a side."""
    sizes = [picture_size(example.content) for example in examples]
    too_many = [size is not None and size[0] * size[1] > MOST_PIXELS for size in sizes]
    broken = [i for i, e in enumerate(examples) if not too_many[i] and thumbnail(e.content) is None]
    sound = {i: size for i, size in enumerate(sizes) if size and i not in set(broken)}
    return [*_unreadable(examples, broken), *_tiny(examples, sound), *_huge(examples, sound)]


def _unreadable(examples: Sequence[Example], broken: list[int]) -> Iterator[Finding]:
    if broken:
        message = f"{counted(len(broken), 'picture')} cannot be decoded (damaged, cut short or no picture)."
        severity: Severity = "error" if len(broken) == len(examples) else "warning"
        details = [f"row {examples[i].source.row}: {examples[i].content.name}" for i in broken[:20]]
        command = f"Save them again as PNG or JPEG in {file_of(examples)}, or delete them."
        rows = row_numbers(examples, broken)
        yield Finding.about("unreadable", severity, message, rows, command=command, details=details)


def _tiny(examples: Sequence[Example], sizes: dict[int, tuple[int, int]]) -> Iterator[Finding]:
    if tiny := [i for i, size in sizes.items() if min(size) < TINY_SIDE]:
        message = f"{counted(len(tiny), 'picture')} under {TINY_SIDE} pixels wide or high: little can be seen."
        command = f"Replace them in {file_of(examples)} by larger ones."
        yield Finding.about("tiny", "warning", message, row_numbers(examples, tiny), command=command)


def _huge(examples: Sequence[Example], sizes: dict[int, tuple[int, int]]) -> Iterator[Finding]:
    if huge := [i for i, size in sizes.items() if max(size) > HUGE_SIDE]:
        message = (
            f"{counted(len(huge), 'picture')} over {HUGE_SIDE:,} pixels wide or high: slow to read, shrunk anyway."
        )
        command = f"Shrink them in {file_of(examples)} beforehand."
        yield Finding.about("huge", "note", message, row_numbers(examples, huge), command=command)
