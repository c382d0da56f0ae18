"""What was answered and what was right, row by row, as plain values that a report can hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..records import Example, Prediction, Span, Words
from .metrics_entities import entities

NOTHING = "(nothing)"
OUTSIDE = "O"


@dataclass(frozen=True, slots=True)
class Mark:
    """A labelled stretch of text: characters `start` (included) to `end` (excluded)."""

    start: int
    end: int
    label: str


Answer = str | list[str] | list[Mark]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One row of the test set with the answer that was given."""

    position: int
    example: Example
    actual: Answer
    predicted: Answer
    confidence: float

    @property
    def correct(self) -> bool:
        return self.actual == self.predicted


def outcomes(predictions: Sequence[Prediction], examples: Sequence[Example]) -> list[Outcome]:
    """One `Outcome` a row. Raises ValueError when there is not one prediction an example."""
    if len(predictions) != len(examples):
        raise ValueError(f"{len(predictions)} predictions for {len(examples)} examples")
    return [
        Outcome(i, example, plain(example.target, example), plain(said.value, example), float(said.confidence))
        for i, (said, example) in enumerate(zip(predictions, examples, strict=True))
    ]


def plain(value: Any, example: Example) -> Answer:
    """A target or a prediction's value as a label, sorted labels, or marks in order of place.

    Shares by label (soft targets) stand for their largest; word tags for the entities they spell.
    """
    if isinstance(value, Mapping):
        return max(value, key=lambda label: value[label], default="")
    if isinstance(value, str) or not isinstance(value, Iterable):
        return "" if value is None else str(value)
    many = list(value)
    if isinstance(example.content, Words) and many and all(isinstance(item, str) for item in many):
        return _from_tags(many, example.content)
    if many and all(isinstance(item, Span) for item in many):
        return sorted((Mark(span.start, span.end, span.label) for span in many), key=_place)
    return sorted(map(str, many))


def answered(labels: Sequence[str], examples: Sequence[Example]) -> list[str]:
    """The classes of what is answered: the labels, or, where those are tags of words, the types that they spell."""
    if OUTSIDE not in labels or not all(isinstance(example.content, Words) for example in examples):
        return list(labels)
    return list(dict.fromkeys(entity.type for tag in labels for entity in entities([tag])))


def spoken(answer: Answer, text: str = "") -> str:
    """An answer in words: a label, labels with commas, or `"New York" (LOC)` for marks in `text`."""
    if isinstance(answer, str):
        return answer
    words = [f'"{text[a.start : a.end]}" ({a.label})' if isinstance(a, Mark) else a for a in answer]
    return ", ".join(words) or NOTHING


def marks(answer: Answer) -> list[Mark]:
    """The marks of an answer; none when it is made of labels."""
    return [] if isinstance(answer, str) else [item for item in answer if isinstance(item, Mark)]


def _from_tags(tags: list[str], words: Words) -> list[Mark]:
    bounds = words.bounds
    return [Mark(bounds[e.first][0], bounds[e.last][1], e.type) for e in entities(tags[: len(bounds)])]


def _place(mark: Mark) -> tuple[int, int, str]:
    return mark.start, mark.end, mark.label
