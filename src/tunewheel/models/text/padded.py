"""PaddedEncoder: any transformers encoder behind the flat interface, for families without a fast path."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from ..backbone import Backbone
from ..tensors import Tensors
from .encoder import Layout
from .portions import read_in_portions


class PaddedEncoder(Backbone):
    """Pads inside, calls the body with an attention mask, and gives back flat token vectors (T, width)."""

    body: Any  # a transformers model: its parts are known by name only

    def __init__(self, body: nn.Module, config: dict[str, Any]) -> None:
        super().__init__()
        self.body = body
        self.config = config
        self.width = int(config.get("hidden_size") or config["dim"])
        self.frozen = tuple(config.get("tunewheel_frozen", ()))

    def blocks(self) -> list[nn.Module]:
        if hasattr(self.body, "layers"):  # ModernBERT
            return list(self.body.layers)
        stack = self.body.transformer if hasattr(self.body, "transformer") else self.body.encoder
        return list(stack.layer)

    def forward(self, tensors: Tensors) -> Tensor:
        return read_in_portions(self.read, tensors["ids"], tensors["lengths"])

    def read(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """Token ids (T,) in windows of `lengths` (W,) to (T, width)."""
        layout = Layout(lengths)
        padded = layout.pad(ids.long().unsqueeze(1)).squeeze(2)
        mask = layout.visible[:, 0, 0].to(torch.long)
        states: Tensor = self.body(input_ids=padded, attention_mask=mask).last_hidden_state
        return layout.unpad(states)
