"""Graphs: a module as an ONNX file. Texts come as W windows padded to S tokens, which ONNX runtimes are fast at.

Inputs: `ids` (W, S) and `mask` (W, S), 1 for tokens; for texts `pool` (B, W), what part a token of a window has in the
mean of a text; for words `first` (N,), where each word's first piece stands in the padded windows, counted row by row;
for pictures `pixels` (B, channels, height, width) of bytes. Output: `logits`, a row an answer.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..heads import Headed
from ..text.encoder import FlatEncoder
from .fused import DOMAIN, HIDDEN, attend, is_fused

INPUTS: Mapping[str, tuple[str, ...]] = {
    "text": ("ids", "mask", "pool"), "words": ("ids", "mask", "first"), "image": ("pixels",)
}  # fmt: skip
AXES = {
    "ids": {0: "windows", 1: "tokens"}, "mask": {0: "windows", 1: "tokens"}, "pool": {0: "rows", 1: "windows"},
    "first": {0: "words"}, "pixels": {0: "rows"}, "logits": {0: "answers"},
}  # fmt: skip
OPSET = 17


def view_of(module: Headed, reads: str) -> nn.Module:
    """The module as it reads the inputs of a graph; its parts are shared, not copied."""
    views: Mapping[str, type[nn.Module]] = {"text": _TextView, "words": _WordView, "image": _PictureView}
    return views[reads](module).eval()


def write_graph(view: nn.Module, reads: str, path: Path, pixels: tuple[int, ...] = ()) -> None:
    """Write a view (`view_of`) as an ONNX file. `pixels` are the channels, height and width of a picture, where it
    reads pictures."""
    own = {DOMAIN: 1} if any(map(is_fused, view.modules())) else None
    with warnings.catch_warnings(), torch.inference_mode():
        # The exporter that traces takes a second where the newer one takes ten or more, for the same graph.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            view, _sample(reads, pixels), str(path), dynamo=False, opset_version=OPSET,
            input_names=list(INPUTS[reads]), output_names=["logits"],
            dynamic_axes={name: AXES[name] for name in (*INPUTS[reads], "logits")}, custom_opsets=own,
        )  # fmt: skip


def _sample(reads: str, pixels: tuple[int, ...]) -> tuple[Tensor, ...]:
    """Inputs to trace with, no two of their sizes equal."""
    if reads == "image":
        return (torch.zeros((2, *pixels), dtype=torch.uint8),)
    ids, mask = torch.ones((3, 7), dtype=torch.long), torch.ones((3, 7))
    return ids, mask, torch.full((2, 3), 1 / 7) if reads == "text" else torch.tensor([1, 3, 8, 15, 16])


class _View(nn.Module):
    def __init__(self, module: Headed) -> None:
        super().__init__()
        self.backbone: Any = module.backbone
        self.head = module.head

    def states(self, ids: Tensor, mask: Tensor) -> Tensor:
        """What the body makes of padded windows, (W, S, width)."""
        if isinstance(self.backbone, FlatEncoder):
            return _flat_states(self.backbone, ids, mask)
        states: Tensor = self.backbone.body(input_ids=ids, attention_mask=mask.long()).last_hidden_state
        return states


class _TextView(_View):
    def forward(self, ids: Tensor, mask: Tensor, pool: Tensor) -> Tensor:
        sums = (self.states(ids, mask) * mask.unsqueeze(2)).sum(1)
        logits: Tensor = self.head(pool @ sums)
        return logits


class _WordView(_View):
    def forward(self, ids: Tensor, mask: Tensor, first: Tensor) -> Tensor:
        logits: Tensor = self.head(self.states(ids, mask).flatten(0, 1)[first])
        return logits


class _PictureView(_View):
    def forward(self, pixels: Tensor) -> Tensor:
        logits: Tensor = self.head(self.backbone({"pixels": pixels}))
        return logits


def _flat_states(backbone: FlatEncoder, ids: Tensor, mask: Tensor) -> Tensor:
    """`FlatEncoder.read` on padded windows: (W, S) to (W, S, width)."""
    table = backbone.body.embeddings
    places = table.position_embeddings(torch.arange(ids.shape[1]) + backbone.first_position)
    summed = table.word_embeddings(ids).float() + places + table.token_type_embeddings.weight[0]
    states: Tensor = table.LayerNorm(summed)
    projection = getattr(backbone.body, "embeddings_project", None)
    states = projection(states) if projection is not None else states
    bias, present = (1 - mask)[:, None, None, :] * HIDDEN, mask.int()
    for layer in backbone.blocks():
        own: Any = layer.attention.self  # type: ignore[union-attr]
        mixed = attend(own, states, present, backbone.heads) if is_fused(own) else _mixed(own, states, bias, backbone)
        states = _above(layer, states, mixed)
    return states


def _above(layer: Any, states: Tensor, mixed: Tensor) -> Tensor:
    """The rest of one layer, post-norm; each linear part is called as a module, so that it can be stood in for."""
    states = layer.attention.output.LayerNorm(layer.attention.output.dense(mixed) + states)
    normed: Tensor = layer.output.LayerNorm(layer.output.dense(layer.intermediate(states)) + states)
    return normed


def _mixed(attention: Any, states: Tensor, bias: Tensor, backbone: FlatEncoder) -> Tensor:
    """Attention in steps that every runtime knows."""
    parts = (attention.query, attention.key, attention.value)
    query, key, value = (_by_head(part(states), backbone.heads) for part in parts)
    scores = query @ key.transpose(-1, -2) * (backbone.width // backbone.heads) ** -0.5 + bias
    mixed: Tensor = (scores.softmax(-1) @ value).transpose(1, 2).flatten(2)
    return mixed


def _by_head(vectors: Tensor, heads: int) -> Tensor:
    """(W, S, width) to (W, heads, S, width / heads)."""
    split: Tensor = vectors.view(vectors.shape[0], vectors.shape[1], heads, -1)
    return split.transpose(1, 2)
