"""What this machine has (cores, memory), what this process holds of it, what a body will take of it, and how long a
unit takes in timed steps."""

from __future__ import annotations

import ctypes
import gc
import json
import os
import re
import resource
import sys
from collections.abc import Sequence
from contextlib import suppress
from math import prod
from pathlib import Path
from statistics import median

import psutil

from ..errors import ModelDamaged
from .folder import WEIGHTS, about

CGROUP = Path("/sys/fs/cgroup")
# What the catalogue says of its text bodies, as a line through the size of their weights in float32.
PROCESS_MB, BYTES_A_BYTE = 600, 6
MOST_HEADER = 100_000_000  # bytes, as the safetensors package has it


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
    status = Path("/proc/self/status")  # what the system tells of a process alone counts that of who started it, too
    if status.exists() and (found := re.search(r"VmHWM:\s+(\d+) kB", status.read_text())):
        return int(found[1]) * 1024 / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS, KiB elsewhere
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


def forget_peak() -> None:
    """Let the peak begin anew from what is held now; without effect where the system cannot do that (Linux can)."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def give_back_memory() -> None:
    """Let the system have the memory that nobody needs: of objects that know each other, which Python would find only
    some time, and what was freed, where the C library can be told to (glibc). After a training that is a quarter or
    more of what the process held."""
    gc.collect()
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def needed_memory_mb(folder: Path) -> int:
    """About what fine-tuning the body in a model folder takes, in MB: as the catalogue says, or by its size."""
    known = about(folder).get("memory_mb")
    return int(known or PROCESS_MB + BYTES_A_BYTE * (folder / WEIGHTS).stat().st_size / 1e6)


def computing_weights(folder: Path) -> int:
    """How many weights of the body in a model folder are multiplied for each token: the time that it takes grows with
    them. Vectors of words and places are looked up, and poolers are not used. Raises `ModelDamaged`."""
    try:
        with (folder / WEIGHTS).open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if length > MOST_HEADER:
                raise ValueError(f"its header would be {length:,} bytes long")
            header = json.loads(file.read(length))
        shapes = [facts["shape"] for name, facts in header.items() if not _is_looked_up(name)]
        return sum(prod(shape) for shape in shapes)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelDamaged(f"{WEIGHTS} cannot be read ({error}).", where=str(folder)) from None


def _is_looked_up(name: str) -> bool:
    return name == "__metadata__" or "embeddings." in name or "pooler." in name


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
