"""Entity metrics: exact span and type over IOB2 tags, and token accuracy to compare with sources that use it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..records import Ratio, Scores
from .metrics import divided


class Entity(NamedTuple):
    """A labelled stretch of words: `first` to `last`, both included."""

    first: int
    last: int
    type: str


@dataclass(frozen=True, slots=True)
class Found:
    """How often entities of one type were predicted, are there, and both (exact span and type)."""

    hits: int
    predicted: int
    actual: int

    @property
    def precision(self) -> float:
        return self.hits / self.predicted if self.predicted else 0.0

    @property
    def recall(self) -> float:
        return self.hits / self.actual if self.actual else 0.0

    @property
    def f1(self) -> float:
        return 2 * self.hits / (self.predicted + self.actual) if self.predicted + self.actual else 0.0


def entities(tags: Sequence[str]) -> list[Entity]:
    """The entities of one sentence, in order. Reads any sequence of `O`, `B-type`, `I-type` as conlleval does:

    `I-` after `O` or after another type starts a new entity. Agrees with seqeval's default (non-strict) mode.
    """
    spans: list[Entity] = []
    inside = ""
    for place, tag in enumerate(tags):
        kind, named = tag[:1], tag[1:].split("-", 1)[-1] or "_"
        if kind == "I" and inside == named:
            spans[-1] = spans[-1]._replace(last=place)
        elif kind in ("B", "I"):
            spans.append(Entity(place, place, named))
        inside = named if kind in ("B", "I") else ""
    return spans


def entity_counts(predicted: Sequence[Sequence[str]], actual: Sequence[Sequence[str]]) -> dict[str, Found]:
    """`Found` by entity type, types sorted by name, over all sentences."""
    hits, said, true = Counter[str](), Counter[str](), Counter[str]()
    for answer, truth in zip(predicted, actual, strict=True):
        ours, theirs = set(entities(answer)), set(entities(truth))
        hits.update(entity.type for entity in ours & theirs)
        said.update(entity.type for entity in ours)
        true.update(entity.type for entity in theirs)
    return {name: Found(hits[name], said[name], true[name]) for name in sorted(said | true)}


def entity_scores(predicted: Sequence[Sequence[str]], actual: Sequence[Sequence[str]]) -> Scores:
    """Scores for word tags: entity_f1, token_accuracy, entity_precision, entity_recall, macro_entity_f1.

    Entities count by exact span and type. Rows: entity_f1 as 2 * hits / (predicted + actual) and token_accuracy,
    per sentence. Raises ValueError when a sentence has not one tag a word.
    """
    parts = np.array([_sentence(a, t) for a, t in zip(predicted, actual, strict=True)], float).reshape(-1, 5)
    hits, said, true, same, words = parts.T
    entity, token = Ratio(2 * hits, said + true), Ratio(same, words)
    values = {
        "entity_f1": entity.value,
        "token_accuracy": token.value,  # second, because many sources quote it: tables that have room for two show it
        "entity_precision": float(divided(hits.sum(), said.sum())),
        "entity_recall": float(divided(hits.sum(), true.sum())),
        "macro_entity_f1": _macro(entity_counts(predicted, actual)),
    }
    return Scores(values, {"entity_f1": entity, "token_accuracy": token})


def _sentence(predicted: Sequence[str], actual: Sequence[str]) -> tuple[int, int, int, int, int]:
    """Entity hits, predicted, actual; equal tags, words of one sentence."""
    if len(predicted) != len(actual):
        raise ValueError(f"{len(predicted)} predicted tags for {len(actual)} words")
    ours, theirs = set(entities(predicted)), set(entities(actual))
    same = sum(a == b for a, b in zip(predicted, actual, strict=True))
    return len(ours & theirs), len(ours), len(theirs), same, len(actual)


def _macro(counts: Mapping[str, Found]) -> float:
    return sum(found.f1 for found in counts.values()) / len(counts) if counts else 0.0
