"""Average: one module from the weights of several trainings that began at the same place.

Such averages are as fast as one module and often better than the best of them (Wortsman et al. 2022, Model soups,
arXiv 2203.05482).
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from ..models.adapters import moving
from ..models.heads import Headed
from .trial import Trial

MOST = 5
# A training this far below the best (shares of 1) would only spoil the average.
NEAR = 0.02


@dataclass(frozen=True)
class _Ended:
    """The score and the weights that a training came to."""

    score: float
    weights: dict[str, Tensor] = field(repr=False)


class Averager:
    """The trainings of a run whose weights may be averaged: the same layers moved, from the same beginning."""

    def __init__(self) -> None:
        self._ended: dict[tuple[str, int], list[_Ended]] = {}
        self.count = 0

    def with_another(self, trial: Trial) -> Headed | None:
        """The average of this training and the good ones like it before; None where there are none."""
        options = trial.options
        if not options.warm_head or options.mode not in ("full", "partial") or trial.ended != "finished":
            return None
        kind = (options.mode, options.layers if options.mode == "partial" else 0)
        ended = _Ended(trial.score, {name: t.detach().clone() for name, t in moving(trial.module)})
        best = sorted([*self._ended.get(kind, ()), ended], key=lambda one: -one.score)[:MOST]
        self._ended[kind] = best
        good = [one for one in best if one.score >= best[0].score - NEAR]
        if len(good) < 2 or all(one is not ended for one in good):
            return None
        self.count = len(good)
        return _mean(trial.module, [one.weights for one in good])

    def as_trial(self, module: Headed, like: Trial, score: float) -> Trial:
        """An average as the training that it stands for."""
        return replace(like, module=module, score=score, moments=[])


def _mean(module: Headed, weights: Sequence[dict[str, Tensor]]) -> Headed:
    """A copy of `module` in which what moved is the mean of `weights`."""
    mean = copy.deepcopy(module)
    current = dict(moving(mean))
    with torch.no_grad():
        for name, tensor in current.items():
            if tensor.is_floating_point():
                tensor.copy_(torch.stack([of[name] for of in weights]).mean(0))
    return mean
