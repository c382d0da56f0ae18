"""Optimisers and schedules: parameter groups by speed and decay, and the learning rate as a function of the step."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from ..models.heads import Headed
from .options import TrainingOptions


def make_optimizer(module: Headed, options: TrainingOptions) -> Optimizer:
    """The optimiser over all that moves. Biases and norms are not decayed; the new head learns faster.

    Each group keeps its peak rate under `peak`; `set_rate` scales it.
    """
    groups = _groups(module, options)
    if options.optimizer == "sgd":
        return torch.optim.SGD(groups, momentum=0.9, nesterov=True)
    kind = torch.optim.AdamW if options.optimizer == "adamw" else torch.optim.Adam
    return kind(groups, betas=(0.9, 0.98), fused=True)


def _groups(module: Headed, options: TrainingOptions) -> list[dict[str, Any]]:
    """Parameters of one rate and one decay together: the optimiser takes a group in one call."""
    head = {id(p) for p in module.head.parameters()}
    groups: dict[tuple[float, float], list[Tensor]] = {}
    for p in module.parameters():
        if p.requires_grad:
            peak = options.head_learning_rate if id(p) in head else options.learning_rate
            decay = 0.0 if p.ndim < 2 else options.weight_decay
            groups.setdefault((peak, decay), []).append(p)
    return [{"params": ps, "lr": peak, "peak": peak, "weight_decay": decay} for (peak, decay), ps in groups.items()]


def rate(step: int, total: int, options: TrainingOptions) -> float:
    """Share of the peak learning rate at `step` of `total`: linear warm-up, then the schedule's decay to 0."""
    rising = options.warmup * total
    if step < rising:
        return (step + 1) / (rising + 1)
    if options.schedule == "constant":
        return 1.0
    done = (step - rising) / max(total - rising, 1)
    return 0.5 * (1 + math.cos(math.pi * done)) if options.schedule == "cosine" else 1 - done


def set_rate(optimizer: Optimizer, share: float) -> float:
    """Scale every group's peak rate by `share`; gives the body's (first group's) rate."""
    for group in optimizer.param_groups:
        group["lr"] = group["peak"] * share
    return float(optimizer.param_groups[0]["lr"])
