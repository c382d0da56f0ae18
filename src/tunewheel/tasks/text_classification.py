"""Text classification: one label, several labels, or shares of labels for each text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field

from ..data.cells import label_text, read_labels, unwrap
from ..errors import ColumnError, DataError, LabelError
from ..evaluation import calibration, decisions, metrics
from ..records import Array, Batch, Example, Options, Prediction, Row, Scores, Source
from ..task import Outputs, Plain, Task, Tensors

if TYPE_CHECKING:
    import torch

    from ..models.backbone import Backbone

Target = str | tuple[str, ...] | dict[str, float]


class TextClassification(Task):
    """Sentiment, intent, topic: which label or labels a text has.

    A target is a str (one label), a tuple of str (several labels) or a dict of shares (raters who disagree).
    """

    name = "text_classification"
    summary = "Which label, or labels, a text has: sentiment, intent, topic."
    reads = "text"
    best_by = "accuracy"
    sample = (
        {"text": "I am still waiting on my card.", "label": "card_arrival"},
        {"text": "Why was I charged a fee?", "label": "fees"},
        {"text": "我的卡还没有到。", "label": "card_arrival"},
    )

    class Options(Options):
        """Columns and label handling of text classification."""

        text: str = Field(default="text", description="Column of the text.")
        label: str = Field(default="label", description="Column of the label.")
        votes: tuple[str, ...] = Field(
            default=(), description="Columns of votes or shares, one a label, for soft labels."
        )
        multi_label: bool = Field(default=False, description="Whether a text may have several labels, or none.")
        separator: str = Field(default="|", min_length=1, description="What stands between several labels in one cell.")
        class_weights: Literal["none", "balanced"] = Field(
            default="none", description="balanced: rare labels count more, in inverse proportion to their rows."
        )

    def __init__(self, options: Any, facts: Mapping[str, Any] | None = None, processor: Any = None) -> None:
        super().__init__(options, facts, processor)
        if options.multi_label:
            self.best_by = "micro_f1"

    @property
    def labels(self) -> list[str]:
        """All labels, in the order of the model's outputs."""
        return list(self.facts["labels"])

    def parse(self, row: Row, source: Source) -> Example:
        text = row.get(self.options.text)
        if text is None and self.options.text in row:
            raise DataError(
                f"column '{self.options.text}' is empty.", where=str(source), mend="Fill it in, or delete the row."
            )
        if text is None:
            raise ColumnError(
                f"there is no column '{self.options.text}'.", where=str(source), mend=f"It has: {', '.join(row)}."
            )
        used = {self.options.text, self.options.label, *self.options.votes}
        others = {name: value for name, value in row.items() if name not in used}
        return Example(str(text), self._target(row, source), source, others)

    def _target(self, row: Row, source: Source) -> Target | None:
        if self.options.votes:
            return _shares({name: row.get(name) for name in self.options.votes}, source)
        value = row.get(self.options.label)
        if isinstance(value, Mapping) or (isinstance(value, str) and value.startswith("{")):
            value = unwrap(value)
        if isinstance(value, Mapping):
            return _shares(value, source)
        if self.options.multi_label:
            return None if value is None else tuple(dict.fromkeys(read_labels(value, self.options.separator)))
        return " ".join(read_labels(value)) or None

    def learn(self, examples: Sequence[Example]) -> dict[str, Any]:
        counts: Counter[str] = Counter()
        for example in examples:
            counts.update(_names(example.target))
        if len(counts) < 2 and not (self.options.multi_label and counts):
            only = f" ('{next(iter(counts))}')" if counts else ""
            raise LabelError(
                f"there must be two labels or more to tell apart; the training rows have {len(counts)}{only}.",
                mend="Name the right column with --label COLUMN, or add rows of other labels.",
            )
        labels = sorted(counts)
        soft = any(isinstance(example.target, dict) for example in examples)
        facts: dict[str, Any] = {"labels": labels, "soft": soft}
        if self.options.class_weights == "balanced":
            facts["class_weights"] = [sum(counts.values()) / (len(labels) * counts[label]) for label in labels]
        return facts

    def encode(self, examples: Sequence[Example]) -> Batch:
        assert self.processor is not None
        batch = self.processor.encode([example.content for example in examples])
        targets = self._targets(examples)
        return batch if targets is None else batch.merged(Batch({"targets": targets}))

    def plain(self, examples: Sequence[Example]) -> Plain:
        frame = Batch({"rows": np.arange(len(examples))})
        texts = [example.content for example in examples]
        return Plain("text", texts, self._targets(examples), frame, exclusive=not self.options.multi_label)

    def _targets(self, examples: Sequence[Example]) -> Array | None:
        """(N,) class numbers, or (N, C) shares or indicators; None when a target is missing or unknown."""
        if any(example.target is None for example in examples):
            return None
        places = {label: number for number, label in enumerate(self.labels)}
        if any(name not in places for example in examples for name in _names(example.target)):
            return None
        if not self.options.multi_label and not self.facts["soft"]:
            return np.array([places[example.target] for example in examples], dtype=np.int64)
        table = np.zeros((len(examples), len(places)), dtype=np.float32)
        for number, example in enumerate(examples):
            for name, share in _weighted(example.target):
                table[number, places[name]] = share
        return table

    def adapt(self, backbone: Backbone) -> torch.nn.Module:
        from ..models.heads import TextHead

        return TextHead(backbone, len(self.labels))

    def loss(self, outputs: Tensors, tensors: Tensors, smoothing: float = 0.0) -> torch.Tensor:
        from ..models.losses import as_weights, exclusive_loss, independent_loss

        weights = as_weights(self.facts.get("class_weights"), outputs["logits"])
        kind = independent_loss if self.options.multi_label else exclusive_loss
        return kind(outputs["logits"], tensors["targets"], weights, smoothing)

    def decode(self, outputs: Outputs, batch: Batch) -> list[Prediction]:
        if not len(batch):
            return []
        if self.options.multi_label:
            thresholds = self.facts.get("thresholds") or [0.5] * len(self.labels)
            return decisions.choose_many(outputs["logits"], self.labels, thresholds)
        return decisions.choose_one(outputs["logits"], self.labels, self.facts.get("temperature", 1.0))

    def score(self, predictions: Sequence[Prediction], examples: Sequence[Example]) -> Scores:
        if self.options.multi_label:
            actual = [set(_names(example.target)) for example in examples]
            return metrics.multi_label_scores([set(p.value) for p in predictions], actual, self.labels)
        answers = [_dominant(example.target) for example in examples]
        hard = metrics.classification_scores([p.value for p in predictions], answers, self.labels)
        if not any(isinstance(example.target, dict) for example in examples):
            return hard
        soft = self._soft_scores(predictions, examples)
        return Scores({**hard.values, **soft.values}, {**hard.rows, **soft.rows})

    def _soft_scores(self, predictions: Sequence[Prediction], examples: Sequence[Example]) -> Scores:
        """The probabilities against the shares, of every label that either knows."""
        labels = metrics.seen(self.labels, *(_names(example.target) for example in examples))
        shares = [dict(_weighted(example.target)) for example in examples]
        said = [[answer.probabilities.get(label, 0.0) for label in labels] for answer in predictions]
        return metrics.soft_scores(said, [[of.get(label, 0.0) for label in labels] for of in shares])

    def calibrate(self, outputs: Outputs, batch: Batch) -> dict[str, Any]:
        if "targets" not in batch or not len(batch):
            return {}
        if self.options.multi_label:
            shares = decisions.independent(outputs["logits"])
            return {"thresholds": calibration.fit_thresholds(shares, batch["targets"]).tolist()}
        return {"temperature": calibration.fit_temperature(outputs["logits"], batch["targets"])}


def _shares(votes: Mapping[Any, Any], source: Source) -> dict[str, float] | None:
    """Votes or shares as shares that sum to 1; None when nobody voted."""
    try:
        numbers = {label_text(name): float(vote or 0) for name, vote in votes.items()}
    except (TypeError, ValueError):
        raise LabelError("votes must be numbers.", where=str(source), mend=f"Found: {dict(votes)}.") from None
    total = sum(numbers.values())
    if min(numbers.values(), default=0) < 0 or total != total:
        raise LabelError("votes must not be negative or NaN.", where=str(source), mend=f"Found: {dict(votes)}.")
    return {name: vote / total for name, vote in numbers.items()} if total > 0 else None


def _weighted(target: Target) -> list[tuple[str, float]]:
    if isinstance(target, dict):
        return list(target.items())
    return [(target, 1.0)] if isinstance(target, str) else [(name, 1.0) for name in target]


def _names(target: Target | None) -> list[str]:
    return [] if target is None else [name for name, _ in _weighted(target)]


def _dominant(target: Target | None) -> str:
    """The label of a row; of shares, the largest."""
    return max(_weighted(target), key=lambda pair: pair[1])[0] if target else ""
