"""Heads: what stands on a backbone to make it answer. Each has `features`, a dropout and one linear `head`."""

from __future__ import annotations

import copy
from typing import Self

import torch
from torch import Tensor, nn

from .backbone import Backbone
from .tensors import Tensors, segment_mean, starts


class Headed(nn.Module):
    """A backbone with a linear head of `answers` outputs; `features` says which vectors the head reads."""

    backbone: Backbone

    def __init__(self, backbone: Backbone, answers: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.backbone = backbone
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(backbone.width, answers)

    def features(self, tensors: Tensors) -> Tensor:
        """The vectors to decide from, shape (N, H), one a decision."""
        raise NotImplementedError

    def forward(self, tensors: Tensors) -> dict[str, Tensor]:
        return self.decide(self.features(tensors))

    def decide(self, features: Tensor) -> dict[str, Tensor]:
        """Logits (N, answers) from features (N, H). The head is small and its answers are compared closely: it always
        computes in float32."""
        with torch.autocast(features.device.type, enabled=False):
            return {"logits": self.head(self.dropout(features.float()))}

    def over(self, backbone: Backbone) -> Self:
        """The same head, shared, on another body."""
        other = copy.copy(self)
        other._modules = {**self._modules, "backbone": backbone}
        return other


class TextHead(Headed):
    """One answer a text: the mean of all its tokens (of all its windows, when it is long)."""

    def features(self, tensors: Tensors) -> Tensor:
        return segment_mean(self.backbone(tensors), tensors["tokens"])


class WordHead(Headed):
    """One answer a word, read at the word's first piece; `first` counts from the example's first token."""

    def features(self, tensors: Tensors) -> Tensor:
        offsets = torch.repeat_interleave(starts(tensors["tokens"]), tensors["words"].long())
        chosen: Tensor = self.backbone(tensors)[offsets + tensors["first"].long()]
        return chosen


class PictureHead(Headed):
    """One answer a picture: the backbone's pooled features (B, H)."""

    def features(self, tensors: Tensors) -> Tensor:
        pooled: Tensor = self.backbone(tensors)
        return pooled
