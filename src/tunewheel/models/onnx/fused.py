"""Fused: attention in as few steps as onnxruntime has for it, which its optimiser does not find in what is traced: one
product for query, key and value, and one step from there to what the heads have mixed.

No other runtime knows that step: the form in float32 stays as any of them reads it. Figures in docs/log.md.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn

from ..text.encoder import FlatEncoder

DOMAIN = "com.microsoft"
HIDDEN = -1e4  # stands for the attention scores of padding


def fused(view: nn.Module) -> nn.Module:
    """A view of texts or words that computes the same; the `view` itself where its body is of another kind."""
    if not isinstance(view.backbone, FlatEncoder):
        return view
    tensors = [*view.parameters(), *view.buffers()]
    made = copy.deepcopy(view, {id(tensor): tensor for tensor in tensors})  # they are shared with the view
    for layer in made.backbone.blocks():  # type: ignore[operator, union-attr]
        own: Any = layer.attention.self
        own.width, own.joined = own.query.out_features, _joined([own.query, own.key, own.value])
        del own.query, own.key, own.value
    return made


def is_fused(attention: Any) -> bool:
    """Whether this is an attention of a fused view."""
    return hasattr(attention, "joined")


def attend(attention: Any, states: Tensor, mask: Tensor, heads: int) -> Tensor:
    """Multi-head self-attention: (W, S, width) to (W, S, width), `mask` (W, S) in int32, 1 for tokens."""
    parts = attention.joined(states).split(attention.width, -1)
    mixed: Tensor = _Attention.apply(*parts, mask, heads)  # type: ignore[no-untyped-call]
    return mixed


def divide_values(joined: nn.Linear, by: Tensor) -> None:
    """Divide each column that the heads mix, in the product that makes it: they mix a part of it as the whole."""
    with torch.no_grad():
        joined.weight[-len(by) :].div_(by[:, None])
        joined.bias[-len(by) :].div_(by)


def _joined(parts: list[nn.Linear]) -> nn.Linear:
    """Linear layers that read the same, side by side."""
    joined = nn.Linear(parts[0].in_features, sum(part.out_features for part in parts))
    with torch.no_grad():
        joined.weight.copy_(torch.cat([part.weight for part in parts]))
        joined.bias.copy_(torch.cat([part.bias for part in parts]))
    return joined


class _Attention(torch.autograd.Function):
    """What torch computes, and the one node that stands for it in a graph."""

    @staticmethod
    def forward(ctx: Any, query: Tensor, key: Tensor, value: Tensor, mask: Tensor, heads: int) -> Tensor:
        split = [part.view(*part.shape[:2], heads, -1).transpose(1, 2) for part in (query, key, value)]
        scores = split[0] @ split[1].transpose(-1, -2) * split[0].shape[-1] ** -0.5
        scores = scores + (1 - mask[:, None, None, :]) * HIDDEN
        mixed: Tensor = (scores.softmax(-1) @ split[2]).transpose(1, 2).flatten(2)
        return mixed

    @staticmethod
    def symbolic(g: Any, query: Any, key: Any, value: Any, mask: Any, heads: int) -> Any:
        nothing = g.op("prim::Constant")
        nothing.setType(torch._C.OptionalType.ofTensor())  # an input that is left out
        settings = {"num_heads_i": heads, "mask_filter_value_f": HIDDEN}
        node = g.op(f"{DOMAIN}::MultiHeadAttention", query, key, value, nothing, mask, **settings)
        return node.setType(query.type())
