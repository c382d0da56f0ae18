"""Windows: how a long text is read in overlapping pieces instead of being cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Window:
    """Units `start` to `end` (excluded) of a text, read together."""

    start: int
    end: int


def windows(sizes: Sequence[int], room: int, overlap: int) -> list[Window]:
    """Cover units of the given `sizes` (in tokens) with windows of at most `room` tokens.

    Neighbours share about `overlap` tokens. A unit larger than `room` gets a window of its own
    (the caller cuts it). An empty text gets one empty window.
    """
    if sum(sizes) <= room:
        return [Window(0, len(sizes))]
    found: list[Window] = []
    start = 0
    while True:
        end, filled = start, 0
        while end < len(sizes) and (end == start or filled + sizes[end] <= room):
            filled += sizes[end]
            end += 1
        found.append(Window(start, end))
        if end == len(sizes):
            return found
        start = _step_back(sizes, start, end, min(overlap, room - sizes[end]))


def _step_back(sizes: Sequence[int], start: int, end: int, overlap: int) -> int:
    """Where the next window starts: at most `overlap` tokens before `end`, but after `start`.

    The overlap leaves room for the unit at `end`, so that every window reads something new.
    """
    shared, following = 0, end
    while following - 1 > start and shared + sizes[following - 1] <= overlap:
        following -= 1
        shared += sizes[following]
    return following


def best_window(found: Sequence[Window], count: int) -> list[int]:
    """For each of `count` units, the number of the window that shows most context on its poorer side."""
    best = [0] * count
    context = [-1] * count
    for number, window in enumerate(found):
        for unit in range(window.start, window.end):
            left = unit - window.start if window.start else count
            right = window.end - 1 - unit if window.end < count else count
            if min(left, right) > context[unit]:
                best[unit], context[unit] = number, min(left, right)
    return best
