"""What a system has at a mark: of its readings, the one that somebody would have who stopped it there. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Part = Mapping[str, Any]
Reading = Mapping[str, Any]
# A run that was given a budget may end this much later and is still read at it.
GRACE = 1.05


def reading_at(part: Part, mark: float, budget: float) -> Reading | None:
    """The best reading on validation within `mark` seconds (the newest without validation); None for nothing yet.

    The `final` one counts from the end of its run; where `mark` is the whole budget, with five per cent of grace.
    """
    latest = {True: mark * GRACE if mark == budget else mark, False: mark}
    found = [r for r in part["readings"] if r["seconds"] <= latest[bool(r.get("final"))]]
    return max(found, key=_worth) if found else None


def _worth(reading: Reading) -> tuple[float, float]:
    """By validation, and by age where that does not tell."""
    return (reading.get("validation") or 0.0, reading["seconds"])


def cut_before(part: Part, mark: float) -> bool:
    """Whether it was stopped before its end and before `mark`: what it has there was not measured."""
    return "stopped" in part and part["ended"] < mark


def first_as_good(part: Part, score: float) -> float | None:
    """The seconds of the first reading with at least `score` on the test rows; None when there is none."""
    return min((r["seconds"] for r in part["readings"] if r["score"] >= score), default=None)
