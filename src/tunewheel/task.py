"""What a task must answer: the seam between data, models, training and serving.

A prediction is always `task.decode(engine(batch), batch)`, where the engine is the torch module in training
and the saved bundle in serving. That one seam is what makes "served equals evaluated" testable.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

from .records import Array, Batch, Example, Options, Prediction, Row, Scores, Source

if TYPE_CHECKING:
    import torch

Tensors = Mapping[str, "torch.Tensor"]
Outputs = Mapping[str, Array]


class Engine(Protocol):
    """Anything that turns a batch into named outputs: a torch module, an exported session, a floor."""

    def __call__(self, batch: Batch) -> Outputs: ...


class Processor(Protocol):
    """Turns contents into arrays for one backbone: a tokenizer, an image processor. Kept in the bundle.

    `encode` takes the contents of B examples and returns a batch of B without targets. `decisions` are the
    places where the model must answer: for `Words` one a word (array `first`), otherwise one an example.
    """

    def encode(self, contents: Sequence[Any]) -> Batch: ...

    def save(self, folder: Any) -> None: ...


@dataclass(frozen=True)
class Plain:
    """A task as a floor sees it: plain items to decide about, one answer each.

    `exclusive` says whether one answer excludes the others (classes) or not (multi-label).
    `items` are texts (kind "text"), lists of feature strings (kind "features") or one array (N, D)
    (kind "vectors"). `targets` is (N,) class numbers or (N, C) shares/indicators, None when unknown.
    `batch` carries what `decode` needs; `items` are in its order.
    """

    kind: Literal["text", "features", "vectors"]
    items: Any
    targets: Array | None
    batch: Batch
    exclusive: bool = True


class Task(ABC):
    """One file in `tasks/` answers these questions. The file's name is the task's name.

    `facts` is what `learn` found in the training rows (labels and the like), later joined by calibration
    (`temperature`, `thresholds`); it is plain JSON and lives in the bundle. `processor` belongs to the backbone.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    reads: ClassVar[Literal["text", "words", "image"]]
    best_by: str
    sample: ClassVar[Sequence[Row]]

    class Options(Options):
        """Settings of the task, overridden by each task."""

    def __init__(
        self, options: Any, facts: Mapping[str, Any] | None = None, processor: Processor | None = None
    ) -> None:
        self.options = options
        self.facts: dict[str, Any] = dict(facts or {})
        self.processor = processor

    @abstractmethod
    def parse(self, row: Row, source: Source) -> Example:
        """A raw row as an example. The target may be missing. Raises `DataError` naming the source."""

    @abstractmethod
    def learn(self, examples: Sequence[Example]) -> dict[str, Any]:
        """What must be known from the training examples, as plain JSON. Raises `LabelError`."""

    @abstractmethod
    def encode(self, examples: Sequence[Example]) -> Batch:
        """Examples as arrays, with targets where every example has one. Needs `processor` and `facts`."""

    @abstractmethod
    def plain(self, examples: Sequence[Example]) -> Plain:
        """The same examples for the floors. Needs `facts`, not `processor`."""

    @abstractmethod
    def adapt(self, backbone: Any) -> torch.nn.Module:
        """A head on a pre-trained body: a module with `features(tensors) -> (N, H)` and a linear `head`;
        called with the tensors of a batch it returns named outputs (`logits`)."""

    @abstractmethod
    def loss(self, outputs: Tensors, tensors: Tensors, smoothing: float = 0.0) -> torch.Tensor:
        """Mean loss of a batch (scalar)."""

    @abstractmethod
    def decode(self, outputs: Outputs, batch: Batch) -> list[Prediction]:
        """Outputs as answers, one an example, calibrated with `facts`."""

    @abstractmethod
    def score(self, predictions: Sequence[Prediction], examples: Sequence[Example]) -> Scores:
        """How good the answers are; `best_by` is among the names."""

    def calibrate(self, outputs: Outputs, batch: Batch) -> dict[str, Any]:
        """Facts (temperature, thresholds) fitted on validation outputs; empty when the task has none."""
        return {}
