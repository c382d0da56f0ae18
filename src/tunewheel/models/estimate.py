"""What this machine has (cores, memory), what this process holds of it, and how long a unit takes in timed steps."""

from __future__ import annotations

import ctypes
import os
import resource
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from statistics import median

import psutil

CGROUP = Path("/sys/fs/cgroup")


def cores() -> int:
    """CPU cores that this process may use: its affinity and, in a container, its share; at least one."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = _numbers(CGROUP / "cpu.max")
    if len(quota) == 2 and quota[1]:
        allowed = min(allowed, max(quota[0] // quota[1], 1))
    return max(allowed, 1)


def available_memory_mb() -> int:
    """Memory that can still be used without swapping, in MB: the machine's and, in a container, its limit."""
    free = int(psutil.virtual_memory().available)
    limit, used = _numbers(CGROUP / "memory.max"), _numbers(CGROUP / "memory.current")
    if limit and used:
        free = min(free, max(limit[0] - used[0], 0))
    return free // 1_000_000


def held_memory_mb() -> float:
    """Memory that this process holds now, in MB."""
    return float(psutil.Process().memory_info().rss) / 1e6


def peak_memory_mb() -> float:
    """The most memory that this process has held, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS, KiB elsewhere
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


def forget_peak() -> None:
    """Let the peak begin anew from what is held now; without effect where the system cannot do that (Linux can)."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def give_back_memory() -> None:
    """Let the system have the memory that was freed, where the C library can be told to (glibc): after a training that
    was a quarter of what the process held."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def _numbers(path: Path) -> list[int]:
    """The numbers in a control file; none when it is not there or says "max"."""
    try:
        words = path.read_text().split()
    except OSError:
        return []
    return [int(word) for word in words] if all(word.isdecimal() for word in words) else []


def seconds_a_unit(probes: Sequence[tuple[int, float]]) -> float:
    """Seconds to learn from a unit (token or picture), from probed steps as (units, seconds) each.

    The median rate of the steps after the first, which also pays for warming up.
    """
    steady = probes[1:] or probes
    return median(seconds / max(count, 1) for count, seconds in steady)
