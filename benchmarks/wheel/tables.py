"""The tables of the wheel as text: a line an arm for each stream. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..serving.tables import columns
from .plan import STREAMS, part

Parts = Mapping[str, Mapping[str, Any]]
HEAD = ("live accuracy", "share", "labels", "promotions", "harmful", "> 1 point", "RMSE", "alarms", "seconds")


def tables(parts: Parts) -> list[str]:
    """One a stream that was measured."""
    found = {name: parts.get(part(name), {}) for name in STREAMS}
    return [table(name, one["arms"]) for name, one in found.items() if "arms" in one]


def table(name: str, arms: Mapping[str, Mapping[str, Any]]) -> str:
    """What each arm brought in a year of this stream, means over the seeds."""
    return columns([[name, *HEAD], *([arm, *_line(told)] for arm, told in arms.items())])


def _line(told: Mapping[str, Any]) -> list[str]:
    share = "-" if told["share"] is None else f"{told['share']:.2f}"
    error = f"{told['errors']['rmse']:.2f}" if told["errors"] else "-"
    counts = (told["labels"], told["promotions"], told["harmful"], told["harmful_by_a_point"])
    return [f"{told['area']:.4f}", share, *map(str, counts), error, str(told["alarms"]), str(told["seconds"])]
