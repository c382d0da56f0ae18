"""Lanes: work in parts side by side, one core each.

Two cores that share every operation wait for each other at its end, often and for long where other programs are at
work. Two cores with half of the batch each wait once a step, and each reads all weights. Figures in docs/log.md.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

import torch

T = TypeVar("T")


class Lanes:
    """`count` threads that compute with one core each; with one lane the caller computes itself."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._pool = _begun(count) if count > 1 else None

    def each(self, work: Callable[..., T], *parts: Sequence[Any]) -> list[T]:
        """`work` of each part (of each tuple of parts, as in `map`), in order."""
        if self._pool is None or len(parts[0]) < 2:
            return [work(*part) for part in zip(*parts, strict=True)]
        return list(self._pool.map(work, *parts))


def _begun(count: int) -> ThreadPoolExecutor:
    """So many threads, all of which have begun: the number of cores that one sets for itself is that of every thread
    that begins later, too, until the caller sets its own again."""
    pool, together = ThreadPoolExecutor(count, "lane"), threading.Barrier(count)
    with computing_on(torch.get_num_threads()):
        list(pool.map(_on_one_core, [together] * count))
    return pool


def _on_one_core(together: threading.Barrier) -> None:
    torch.get_num_threads()  # now torch settles it for this thread; later it would be what somebody else set by then
    torch.set_num_threads(1)
    together.wait()


@contextmanager
def computing_on(cores: int) -> Iterator[None]:
    """Let torch compute on so many cores here."""
    before = torch.get_num_threads()
    torch.set_num_threads(cores)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def lanes(count: int | None = None) -> Lanes:
    """`count` lanes, or one for each core that torch may use now. Their threads are kept, for each thread that asks its
    own: two trainings at once would take turns in the lanes of one."""
    count = count or torch.get_num_threads()
    kept: dict[int, Lanes] = _own.__dict__.setdefault("lanes", {})
    if count not in kept:
        kept[count] = Lanes(count)
    return kept[count]


_own = threading.local()
