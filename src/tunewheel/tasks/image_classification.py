"""Image classification: which label a picture has."""

from __future__ import annotations

import base64
import binascii
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field

from ..data.cells import read_labels
from ..errors import ColumnError, DataError, LabelError
from ..evaluation import calibration, decisions, metrics
from ..models.images.processor import ImageProcessor, typical
from ..records import Array, Batch, Example, Options, Picture, Prediction, Row, Scores, Source
from ..task import Outputs, Plain, Task, Tensors

if TYPE_CHECKING:
    import torch

    from ..models.images.bodies import ImageBody

# Two dots, one black and one white, so that the sample needs no files.
_BLACK = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mNgAAAAAgAB1lv+fwAAAABJRU5ErkJggg=="
_WHITE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mP4DwABAQEAsTr9sQAAAABJRU5ErkJggg=="

LARGEST_FILE = 64 * 2**20
# Sides of the small pictures that the floors see: 1,024 numbers at most.
PLAIN_GREY = 32
PLAIN_COLOUR = 18


class ImageClassification(Task):
    """Which one of some labels a picture has. A target is a str."""

    name = "image_classification"
    summary = "Which label a picture has."
    reads = "image"
    best_by = "accuracy"
    sample = (
        {"image": _BLACK, "label": "black"},
        {"image": _WHITE, "label": "white"},
        {"image": _BLACK, "label": "black"},
    )

    class Options(Options):
        """Columns, size and augmentation of image classification."""

        image: str = Field(
            default="image",
            description="Column of the picture: bytes, base64 text, or the name of a file beside the table.",
        )
        label: str = Field(default="label", description="Column of the label.")
        size: int | None = Field(
            default=None,
            ge=8,
            le=512,
            description="Side in pixels that pictures are brought to. By default chosen by theirs.",
        )
        shift: float = Field(
            default=0.07,
            ge=0.0,
            le=0.5,
            description="In training, pictures move at random by up to this share of their sides.",
        )
        flip: bool = Field(
            default=True,
            description="In training, every other picture is mirrored. Turn off where left and right differ.",
        )
        class_weights: Literal["none", "balanced"] = Field(
            default="none", description="balanced: rare labels count more, in inverse proportion to their rows."
        )

    @property
    def labels(self) -> list[str]:
        """All labels, in the order of the model's outputs."""
        return list(self.facts["labels"])

    def parse(self, row: Row, source: Source) -> Example:
        value = row.get(self.options.image)
        if value is None and self.options.image in row:
            raise DataError(
                f"column '{self.options.image}' is empty.", where=str(source), mend="Fill it in, or delete the row."
            )
        if value is None:
            raise ColumnError(
                f"there is no picture in column '{self.options.image}'.",
                where=str(source),
                mend=f"It has: {', '.join(row)}. Name the column with --image COLUMN.",
            )
        used = {self.options.image, self.options.label}
        others = {name: column for name, column in row.items() if name not in used}
        label = " ".join(read_labels(row.get(self.options.label))) or None
        name = str(row.get("file") or source)
        return Example(_picture(value, name, source), label, source, others)

    def learn(self, examples: Sequence[Example]) -> dict[str, Any]:
        counts = Counter(example.target for example in examples if example.target is not None)
        if len(counts) < 2:
            only = f" ('{next(iter(counts))}')" if counts else ""
            raise LabelError(
                f"there must be two labels or more to tell apart; the training rows have {len(counts)}{only}.",
                mend="Name the right column with --label COLUMN, or add pictures with other labels.",
            )
        labels = sorted(counts)
        side, grey = typical([example.content for example in examples])
        facts: dict[str, Any] = {"labels": labels, "side": side, "grey": grey}
        if self.options.class_weights == "balanced":
            facts["class_weights"] = [counts.total() / (len(labels) * counts[label]) for label in labels]
        return facts

    def encode(self, examples: Sequence[Example]) -> Batch:
        batch = self._fitted_processor().encode([example.content for example in examples])
        targets = self._targets(examples)
        return batch if targets is None else batch.merged(Batch({"targets": targets}))

    def _fitted_processor(self) -> ImageProcessor:
        """The body's processor at the size and in the colours of the training pictures."""
        assert isinstance(self.processor, ImageProcessor)
        fitted = self.processor.fitted(self.facts["side"], self.facts["grey"])
        return replace(fitted, size=self.options.size) if self.options.size else fitted

    def plain(self, examples: Sequence[Example]) -> Plain:
        most = PLAIN_GREY if self.facts["grey"] else PLAIN_COLOUR
        small = ImageProcessor(min(self.facts["side"], most), grey=self.facts["grey"], resample="box")
        pixels = small.encode([example.content for example in examples])["pixels"]
        vectors = pixels.reshape(len(examples), -1).astype(np.float32) / 255
        return Plain("vectors", vectors, self._targets(examples), Batch({"rows": np.arange(len(examples))}))

    def _targets(self, examples: Sequence[Example]) -> Array | None:
        """(N,) class numbers; None when a target is missing or unknown."""
        places = {label: number for number, label in enumerate(self.labels)}
        if any(example.target not in places for example in examples):
            return None
        return np.array([places[example.target] for example in examples], dtype=np.int64)

    def adapt(self, backbone: ImageBody) -> torch.nn.Module:
        from ..models.heads import PictureHead
        from ..models.images.augment import Augment

        backbone.augment = Augment(self.options.shift, self.options.flip)
        return PictureHead(backbone, len(self.labels))

    def loss(self, outputs: Tensors, tensors: Tensors, smoothing: float = 0.0) -> torch.Tensor:
        from ..models.losses import as_weights, exclusive_loss

        weights = as_weights(self.facts.get("class_weights"), outputs["logits"])
        return exclusive_loss(outputs["logits"], tensors["targets"], weights, smoothing)

    def decode(self, outputs: Outputs, batch: Batch) -> list[Prediction]:
        if not len(batch):
            return []
        return decisions.choose_one(outputs["logits"], self.labels, self.facts.get("temperature", 1.0))

    def score(self, predictions: Sequence[Prediction], examples: Sequence[Example]) -> Scores:
        actual = [str(example.target) for example in examples]
        return metrics.classification_scores([p.value for p in predictions], actual, self.labels)

    def calibrate(self, outputs: Outputs, batch: Batch) -> dict[str, Any]:
        if "targets" not in batch or not len(batch):
            return {}
        return {"temperature": calibration.fit_temperature(outputs["logits"], batch["targets"])}


def _picture(value: Any, name: str, source: Source) -> Picture:
    """A picture from bytes, from `{bytes, path}` or from base64 text. Files are never opened here: what a client
    sends must not name a file of the server."""
    if isinstance(value, Mapping):
        name, value = str(value.get("path") or name), value.get("bytes")
    if isinstance(value, str):
        value = _decoded(value, source)
    if not isinstance(value, bytes) or not value:
        raise DataError("there is no picture: no bytes.", where=str(source))
    if len(value) > LARGEST_FILE:
        raise DataError(f"the picture is larger than {LARGEST_FILE // 2**20} MB.", where=str(source))
    return Picture(value, name)


def _decoded(text: str, source: Source) -> bytes:
    """Base64 text, also as a `data:` address, as bytes."""
    try:
        return base64.b64decode(text.rpartition("base64,")[2], validate=True)
    except (binascii.Error, ValueError):
        shown = text if len(text) <= 60 else f"{text[:57]}..."
        mend = "Give bytes, base64 text, or names of files (PNG, JPEG, ...) beside the table."
        raise DataError(f"'{shown}' is not a picture as base64 text.", where=str(source), mend=mend) from None
