"""Verdict: the likely cause of what has changed, and what to do, by stated rules.

1. Rows unlike the reference beyond chance: new topics. Where one group of them is a good part of the traffic, a class
   may be missing; else people should label rows.
2. The answers are mixed otherwise, and that explains what else has changed: label shift. A version that is as sure as
   before need not be taught anew unless the mix is very different.
3. The texts have changed (words, length, language): other texts. Where the version is less sure, re-tune; else label
   some, to see whether it is still right.
4. Only the confidence has changed: label some.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from . import numbers, text, topics
from .labels import Mix
from .topics import Topic
from .window import Change, Window

Decision = Literal["nothing", "label", "re-tune", "add a class"]
LABELLED = 40
# A group of new rows of this share of the traffic, and so many, may be worth a class of its own.
CLASS_SHARE, CLASS_ROWS = 0.02, 8
# So much of the prevalence must have moved before a re-tuning for the mix alone pays.
MUCH_MOVED = 0.2
MOSTLY = 0.5
_TEXT = ("text", "vectors", "vocabulary", "length", "language")


@dataclass(frozen=True)
class Verdict:
    """What is likely behind the changes, what to do, and both in a sentence."""

    cause: str
    decision: Decision
    sentence: str


def verdict(window: Window, changes: Sequence[Change], mix: Mix, groups: Sequence[Topic]) -> Verdict:
    """By the rules above."""
    alarms = {change.name: change for change in changes if change.alarm}
    if not alarms:
        return Verdict("none", "nothing", f"nothing has changed in {len(window)} rows beyond chance")
    if "labels" in alarms and window.profile.confusion is not None and _only_the_mix(window, alarms, mix):
        return _label_shift(window, alarms, mix)
    if "topics" in alarms:
        return _new_topics(window, alarms["topics"], groups)
    if any(name in alarms for name in _TEXT):
        return _other_texts(window, alarms)
    if "labels" in alarms:
        return _label_shift(window, alarms, mix)
    return Verdict("confidence", "label", f"{alarms['confidence'].sentence}: label {LABELLED} rows to see why")


def _only_the_mix(window: Window, alarms: dict[str, Change], mix: Mix) -> bool:
    """Whether nothing is left of the other alarms when the reference gets the window's mix."""
    again = {
        "topics": topics.change, "confidence": numbers.confidence, "vocabulary": numbers.vocabulary,
        "length": numbers.length,
    }  # fmt: skip
    if any(name in alarms and again[name](window, window.mix).alarm for name in again):
        return False
    return "text" not in alarms or text.explained(window, mix.now) >= MOSTLY


def _label_shift(window: Window, alarms: dict[str, Change], mix: Mix) -> Verdict:
    moved = float(np.abs(mix.now - mix.before).sum()) / 2
    sure = "confidence" not in alarms or numbers.confidence(window).effect > 0
    how = "the version is still sure of its answers" if sure else alarms["confidence"].sentence
    much = moved >= MUCH_MOVED or not sure
    advice = "re-tune, so that it knows the new mix" if much else "nothing needs to be done"
    sentence = f"{alarms['labels'].sentence}: label shift; {how}: {advice}"
    return Verdict("label shift", "re-tune" if much else "nothing", sentence)


def _new_topics(window: Window, change: Change, groups: Sequence[Topic]) -> Verdict:
    labelled = min(LABELLED, len(window))
    if groups and len(groups[0].rows) >= max(CLASS_ROWS, CLASS_SHARE * len(window)):
        first = groups[0]
        about = f"{len(first.rows)} of them are about '{first.name}' (\"{first.examples[0]}\")"
        advice = f"label {labelled} of them, and maybe add a class"
        return Verdict("new topics", "add a class", f"{change.sentence}; {about}: {advice}")
    shown = ", ".join(f'"{example}"' for example in strangest(window))
    return Verdict("new topics", "label", f"{change.sentence} ({shown}): label {labelled} of them")


def _other_texts(window: Window, alarms: dict[str, Change]) -> Verdict:
    said = "; ".join(alarms[name].sentence for name in _TEXT if name in alarms)
    if "confidence" in alarms and alarms["confidence"].effect < 0:
        return Verdict("other texts", "re-tune", f"{said}; {alarms['confidence'].sentence}: label rows and re-tune")
    advice = f"label {LABELLED} rows to see whether it is still right"
    return Verdict("other texts", "label", f"{said}; the version is as sure as before: {advice}")


def strangest(window: Window, count: int = 2) -> list[str]:
    """Rows that are most unlike the reference, shortened."""
    return [window.texts.raw[i][:80] for i in np.argsort(-window.strange, kind="stable")[:count]]
