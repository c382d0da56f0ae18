"""Losses that several tasks share."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def exclusive_loss(logits: Tensor, targets: Tensor, weights: Tensor | None, smoothing: float) -> Tensor:
    """Mean cross-entropy. `logits` (N, C); `targets` (N,) class numbers or (N, C) shares of classes."""
    if targets.ndim == 1:
        return F.cross_entropy(logits.float(), targets.long(), weight=weights, label_smoothing=smoothing)
    return F.cross_entropy(logits.float(), targets.float(), weight=weights, label_smoothing=smoothing)


def independent_loss(logits: Tensor, targets: Tensor, weights: Tensor | None, smoothing: float) -> Tensor:
    """Mean binary cross-entropy of independent labels. Both (N, C); `weights` (C,) count the positives."""
    soft = targets.float() * (1 - smoothing) + smoothing / 2
    return F.binary_cross_entropy_with_logits(logits.float(), soft, pos_weight=weights)


def as_weights(weights: list[float] | None, like: Tensor) -> Tensor | None:
    """Class weights from the facts of a task as a tensor beside `like`."""
    return None if weights is None else torch.tensor(weights, dtype=torch.float32, device=like.device)
