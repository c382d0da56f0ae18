"""A rival's BERT read without padding, off its clock: the answers of transformers' own, in float32, in half the time.

Only what stands between the embeddings and the last states is ours, and given the rival's weights; its head is its own.
To be imported when the clock stands: importing it takes time, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedModel

from tunewheel.models.lanes import lanes
from tunewheel.models.text.bodies import build_text_backbone, fill
from tunewheel.models.text.encoder import FlatEncoder
from tunewheel.training.batches import sorted_batches

T = TypeVar("T")
# Tokens that are read at once.
UNITS = 2048


class Unpadded:
    """The body of `model` with the weights that it has now; rows side by side on the cores."""

    def __init__(self, model: PreTrainedModel) -> None:
        body = model.base_model
        flat = build_text_backbone(body.config.to_dict())
        if not isinstance(flat, FlatEncoder):
            raise TypeError(f"{body.config.model_type} cannot be read without padding: read it by transformers itself")
        weights: Mapping[str, Tensor] = body.state_dict()
        fill(flat, dict(weights), "the rival's weights")
        self._flat = flat.eval()

    def answers(self, rows: Sequence[Sequence[int]], ask: Callable[[Tensor, Tensor], Sequence[T]]) -> list[T]:
        """An answer a row of token ids, in order: what `ask` makes of the states (T, width) of some rows and their
        lengths (W,)."""
        lengths = np.array([len(row) for row in rows])
        runs = list(sorted_batches(lengths, UNITS))

        def answered(run: Any) -> Sequence[T]:
            with torch.inference_mode():
                counts = torch.from_numpy(lengths[run])
                return ask(self._flat.read(torch.tensor([i for n in run for i in rows[n]]), counts), counts)

        found: dict[int, T] = {}
        for run, answers in zip(runs, lanes().each(answered, runs), strict=True):
            found.update(zip(run.tolist(), answers, strict=True))
        return [found[number] for number in range(len(rows))]


def mean(states: Tensor, lengths: Tensor) -> list[Any]:
    """The mean of each row's states, a vector (width,) each, of (T, width)."""
    return [part.mean(0).numpy() for part in states.split(lengths.tolist())]


def firsts(states: Tensor, lengths: Tensor) -> Tensor:
    """The state of each row's first token, (W, width), of (T, width)."""
    return states[lengths.cumsum(0) - lengths]
