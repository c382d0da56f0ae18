"""What a server answers, as typed values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Entity:
    """A stretch of the text: characters `start` (included) to `end` (excluded)."""

    start: int
    end: int
    text: str
    label: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one row. By task it has a `label`, `labels` or `entities`; the others are None.

    `confidence` is the probability that the whole answer is right; `probabilities` are by label, the best first.
    `id` names the answer, to correct it later; `version` gave it.
    """

    id: str
    version: str
    confidence: float
    label: str | None = None
    labels: tuple[str, ...] | None = None
    entities: tuple[Entity, ...] | None = None
    probabilities: Mapping[str, float] = field(default_factory=dict)
    tags: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Served:
    """What a server answers with: the version, its task, and what its rows hold ("text", "words" or "image")."""

    version: str
    task: str
    reads: str


def answer_from(values: Mapping[str, Any], version: str) -> Answer:
    """An item of `predictions`; fields of newer servers are left out. Raises `KeyError` or `TypeError`."""
    entities = values.get("entities")
    return Answer(
        id=values["id"],
        version=version,
        confidence=values["confidence"],
        label=values.get("label"),
        labels=_texts(values.get("labels")),
        entities=None if entities is None else tuple(map(_entity, entities)),
        probabilities=values.get("probabilities") or {},
        tags=_texts(values.get("tags")),
    )


def _entity(values: Mapping[str, Any]) -> Entity:
    return Entity(**{name: values[name] for name in ("start", "end", "text", "label", "confidence")})


def _texts(values: list[str] | None) -> tuple[str, ...] | None:
    return None if values is None else tuple(values)
