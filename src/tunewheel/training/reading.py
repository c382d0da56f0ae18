"""Reading: outputs and features of a module for a whole batch, without training, in rows' own order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import torch

from ..models.heads import Headed
from ..models.lanes import lanes
from ..models.tensors import to_arrays, to_tensors
from ..records import Array, Batch
from ..task import Outputs
from .batches import Indices, sizes, sorted_batches

UNITS = 2048
PICTURES = 128


class ModuleEngine:
    """A torch module as an engine: batch in, named outputs out, in float32 and in the order of the rows."""

    def __init__(self, module: Headed, *, half: bool = False) -> None:
        self.module = module
        self.half = half

    def __call__(self, batch: Batch) -> Outputs:
        return read(self.module, batch, lambda tensors: self.module(tensors), half=self.half)


def features(module: Headed, batch: Batch, *, half: bool = False) -> Array:
    """The vectors that the head reads, (N, H), for all decisions of the batch."""
    return read(module, batch, lambda tensors: {"features": module.features(tensors)}, half=half)["features"]


def decided(module: Headed, vectors: Array) -> Outputs:
    """The outputs of a module whose head read these `features`, (N, H)."""
    module.eval()
    with torch.inference_mode():
        return to_arrays(module.decide(torch.from_numpy(vectors).to(next(module.parameters()).device)))


def read(module: Headed, batch: Batch, ask: Callable[..., Mapping[str, torch.Tensor]], *, half: bool) -> Outputs:
    """Ask the module about all rows, shortest first, side by side on the cores, and put the answers back in order.

    `half` computes in bf16: for looking at progress, never for answers that are reported.
    """
    module.eval()
    device = next(module.parameters()).device

    def answered(rows: Indices) -> Outputs:
        with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=half):
            return to_arrays(ask(to_tensors(batch.select(rows), device)))

    runs = list(_runs(batch))
    side_by_side = device.type == "cpu" and module.backbone.separable
    answers = lanes().each(answered, runs) if side_by_side else [answered(rows) for rows in runs]
    return _in_order(list(zip(runs, answers, strict=True)), batch)


def _runs(batch: Batch) -> Iterator[Indices]:
    budget = UNITS if "tokens" in batch else PICTURES
    return iter(sorted_batches(sizes(batch), budget))


def _in_order(parts: list[tuple[Indices, Outputs]], batch: Batch) -> Outputs:
    """Join the parts and undo the sorting; an example may own several rows of an output (its words)."""
    if not parts:
        return {}
    rows = np.concatenate([chosen for chosen, _ in parts])
    joined = {name: np.concatenate([outputs[name] for _, outputs in parts]) for name in parts[0][1]}
    back = np.argsort(rows, kind="stable")
    if "words" not in batch:
        return {name: array[back] for name, array in joined.items()}
    ragged = Batch({"words": batch["words"][rows], **joined}, dict.fromkeys(joined, "words"))
    return {name: ragged.select(back)[name] for name in joined}
