"""Token classification: which words of a text are names of what; entities, slots."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from pydantic import Field

from ..data import spans
from ..data.cells import read_spans, read_words
from ..errors import ColumnError, DataError, LabelError, SpanError
from ..evaluation import calibration, decisions, metrics_entities
from ..records import Array, Batch, Example, Options, Prediction, Row, Scores, Source, Span, Words
from ..task import Outputs, Plain, Task, Tensors

if TYPE_CHECKING:
    import torch

    from ..models.backbone import Backbone

T = TypeVar("T")
OUTSIDE = "O"
# What was mended in a row's spans travels with the example, so that the doctor can tell of it.
PROBLEMS = "span problems"


class TokenClassification(Task):
    """Entities in texts of any language, from word tags or character spans.

    Content is `Words`; a target is a tuple of IOB2 tags, one a word. Spans that cut a word split it.
    """

    name = "token_classification"
    summary = "Which words of a text are names of what: entities, slots."
    reads = "words"
    best_by = "entity_f1"
    sample = (
        {"words": ["Anna", "lives", "in", "Berlin", "."], "tags": ["B-PER", "O", "O", "B-LOC", "O"]},
        {"text": "王芳去了上海。", "spans": [[0, 2, "PER"], [4, 6, "LOC"]]},
        {"words": ["No", "names", "here"], "tags": ["O", "O", "O"]},
    )  # fmt: skip

    class Options(Options):
        """Columns of token classification: words and tags, or text and spans."""

        words: str = Field(default="words", description="Column of the words (with tags).")
        tags: str = Field(
            default="tags", description="Column of the tags, one a word, as IOB1, IOB2, BIOES, BILOU or BMES."
        )
        text: str = Field(default="text", description="Column of the text (with spans).")
        spans: str = Field(default="spans", description="Column of the spans: start, end (characters) and label.")

    @property
    def labels(self) -> list[str]:
        """All tags, in the order of the model's outputs."""
        return list(self.facts["labels"])

    def parse(self, row: Row, source: Source) -> Example:
        options = self.options
        used = {options.words, options.tags, options.text, options.spans}
        others = {name: value for name, value in row.items() if name not in used}
        if row.get(options.words) is not None:
            words = spans.join_words(_located(read_words, row[options.words], source))
            return Example(words, self._tags(row.get(options.tags), words, source), source, others)
        text = row.get(options.text)
        empty = next((name for name in (options.words, options.text) if name in row), None)
        if text is None and empty is not None:
            raise DataError(f"column '{empty}' is empty.", where=str(source), mend="Fill it in, or delete the row.")
        if text is None:
            raise ColumnError(
                f"there is neither a column '{options.words}' nor '{options.text}'.",
                where=str(source), mend=f"It has: {', '.join(row)}.",
            )  # fmt: skip
        words = spans.split_words(str(text))
        marked = row.get(options.spans)
        if marked is None:
            return Example(words, None, source, others)
        aligned = spans.align(str(text), words, _located(read_spans, marked, source))
        noted = {PROBLEMS: tuple(aligned.problems)} if aligned.problems else {}
        return Example(aligned.words, tuple(aligned.tags), source, {**others, **noted})

    def _tags(self, tags: Any, words: Words, source: Source) -> tuple[str, ...] | None:
        if tags is None:
            return None
        listed = _located(read_words, tags, source)
        if len(listed) != len(words):
            raise SpanError(
                f"{len(words)} words, but {len(listed)} tags.", where=str(source), mend="Give one tag for each word."
            )
        return tuple(_located(spans.to_iob2, listed, source))

    def learn(self, examples: Sequence[Example]) -> dict[str, Any]:
        types = Counter(tag[2:] for example in examples for tag in example.target or () if tag != OUTSIDE)
        if not types:
            raise LabelError(
                "no training row has an entity.", mend="Name the right columns with --words and --tags, or --spans."
            )
        return {"labels": [OUTSIDE, *(f"{mark}-{kind}" for kind in sorted(types) for mark in "BI")]}

    def encode(self, examples: Sequence[Example]) -> Batch:
        assert self.processor is not None
        encoded = self.processor.encode([example.content for example in examples])
        return encoded.merged(self._frame(examples))

    def plain(self, examples: Sequence[Example]) -> Plain:
        frame = self._frame(examples)
        items = [features for example in examples for features in word_features(example.content.words())]
        return Plain("features", items, frame.arrays.get("targets"), frame)

    def _frame(self, examples: Sequence[Example]) -> Batch:
        """Word counts and bounds, and the targets where all are known."""
        bounds = np.array([b for e in examples for b in e.content.bounds], dtype=np.int32).reshape(-1, 2)
        arrays: dict[str, Array] = {
            "words": np.array([len(example.content) for example in examples], dtype=np.int32),
            "bounds": bounds,
        }
        by = {"bounds": "words"}
        places = {label: number for number, label in enumerate(self.labels)}
        if all(e.target is not None and places.keys() >= set(e.target) for e in examples):
            arrays["targets"] = np.array([places[tag] for e in examples for tag in e.target or ()], dtype=np.int64)
            by["targets"] = "words"
        return Batch(arrays, by)

    def adapt(self, backbone: Backbone) -> torch.nn.Module:
        from ..models.heads import WordHead

        return WordHead(backbone, len(self.labels))

    def loss(self, outputs: Tensors, tensors: Tensors, smoothing: float = 0.0) -> torch.Tensor:
        from ..models.losses import as_weights, exclusive_loss

        weights = as_weights(self.facts.get("class_weights"), outputs["logits"])
        return exclusive_loss(outputs["logits"], tensors["targets"], weights, smoothing)

    def decode(self, outputs: Outputs, batch: Batch) -> list[Prediction]:
        if not len(batch):
            return []
        first, follows = valid_tags(self.labels)
        logits = outputs["logits"] / self.facts.get("temperature", 1.0)
        counts = batch["words"].astype(np.int64)
        ends = np.cumsum(counts)
        starts = ends - counts
        return [
            self._decode_one(logits[start:end], batch["bounds"][start:end], first, follows)
            for start, end in zip(starts.tolist(), ends.tolist(), strict=True)
        ]

    def _decode_one(self, logits: Array, bounds: Array, first: Any, follows: Any) -> Prediction:
        labels = self.labels
        path = decisions.best_path(logits, first, follows)
        sure = decisions.probabilities(logits)[np.arange(len(path)), path] if path else np.ones(0)
        tags = tuple(labels[tag] for tag in path)
        found = tuple(
            Span(int(bounds[start, 0]), int(bounds[end - 1, 1]), label, float(sure[start:end].prod()))
            for start, end, label in spans.tags_to_spans(tags)
        )
        return Prediction(found, float(sure.prod()), tags=tags)

    def score(self, predictions: Sequence[Prediction], examples: Sequence[Example]) -> Scores:
        actual = [list(example.target or ()) for example in examples]
        return metrics_entities.entity_scores([list(p.tags) for p in predictions], actual)

    def calibrate(self, outputs: Outputs, batch: Batch) -> dict[str, Any]:
        if "targets" not in batch or not len(batch):
            return {}
        return {"temperature": calibration.fit_temperature(outputs["logits"], batch["targets"])}


def _located(read: Callable[[Any], list[T]], value: Any, source: Source) -> list[T]:
    """What `read` makes of a cell; its errors get the row they belong to."""
    try:
        return read(value)
    except DataError as error:
        problem = error.problems[0]
        raise type(error)(problem.what, where=str(source), mend=problem.mend) from None


def valid_tags(labels: Sequence[str]) -> tuple[Array, Array]:
    """Which IOB2 tags may begin (C,), and which may follow which (C, C): I-x only after B-x or I-x."""
    first = np.array([not label.startswith("I-") for label in labels])
    follows = np.array([[not b.startswith("I-") or a[1:] == b[1:] for b in labels] for a in labels])
    return first, follows


def word_features(words: Sequence[str]) -> list[list[str]]:
    """Feature strings of each word for the floor: the word, its ends, its shape, and its neighbours."""
    lowered = ["<s>", "<s>", *(word.lower() for word in words), "</s>", "</s>"]
    shapes = ["", *(_shape(word) for word in words), ""]
    found = []
    for place, word in enumerate(words):
        two_before, before, this, after, two_after = lowered[place : place + 5]
        found.append([
            "bias", f"w={this}", f"s3={word[-3:]}", f"s2={word[-2:]}", f"p3={word[:3]}", f"p1={word[:1]}",
            f"shape={shapes[place + 1]}", f"-shape={shapes[place]}", f"+shape={shapes[place + 2]}",
            f"-1={before}", f"+1={after}", f"-2={two_before}", f"+2={two_after}",
            f"-1w={before}|{this}", f"w+1={this}|{after}",
        ])  # fmt: skip
    return found


def _shape(word: str) -> str:
    """The word with letters as x or X and digits as 0, runs shortened: "McDonald's" is "XxXx'x"."""
    kinds = ["X" if c.isupper() else "x" if c.isalpha() else "0" if c.isdigit() else c for c in word[:20]]
    return "".join(kind for place, kind in enumerate(kinds) if place == 0 or kind != kinds[place - 1])
