"""Average: one module from the weights of several trainings that began at the same place, or of a training and its
beginning.

Such averages are as fast as one module and often better than the best of them (Wortsman et al. 2022, Model soups,
arXiv 2203.05482, and Robust fine-tuning of zero-shot models, arXiv 2109.01903).
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ...models.adapters import moving
from ...models.heads import Headed
from .trial import Trial

MOST = 5
# A training this far below the best (shares of 1) would only spoil the average.
NEAR = 0.02
Weights = Mapping[str, Tensor]


@dataclass(frozen=True)
class _Ended:
    """What moved in a training (`kind`), and the score and the weights that it came to."""

    kind: tuple[str, int]
    score: float
    weights: Weights = field(repr=False)


class Averager:
    """The trainings of a run whose weights may be averaged: the same layers moved, from the same beginning.

    The weights of the best few of all are kept, whatever moved in them: those of every kind would fill memory.
    """

    def __init__(self) -> None:
        self._best: list[_Ended] = []
        self.count = 0

    def with_another(self, trial: Trial) -> Headed | None:
        """The average of this training and the good ones like it before; None where there are none."""
        options = trial.options
        if not options.warm_head or options.mode not in ("full", "partial") or trial.ended != "finished":
            return None
        kind = (options.mode, options.layers if options.mode == "partial" else 0)
        ended = _Ended(kind, trial.score, {name: t.detach().clone() for name, t in moving(trial.module)})
        self._best = sorted([*self._best, ended], key=lambda one: -one.score)[:MOST]
        like = [one for one in self._best if one.kind == kind]
        good = [one for one in like if one.score >= like[0].score - NEAR]
        if len(good) < 2 or not any(one is ended for one in good):
            return None
        self.count = len(good)
        return _with(trial.module, _mean([one.weights for one in good]))


def part_of_the_way(module: Headed, beginning: Weights, share: float) -> Headed:
    """A copy of a trained `module` that has gone only a `share` of the way from its `beginning` (all its tensors)."""
    end = module.state_dict()
    moved = [name for name, tensor in end.items() if tensor.is_floating_point() and _apart(tensor, beginning[name])]
    there = {name: torch.lerp(beginning[name].to(end[name].device), end[name], share) for name in moved}
    return _with(module, there)


def _apart(one: Tensor, other: Tensor) -> bool:
    """Whether these are not the very same numbers in memory, as those are that never move."""
    return one.data_ptr() != other.data_ptr()


def _mean(weights: Sequence[Weights]) -> Weights:
    floating = [name for name, tensor in weights[0].items() if tensor.is_floating_point()]
    return {name: torch.stack([of[name] for of in weights]).mean(0) for name in floating}


def _with(module: Headed, weights: Weights) -> Headed:
    """A copy of `module` with other weights; all that has no other weights is shared with it."""
    tensors = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    other = copy.deepcopy(module, {id(tensor): tensor for name, tensor in tensors.items() if name not in weights})
    current = other.state_dict()
    with torch.no_grad():
        for name, tensor in weights.items():
            current[name].copy_(tensor)
    return other
