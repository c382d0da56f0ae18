"""A tiny task and engine in numpy: enough to serve, with no model and no torch."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tunewheel.errors import ColumnError
from tunewheel.records import Batch, Example, Options, Prediction, Row, Scores, Source, Span, Words
from tunewheel.serving import Predictor
from tunewheel.task import Task

KEYWORDS = {"card": "cards", "fee": "fees", "卡": "cards", "refund": "refunds"}
LABELS = ("cards", "fees", "refunds")


class KeywordTask(Task):
    """The label whose keyword is in the text most often."""

    name = "keyword"
    summary = "Which keyword a text holds."
    reads = "text"
    best_by = "accuracy"
    sample = (
        {"text": "Where is my card?", "label": "cards"},
        {"text": "Why a fee?", "label": "fees"},
        {"text": "我的卡在哪里?", "label": "cards"},
    )

    class Options(Options):
        """Columns."""

        text: str = "text"

    def __init__(self) -> None:
        super().__init__(self.Options())

    def parse(self, row: Row, source: Source) -> Example:
        if self.options.text not in row:
            raise ColumnError("there is no column 'text'.", where=str(source))
        return Example(str(row[self.options.text]), row.get("label"), source)

    def encode(self, examples: Sequence[Example]) -> Batch:
        counts = [
            [sum(e.text.count(word) for word, of in KEYWORDS.items() if of == label) for label in LABELS]
            for e in examples
        ]
        return Batch({"counts": np.array(counts, dtype=np.float64).reshape(len(examples), len(LABELS))})

    def decode(self, outputs: Mapping[str, Any], batch: Batch) -> list[Prediction]:
        return [
            Prediction(LABELS[int(p.argmax())], float(p.max()), dict(zip(LABELS, p.tolist(), strict=True)))
            for p in outputs["probabilities"]
        ]

    def score(self, predictions: Sequence[Prediction], examples: Sequence[Example]) -> Scores:
        right = [p.value == e.target for p, e in zip(predictions, examples, strict=True)]
        return Scores({"accuracy": float(np.mean(right))})

    def learn(self, examples: Sequence[Example]) -> dict[str, Any]:
        raise NotImplementedError

    def plain(self, examples: Sequence[Example]) -> Any:
        raise NotImplementedError

    def adapt(self, backbone: Any) -> Any:
        raise NotImplementedError

    def loss(self, outputs: Any, tensors: Any, smoothing: float = 0.0) -> Any:
        raise NotImplementedError


class NamesTask(KeywordTask):
    """Words that begin with a capital are names."""

    name = "names"
    reads = "words"
    sample = ({"text": "Anna and 😀 Bob"}, {"text": "nobody"})

    def parse(self, row: Row, source: Source) -> Example:
        text = " ".join(row["words"]) if "words" in row else str(row["text"])
        bounds, start = [], 0
        for word in text.split(" "):
            bounds.append((start, start + len(word)))
            start += len(word) + 1
        return Example(Words(text, tuple(bounds)), None, source)

    def encode(self, examples: Sequence[Example]) -> Batch:
        self.seen = examples
        return super().encode(examples)

    def decode(self, outputs: Mapping[str, Any], batch: Batch) -> list[Prediction]:
        return [
            Prediction(tuple(Span(a, b, "NAME", 0.9) for a, b in e.content.bounds if e.text[a:b][:1].isupper()), 0.9)
            for e in self.seen
        ]


# A picture of one pixel.
DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="


class PictureTask(KeywordTask):
    """A picture is large or small, by its bytes."""

    name = "pictures"
    reads = "image"
    sample = ({"image": DOT},)

    def parse(self, row: Row, source: Source) -> Example:
        if not isinstance(row["image"], bytes):
            raise AssertionError("a client's string must never reach an image task")
        return Example("card" if len(row["image"]) > 100 else "fee", None, source)


def softmax(batch: Batch) -> dict[str, Any]:
    """Probabilities (B, 3) from keyword counts."""
    powers = np.exp(batch["counts"])
    return {"probabilities": powers / powers.sum(axis=1, keepdims=True)}


def slow(seconds: float) -> Callable[[Batch], dict[str, Any]]:
    """The same engine, taking its time."""

    def engine(batch: Batch) -> dict[str, Any]:
        time.sleep(seconds)
        return softmax(batch)

    return engine


def predictor(engine: Any = softmax, task: Task | None = None, version: str = "v0001") -> Predictor:
    """A predictor of the keyword task."""
    task = task or KeywordTask()
    return Predictor(task, task.encode, engine, version)
