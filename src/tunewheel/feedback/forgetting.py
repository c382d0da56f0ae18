"""Forgetting: which rows a new version broke and which it mended, in all and by class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..records import Ratio

MOST_CLASSES = 20


@dataclass(frozen=True, slots=True)
class ClassChange:
    """Rows of one class: how many, how many the new version mended, and how many it broke."""

    label: str
    rows: int
    mended: int
    broken: int


@dataclass(frozen=True)
class Forgetting:
    """Positions of rows that only the new version answers better (`mended`) or worse (`broken`), and the classes where
    most changed, those that lost most first."""

    mended: tuple[int, ...]
    broken: tuple[int, ...]
    classes: tuple[ClassChange, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, as the ledger keeps it: how many, and by class."""
        return {"mended": len(self.mended), "broken": len(self.broken), "classes": [asdict(c) for c in self.classes]}


def forgetting(labels: Sequence[str], new: Ratio, old: Ratio) -> Forgetting:
    """Compare two versions row by row; `labels` (N,) are the right answers in words."""
    ahead = new.numerator * old.denominator - old.numerator * new.denominator
    mended, broken = ([i for i, gap in enumerate(ahead.tolist()) if sign * gap > 1e-12] for sign in (1, -1))
    rows = Counter(labels)
    won, lost = (Counter(labels[i] for i in positions) for positions in (mended, broken))
    changed = sorted(won.keys() | lost.keys(), key=lambda label: (won[label] - lost[label], label))
    told = (ClassChange(label, rows[label], won[label], lost[label]) for label in changed[:MOST_CLASSES])
    return Forgetting(tuple(mended), tuple(broken), tuple(told))
