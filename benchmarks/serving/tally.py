"""What came of the requests of a load: how many of each kind, how long they took; and percentiles. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .wire import OK, Reply, Request

# The nearest rank: a value that was measured, never one between two.
SHARES = {"p50": 0.5, "p99": 0.99}


class Tally:
    """Milliseconds by status; answers that were not the expected ones; requests whose connection was dropped."""

    def __init__(self) -> None:
        self.taken: dict[int, list[float]] = {}
        self.wrong = 0
        self.dropped = 0
        self.hasty = 0
        self.first_wrong = ""

    def note(self, asked: Request, reply: Reply | None, seconds: float) -> None:
        """Count one request that is over."""
        if reply is None:
            self.dropped += 1
            return
        self.taken.setdefault(reply.status, []).append(round(1000 * seconds, 3))
        if reply.status == OK and asked.expected and reply.labels != asked.expected:
            self.wrong += 1
            self.first_wrong = self.first_wrong or f"{reply.labels[:3]} and not {asked.expected[:3]}"
        if reply.status in (429, 503) and not reply.again:
            self.hasty += 1

    def to_json(self, seconds: float) -> dict[str, Any]:
        """All of it, over so many measured seconds. `hasty` are refusals that do not say when to try again."""
        return {
            "seconds": round(seconds, 3), "wrong": self.wrong, "dropped": self.dropped, "hasty": self.hasty,
            "first_wrong": self.first_wrong, "taken": {str(status): taken for status, taken in self.taken.items()},
        }  # fmt: skip


def percentile(values: Iterable[float], share: float) -> float | None:
    """The value that `share` of all values do not exceed; None of nothing."""
    ranked = sorted(values)
    return ranked[max(math.ceil(share * len(ranked)), 1) - 1] if ranked else None


def percentiles(values: Sequence[float]) -> dict[str, float | None]:
    """`p50` and `p99`."""
    return {name: percentile(values, share) for name, share in SHARES.items()}


def pooled(found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Several tallies of one kind as one: answers a second, p50 and p99 in ms over all, and what went wrong."""
    taken: list[float] = [value for one in found for value in one["taken"].get(str(OK), [])]
    others: dict[str, int] = {}
    for one in found:
        for status, values in one["taken"].items():
            if status != str(OK):
                others[status] = others.get(status, 0) + len(values)
    counts = {name: sum(one[name] for one in found) for name in ("wrong", "dropped")}
    rates = [round(len(one["taken"].get(str(OK), [])) / one["seconds"], 1) for one in found]
    rate = round(len(taken) / sum(one["seconds"] for one in found), 1)
    told = {"first_wrong": wrong[0]} if (wrong := [one["first_wrong"] for one in found if one["first_wrong"]]) else {}
    return {"rate": rate, **percentiles(taken), **counts, "others": others, "rates": rates, **told}
