"""Smooth: before activations get eight bits, what sticks out of them moves into the weights, where each column has a
scale of its own (SmoothQuant, Xiao et al. 2022, arXiv 2211.10438).

Without it a few columns with large numbers decide the one scale of all the others. Figures in docs/log.md.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ...records import Batch
from ..heads import Headed
from .feeds import feeds_of
from .fused import divide_values, is_fused
from .graphs import INPUTS, view_of

Reach = Mapping[str, Tensor]
# How much of what sticks out moves: 0.85 kept most answers, of 0.3 to 1 (figures in docs/log.md).
SHARE = 0.85
SMALLEST = 1e-5
# Parts of a fused view: what reads as the query did, and what reads what the heads have mixed.
JOINED, QUERY, MIXED = ".attention.self.joined", ".attention.self.query", ".attention.output.dense"


def reach(view: nn.Module, inputs: Iterable[Sequence[Tensor]]) -> Reach:
    """The largest magnitude that each input column of each linear layer takes on these inputs; one window at a time,
    for what padding holds would count, too."""
    found: dict[str, Tensor] = {}

    def watch(name: str, part: nn.Module) -> torch.utils.hooks.RemovableHandle:
        def seen(_: nn.Module, given: tuple[Tensor, ...]) -> None:
            largest = given[0].detach().flatten(0, -2).abs().amax(0)
            found[name] = torch.maximum(found[name], largest) if name in found else largest

        return part.register_forward_pre_hook(seen)

    handles = [watch(name, part) for name, part in _linear(view)]
    try:
        with torch.inference_mode():
            for given in inputs:
                view(*given)
    finally:
        for handle in handles:
            handle.remove()
    return found


def reach_of(module: Headed, reads: str, batch: Batch) -> Reach:
    """The reach of a module's linear layers on a batch of texts or words, example by example."""
    view = view_of(module, reads)
    inputs = (feeds_of(batch.select([i]), reads) for i in range(len(batch)))
    return reach(view, ([torch.from_numpy(feeds[name]) for name in INPUTS[reads]] for feeds in inputs))


def smoothed(view: nn.Module, known: Reach) -> nn.Module:
    """A copy of the view that computes the same, its activations smoothed where their `reach` is known."""
    made = copy.deepcopy(view)
    for name, part in list(_linear(made)):
        largest = known.get(name, known.get(name.replace(JOINED, QUERY)))
        if largest is not None:
            _smooth(made, name, part, _scale(part, largest))
    return made


def _smooth(view: nn.Module, name: str, part: nn.Linear, scale: Tensor) -> None:
    """Divide what a part reads by `scale`: where it is made, if nobody else reads it."""
    values = _read_by(view, name)
    if values is None:
        parent, _, own = name.rpartition(".")
        return setattr(view.get_submodule(parent), own, _Smoothed(part, scale))
    divide_values(values, scale)
    with torch.no_grad():
        part.weight.mul_(scale)
    return None


def _read_by(view: nn.Module, name: str) -> nn.Linear | None:
    """The product whose values the heads mix for the part of this name; None for a part that reads something else."""
    joined = name.replace(MIXED, JOINED)
    if joined == name or not is_fused(view.get_submodule(joined.rpartition(".")[0])):
        return None
    made: Any = view.get_submodule(joined)
    found: nn.Linear = getattr(made, "part", made)
    return found


def _linear(view: nn.Module) -> Iterator[tuple[str, nn.Linear]]:
    """The linear layers of the body; the head's few numbers stay as they are."""
    for name, part in view.named_modules():
        if isinstance(part, nn.Linear) and name.startswith("backbone."):
            yield name, part


def _scale(part: nn.Linear, largest: Tensor) -> Tensor:
    """By how much each input column is divided."""
    weights = part.weight.detach().abs().amax(0).clamp(min=SMALLEST)
    scale = largest.clamp(min=SMALLEST) ** SHARE / weights ** (1 - SHARE)
    return scale / scale.mean()


class _Smoothed(nn.Module):
    """A linear layer whose inputs are divided by `scale`, and whose weights are multiplied by it."""

    def __init__(self, part: nn.Linear, scale: Tensor) -> None:
        super().__init__()
        self.register_buffer("shrink", 1 / scale)
        self.part = part
        with torch.no_grad():
            part.weight.mul_(scale)

    def forward(self, states: Tensor) -> Tensor:
        """(..., inputs) to (..., outputs)."""
        made: Tensor = self.part(states * self.get_buffer("shrink"))
        return made
