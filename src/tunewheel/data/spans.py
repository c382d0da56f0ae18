"""Character spans onto words: trimmed, split and tagged so that no span is dropped in silence."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterable
from typing import NamedTuple

from ..errors import Problem
from ..records import Span, Words
from .tags import detect_scheme, is_tag, parse_tag, spans_to_tags, tags_to_spans, to_iob2
from .words import bound, join_words, split_words

__all__ = [
    "Aligned",
    "align",
    "detect_scheme",
    "is_tag",
    "join_words",
    "parse_tag",
    "spans_to_tags",
    "split_words",
    "tags_to_spans",
    "to_iob2",
]

# Marks that never begin or never end a name. Points, quotes and closing brackets may belong to it ("Inc.", "Yahoo!").
_NEVER_FIRST = ",;!?)]}、。，；：！？）】》」"
_NEVER_LAST = ",;:([{、。，；：！？（【《「"


class Aligned(NamedTuple):
    """Words (cut where a span asked for it), one IOB2 tag a word, and what had to be mended or left out."""

    words: Words
    tags: list[str]
    problems: list[Problem]


def align(text: str, words: Words, spans: Iterable[Span]) -> Aligned:
    """Character spans of `text` as IOB2 tags of its words.

    A span with a space or a comma too much is trimmed, a word that a span cuts is split there, and a span that
    is empty, outside the text or over another one is left out; each of these adds a `Problem`.
    """
    problems: list[Problem] = []
    kept = _without_overlaps(text, _sound_spans(text, spans, problems), problems)
    bounds = _cut(text, words.bounds, kept, problems)
    tags = ["O"] * len(bounds)
    for span in kept:
        inside = [i for i, (start, end) in enumerate(bounds) if span.start <= start < end <= span.end]
        if not inside:
            problems.append(_problem(text, span, "holds no word.", "Move it onto the words it is meant for."))
        for position in inside:
            tags[position] = sys.intern(f"{'B' if position == inside[0] else 'I'}-{span.label}")
    return Aligned(Words(text, bounds), tags, problems)


def _sound_spans(text: str, spans: Iterable[Span], problems: list[Problem]) -> list[Span]:
    sound = []
    for span in spans:
        fault = _fault(text, span)
        if fault is not None:
            problems.append(fault)
            continue
        trimmed = _trimmed(text, span)
        if trimmed != span:
            says = f"was trimmed to {text[trimmed.start : trimmed.end]!r}."
            problems.append(_problem(text, span, says, f"Write it as characters {trimmed.start} to {trimmed.end}."))
        sound.append(trimmed)
    return sound


def _fault(text: str, span: Span) -> Problem | None:
    """Why a span cannot be used at all, or None."""
    if span.start < 0 or span.end > len(text):
        advice = "Offsets count characters from 0, and the end is the character after the last."
        return _problem(text, span, f"lies outside the text, which has {len(text)} characters.", advice)
    if span.start >= span.end:
        return _problem(
            text, span, "is empty.", "The end must be greater than the start; delete it if nothing is meant."
        )
    if not text[span.start : span.end].strip():
        return _problem(text, span, "holds only spaces.", "Move it onto the words it is meant for.")
    if not span.label.strip():
        return _problem(text, span, "has no label.", "Give it one or delete it.")
    return None


def _trimmed(text: str, span: Span) -> Span:
    """Without spaces and stray marks at its ends; unchanged if nothing else would be left."""
    start, end = span.start, span.end
    while start < end and (text[start].isspace() or text[start] in _NEVER_FIRST):
        start += 1
    while start < end and (text[end - 1].isspace() or text[end - 1] in _NEVER_LAST):
        end -= 1
    return Span(start, end, span.label, span.confidence) if start < end else span


def _without_overlaps(text: str, spans: list[Span], problems: list[Problem]) -> list[Span]:
    """The longer of two spans that overlap stays: one word can carry one tag only."""
    kept: list[Span] = []
    for span in sorted(spans, key=lambda s: (s.start - s.end, s.start)):
        rival = next((k for k in kept if k.start < span.end and span.start < k.end), None)
        if rival is None:
            kept.append(span)
            continue
        if (rival.start, rival.end, rival.label) == (span.start, span.end, span.label):
            problems.append(_problem(text, span, "is given twice; one was kept.", "Delete one of them."))
            continue
        other = f"{text[rival.start : rival.end]!r} ({rival.label})"
        says = f"overlaps {other} and was left out: a word carries one label."
        problems.append(_problem(text, span, says, "Delete or shorten one of the two."))
    return sorted(kept, key=lambda s: s.start)


def _cut(
    text: str, bounds: tuple[tuple[int, int], ...], spans: list[Span], problems: list[Problem]
) -> tuple[tuple[int, int], ...]:
    """Words split where a span starts or ends inside them."""
    edges = {span.start: span for span in spans} | {span.end: span for span in spans}
    marks = sorted(edges)
    pieces: list[tuple[int, int]] = []
    for start, end in bounds:
        inner = [mark for mark in marks if start < mark < end]
        if inner:
            says = f"cuts the word {text[start:end]!r}, which was split there."
            problems.append(_problem(text, edges[inner[0]], says, "Check that its offsets are not shifted."))
        pieces.extend(bound(*piece) for piece in itertools.pairwise([start, *inner, end]))
    return tuple(pieces)


def _problem(text: str, span: Span, says: str, advice: str) -> Problem:
    surface = text[max(span.start, 0) : max(span.end, 0)]
    shown = surface if len(surface) <= 40 else surface[:37] + "..."
    return Problem(f"the span {shown!r} ({span.label}) {says}", f"characters {span.start}-{span.end}", advice)
