"""Seeds side by side: a process a core."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

Given, Found = TypeVar("Given"), TypeVar("Found")


def side_by_side(function: Callable[[Given], Found], given: Iterable[Given]) -> list[Found]:
    """What the function finds for each, in order. Processes are started afresh: a forked one may hang in torch."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as workers:
        return list(workers.map(function, given))
