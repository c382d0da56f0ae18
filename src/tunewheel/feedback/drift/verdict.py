"""Verdict: the likely cause of what has changed, and what to do, by stated rules.

1. The answers are mixed otherwise, and that explains whatever else has changed: label shift. A version that is as sure
   as before need not be taught anew unless the mix is very different.
2. Much of the traffic is unlike the reference, and its texts have changed: other texts. Where the version is less sure,
   re-tune; else label some, to see whether it is still right.
3. Rows that are unlike the reference beyond chance, or a class that has grown by texts that are not its own: new
   topics. Where they are a good part of the traffic and about one subject, a class may be missing; else label some.
4. Texts of a part have changed: other texts, as above. Only the confidence: label some.
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
# With so many new rows it is the traffic that is new, and not a topic in it.
WHOLE = 0.4
_CALLED = {
    "text": "the texts", "vectors": "the embeddings", "vocabulary": "the share of new words",
    "length": "the length of the texts", "language": "the languages", "labels": "the mix of the answers",
    "confidence": "how sure the version is", "topics": "the share of strange rows",
}  # fmt: skip
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
        return Verdict("none", "nothing", _quiet(window, [change.name for change in changes if change.likely]))
    if "labels" in alarms and _only_the_mix(window, alarms, mix):
        return _label_shift(window, alarms, mix)
    text_changed = any(name in alarms for name in _TEXT)
    if text_changed and window.new_share >= WHOLE:
        return _other_texts(window, alarms)
    return _of_a_part(window, alarms, groups, text_changed)


def _of_a_part(window: Window, alarms: dict[str, Change], groups: Sequence[Topic], text_changed: bool) -> Verdict:
    if "topics" in alarms:
        return _new_topics(window, alarms["topics"], groups)
    if "labels" in alarms and "text" in alarms and groups:
        return _hidden_topic(window, alarms["labels"], groups[0])
    if text_changed:
        return _other_texts(window, alarms)
    return _less_sure(alarms)


def _only_the_mix(window: Window, alarms: dict[str, Change], mix: Mix) -> bool:
    """Whether nothing is left of the other alarms when the reference gets the window's mix."""
    again = {
        "topics": topics.change, "confidence": numbers.confidence, "vocabulary": numbers.vocabulary,
        "length": numbers.length,
    }  # fmt: skip
    if any(again[name](window, window.mix, alarms[name].chance).alarm for name in again if name in alarms):
        return False
    return "text" not in alarms or text.left_over(window, mix.now) <= alarms["text"].threshold


def _quiet(window: Window, likely: Sequence[str]) -> str:
    if not likely:
        return f"nothing has changed in {len(window)} rows beyond chance"
    what = " and ".join(_CALLED[name] for name in likely)
    return f"{what} may have changed in {len(window)} rows: a look at later ones will tell"


def _label_shift(window: Window, alarms: dict[str, Change], mix: Mix) -> Verdict:
    moved = float(np.abs(mix.now - mix.before).sum()) / 2
    sure = "confidence" not in alarms or numbers.confidence(window).effect > 0
    how = "the version is still sure of its answers" if sure else alarms["confidence"].sentence
    much = moved >= MUCH_MOVED or not sure
    advice = "re-tune, so that it knows the new mix" if much else "nothing needs to be done"
    sentence = f"{alarms['labels'].sentence}: label shift; {how}: {advice}"
    return Verdict("label shift", "re-tune" if much else "nothing", sentence)


def _less_sure(alarms: dict[str, Change]) -> Verdict:
    said = "; ".join(alarms[name].sentence for name in ("labels", "confidence") if name in alarms)
    return Verdict("confidence", "label", f"{said}: label {LABELLED} rows to see why")


def _new_topics(window: Window, change: Change, groups: Sequence[Topic]) -> Verdict:
    labelled = min(LABELLED, int(window.unlike.sum()))
    if groups and len(groups[0].rows) >= max(CLASS_ROWS, CLASS_SHARE * len(window)):
        first = groups[0]
        about = f"{len(first.rows)} of them are about '{first.name}' (\"{first.examples[0]}\")"
        advice = f"label {labelled} of them, and maybe add a class"
        return Verdict("new topics", "add a class", f"{change.sentence}; {about}: {advice}")
    shown = ", ".join(f'"{example}"' for example in strangest(window))
    return Verdict("new topics", "label", f"{change.sentence} ({shown}): label {labelled} of them")


def _hidden_topic(window: Window, change: Change, topic: Topic) -> Verdict:
    """A class has grown by texts that are not its own."""
    labelled = min(LABELLED, len(topic.rows))
    shown = f"{len(topic.rows)} rows about '{topic.name}' (\"{topic.examples[0]}\")"
    said = f"{change.sentence}, with texts that are not its own: {shown}: label {labelled} of them, maybe add a class"
    return Verdict("new topics", "label", said)


def _other_texts(window: Window, alarms: dict[str, Change]) -> Verdict:
    said = "; ".join(alarms[name].sentence for name in _TEXT if name in alarms)
    if "confidence" in alarms and alarms["confidence"].effect < 0:
        return Verdict("other texts", "re-tune", f"{said}; {alarms['confidence'].sentence}: label rows and re-tune")
    advice = f"label {LABELLED} rows to see whether it is still right"
    return Verdict("other texts", "label", f"{said}; the version is as sure as before: {advice}")


def strangest(window: Window, count: int = 2) -> list[str]:
    """Rows that are most unlike the reference, shortened."""
    return [window.texts.raw[i][:80] for i in np.argsort(-window.strange, kind="stable")[:count]]
