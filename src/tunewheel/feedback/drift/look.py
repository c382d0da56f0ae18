"""Look: one window of traffic beside the profile: what has changed, why, and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from . import labels, language, numbers, text, topics
from .features import Floats
from .profile import Profile
from .tails import CHANCE, likely
from .topics import Topic
from .verdict import Decision, verdict
from .window import Change, Window, open_window

FEWEST_ROWS = 20


@dataclass(frozen=True)
class Drift:
    """What a look at N rows found. `region` (N,): how unlike the reference each row is, 0 for the usual ones; it tells
    the audit where to draw."""

    changes: tuple[Change, ...]
    rows: int
    cause: str
    decision: Decision
    sentence: str
    topics: tuple[Topic, ...]
    region: Floats

    @property
    def alarm(self) -> bool:
        """Whether anything changed beyond chance."""
        return any(change.alarm for change in self.changes)

    @property
    def likely(self) -> bool:
        """Whether there is no alarm, but something that will be one when a look at other rows finds it, too."""
        return not self.alarm and any(change.likely for change in self.changes)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON without the region."""
        return {
            "rows": self.rows, "alarm": self.alarm, "likely": self.likely, "cause": self.cause,
            "decision": self.decision, "sentence": self.sentence,
            "changes": [_plain(change) for change in self.changes],
            "topics": [asdict(topic) for topic in self.topics],
        }  # fmt: skip


def look(
    profile: Profile, texts: Sequence[str], answers: Sequence[Any], confidences: ArrayLike, *,
    vectors: ArrayLike | None = None, before: Drift | None = None,
) -> Drift:  # fmt: skip
    """Compare N rows of traffic, with the version's answers and confidences (N,), with the profile.

    `vectors` (N, D) are embeddings as the profile's. What is far beyond chance is an alarm at once; what is only likely
    is one where the look `before`, at other rows (most of them at least), found it, too. With fewer than 20 rows
    nothing is decided. Raises ValueError where lengths do not fit.
    """
    sure = np.asarray(confidences, float)
    if not len(texts) == len(answers) == len(sure):
        raise ValueError(f"{len(texts)} texts, {len(answers)} answers and {len(sure)} confidences do not fit")
    window = open_window(profile, list(texts), list(answers), sure)
    if len(window) < FEWEST_ROWS:
        said = f"too few rows to tell: {len(window)}, and {FEWEST_ROWS} are needed"
        return Drift((), len(window), "too few rows", "nothing", said, (), _region(window))
    mix = labels.mix_of(window)
    rows = profile.reference_rows
    certain = _changes(window, mix, vectors, dict.fromkeys(rows, CHANCE))
    weak = _changes(window, mix, vectors, {name: likely(len(window), rows[name]) for name in rows})
    changes = _settled(certain, weak, before)
    groups = _topics(window, {change.name for change in changes if change.alarm}, mix)
    found = verdict(window, changes, mix, groups)
    return Drift(changes, len(window), found.cause, found.decision, found.sentence, groups, _region(window))


def _plain(change: Change) -> dict[str, Any]:
    """numpy's numbers are none that JSON knows."""
    numbers = {"effect": float(change.effect), "threshold": float(change.threshold)}
    return {**asdict(change), **numbers, "alarm": bool(change.alarm), "likely": bool(change.likely)}


def _changes(
    window: Window, mix: labels.Mix, vectors: ArrayLike | None, chances: Mapping[str, float]
) -> list[Change]:  # fmt: skip
    embedded = None if vectors is None else text.of_vectors(window, vectors, chances["vectors"])
    changes = [
        text.change(window, chances["text"]), labels.change(window, mix, chances["labels"]),
        numbers.confidence(window, None, chances["confidence"]),
        numbers.vocabulary(window, None, chances["vocabulary"]),
        numbers.length(window, None, chances["length"]), language.change(window, chances["language"]),
        topics.change(window, None, chances["topics"]),
    ]  # fmt: skip
    return changes if embedded is None else [*changes, embedded]


def _settled(certain: Sequence[Change], weak: Sequence[Change], before: Drift | None) -> tuple[Change, ...]:
    """What is an alarm: what is certain; what is likely beside it, for that tells the cause; and what is likely and was
    found before, in the same direction."""
    found = {(one.name, one.effect > 0) for one in before.changes if one.likely} if before else set()
    sure = any(change.alarm for change in certain)
    return tuple(
        replace(low, likely=True)
        if low.alarm and not high.alarm and (sure or (low.name, low.effect > 0) in found)
        else replace(high, likely=low.alarm)
        for high, low in zip(certain, weak, strict=True)
    )


def _topics(window: Window, alarms: set[str], mix: labels.Mix) -> tuple[Topic, ...]:
    """The groups of rows that are unlike the reference; without such, the class that has grown most."""
    if "topics" in alarms:
        return topics.topics(window)
    return topics.within(window, labels.grown(mix)) if {"labels", "text"} <= alarms else ()


def _region(window: Window) -> Floats:
    """0 for rows that are no stranger than nearly all of the reference, then more."""
    return np.maximum(window.strange - window.profile.cut, 0.0) if len(window) else np.zeros(0)
