"""The tables of the serving benchmark as text: requests by clients, and texts a second in bulk. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .judged import asked, faults
from .plan import BARE, CLIENTS, part

Parts = Mapping[str, Mapping[str, Any]]


def tables(parts: Parts) -> list[str]:
    """One a part that has something to show."""
    shown = {"load": load, "bulk": bulk}
    found = {name: parts.get(part(name), {}) for name in shown}
    return [shown[name](one) for name, one in found.items() if "systems" in one]


def load(found: Mapping[str, Any]) -> str:
    """A line a system: requests a second, p50 and p99 in ms, at each number of clients."""
    head = ["", *(f"{clients} clients: requests/s, p50, p99 ms" for clients in CLIENTS), "not right"]
    lines = [head]
    for system in found["systems"]:
        runs = [asked(found, system, clients) for clients in CLIENTS]
        wrong = "; ".join(
            f"{clients}: {faults(run)}" for clients, run in zip(CLIENTS, runs, strict=True) if faults(run)
        )
        lines.append([system, *(f"{run['rate']:,}  {run['p50']}  {run['p99']}" for run in runs), wrong])
    bare = found[BARE]
    calls = f"{bare['p50']} ms, p99 {bare['p99']} ms a call; {bare['rate']:,} texts/s on two threads"
    return "\n".join([columns(lines), f"plain onnxruntime in a loop, without HTTP: p50 {calls}"])


def bulk(found: Mapping[str, Any]) -> str:
    """A line a system: texts a second, over all rounds and in each."""
    rows = [
        [name, f"{one['rate']:,}", ", ".join(f"{rate:,}" for rate in one["rates"])]
        for name, one in found["systems"].items()
    ]
    return columns([["bulk", "texts/s", "by round"], *rows])


def columns(lines: Sequence[Sequence[str]]) -> str:
    """Cells below each other, the last column as it is."""
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]) - 1)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(line, widths, strict=False)), line[-1]]).rstrip()
        for line in lines
    )
