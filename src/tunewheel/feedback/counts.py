"""Counts: what two versions were asked, and what of it went badly."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Counts:
    """Requests of the canary (`new`) and of the live version (`old`), and how many of them were bad."""

    new: int = 0
    new_bad: int = 0
    old: int = 0
    old_bad: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.new + other.new, self.new_bad + other.new_bad, self.old + other.old, self.old_bad + other.old_bad
        )
