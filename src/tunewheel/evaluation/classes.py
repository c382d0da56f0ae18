"""Class by class: precision, recall and F1, which are taken for which, and the matrix of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .metrics_entities import Found
from .outcomes import NOTHING, Answer, Mark, Outcome

MOST_CLASSES_IN_MATRIX = 30
_ROWS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class ClassScore:
    """One class (or entity type): precision, recall, F1, and `support`, how often it is really there."""

    label: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, slots=True)
class Confusion:
    """`actual` was taken for `predicted` `count` times, for example in the test rows at `positions` (from 0).

    "(nothing)" stands for an entity or a label that was missed, or that is not there.
    """

    actual: str
    predicted: str
    count: int
    positions: list[int]


def class_scores(rows: Sequence[Outcome], labels: Sequence[str]) -> list[ClassScore]:
    """One `ClassScore` a label, in the order of `labels`, then labels that only the test set or the model knows."""
    hits, said, true = defaultdict[str, int](int), defaultdict[str, int](int), defaultdict[str, int](int)
    for row in rows:
        actual, predicted = _items(row.actual), _items(row.predicted)
        for counter, items in ((hits, actual & predicted), (said, predicted), (true, actual)):
            for item in items:
                counter[_label(item)] += 1
    names = list(dict.fromkeys([*labels, *sorted(said | true)]))
    found = {name: Found(hits[name], said[name], true[name]) for name in names}
    return [ClassScore(name, f.precision, f.recall, f.f1, f.actual) for name, f in found.items()]


def confusions(rows: Sequence[Outcome], most: int = 20) -> list[Confusion]:
    """The `most` frequent mistakes as pairs of classes."""
    where = defaultdict[tuple[str, str], list[int]](list)
    for row in rows:
        for pair in _pairs(row):
            where[pair].append(row.position)
    ranked = sorted(where.items(), key=lambda entry: (-len(entry[1]), entry[0]))[:most]
    return [Confusion(*pair, len(places), list(dict.fromkeys(places))[:_ROWS_SHOWN]) for pair, places in ranked]


def matrix(rows: Sequence[Outcome], labels: Sequence[str]) -> list[list[int]]:
    """Counts, actual by predicted, in the order of `labels`; empty for more than 30 classes or other answers."""
    number = {label: i for i, label in enumerate(labels)}
    cells = [(row.actual, row.predicted) for row in rows]
    if not 2 <= len(labels) <= MOST_CLASSES_IN_MATRIX or any(
        not isinstance(side, str) for cell in cells for side in cell
    ):
        return []
    counts = [[0] * len(labels) for _ in labels]
    for actual, predicted in cells:
        counts[number[str(actual)]][number[str(predicted)]] += 1
    return counts


def _items(answer: Answer) -> set[str | Mark]:
    return {answer} if isinstance(answer, str) else set(answer)


def _label(item: str | Mark) -> str:
    return item.label if isinstance(item, Mark) else item


def _pairs(row: Outcome) -> Iterator[tuple[str, str]]:
    """Single labels pair up; so do entities with equal bounds; the rest was missed or invented."""
    if isinstance(row.actual, str) and isinstance(row.predicted, str):
        yield from [] if row.correct else [(row.actual, row.predicted)]
        return
    actual, predicted = _items(row.actual), _items(row.predicted)
    invented = {_bounds(item): item for item in sorted(predicted - actual, key=repr)}
    for item in sorted(actual - predicted, key=repr):
        other = invented.pop(_bounds(item), None)
        yield _label(item), _label(other) if other is not None else NOTHING
    for item in invented.values():
        yield NOTHING, _label(item)


def _bounds(item: str | Mark) -> object:
    return (item.start, item.end) if isinstance(item, Mark) else item
