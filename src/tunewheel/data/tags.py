"""Tag schemes: IOB1, IOB2, BIOES, BILOU, BMES as IOB2, and tags as spans of words and back.

Schemes as in Ramshaw and Marcus (1995) for IOB1 and Tjong Kim Sang and Veenstra (1999) for IOB2 and IOE.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence

from ..errors import LabelError, SpanError

_TAG = re.compile(r"([BIMELSUW])-(\S(?:.*\S)?)\Z")
_CONTINUES = "IMEL"
_CLOSES = "ELSUW"


def is_tag(value: object) -> bool:
    """Whether `value` is `O` or a prefix of a known scheme with a label, such as `B-PER`."""
    return isinstance(value, str) and (value == "O" or _TAG.match(value) is not None)


def detect_scheme(all_tags: Iterable[Sequence[str]]) -> str:
    """The scheme of a file's tag sequences: "IOB1", "IOB2", "BIOES", "BILOU" or "BMES".

    Raises `LabelError` when a tag belongs to none of them.
    """
    prefixes: set[str] = set()
    orphan_inside = begin_after_other = False
    for tags in all_tags:
        previous = ("O", "")
        for tag in tags:
            current = parse_tag(tag)
            follows = previous[0] != "O" and previous[1] == current[1]
            orphan_inside |= current[0] == "I" and not follows
            begin_after_other |= current[0] == "B" and not follows
            prefixes.add(current[0])
            previous = current
    for marks, name in (("LU", "BILOU"), ("M", "BMES"), ("ESW", "BIOES")):
        if prefixes & set(marks):
            return name
    return "IOB1" if orphan_inside and not begin_after_other else "IOB2"


def parse_tag(tag: str) -> tuple[str, str]:
    """`B-PER` as ("B", "PER"), `O` as ("O", ""). Raises `LabelError` for anything else."""
    if tag == "O":
        return "O", ""
    match = _TAG.match(tag)
    if match is None:
        raise LabelError(
            f"{tag!r} is not a tag of a known scheme.", mend="Write tags as O, B-PER, I-PER (or with E-, S-, L-, U-)."
        )
    return match[1], match[2]


def to_iob2(tags: Sequence[str]) -> list[str]:
    """Tags of any known scheme as IOB2. An inside tag with nothing open before it begins a new entity.

    Equal tags are one object, to spare memory.
    """
    converted: list[str] = []
    open_label = ""
    for tag in tags:
        prefix, label = parse_tag(tag)
        if prefix == "O":
            converted.append("O")
        else:
            continues = prefix in _CONTINUES and label == open_label
            converted.append(sys.intern(f"{'I' if continues else 'B'}-{label}"))
        open_label = "" if prefix in _CLOSES else label
    return converted


def tags_to_spans(tags: Sequence[str]) -> list[tuple[int, int, str]]:
    """Entities as (first word, word after the last, label), in order. Any known scheme."""
    spans: list[tuple[int, int, str]] = []
    for position, tag in enumerate(to_iob2(tags)):
        if tag.startswith("B-"):
            spans.append((position, position + 1, tag[2:]))
        elif tag.startswith("I-"):
            start, _, label = spans[-1]
            spans[-1] = (start, position + 1, label)
    return spans


def spans_to_tags(n_words: int, spans: Iterable[tuple[int, int, str]]) -> list[str]:
    """IOB2 tags of `n_words` words. Raises `SpanError` when spans overlap or leave the words."""
    tags = ["O"] * n_words
    for start, end, label in spans:
        if not 0 <= start < end <= n_words:
            raise SpanError(f"the span of words {start} to {end} is not within {n_words} words.")
        if any(tag != "O" for tag in tags[start:end]):
            raise SpanError(f"the span of words {start} to {end} ({label}) overlaps another one.")
        tags[start:end] = [f"B-{label}", *[f"I-{label}"] * (end - start - 1)]
    return tags
