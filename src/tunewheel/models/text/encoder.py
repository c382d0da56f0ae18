"""FlatEncoder: a transformer encoder on flat tokens. Dense work sees no padding; only attention pads, inside.

The weights are those of BERT and its kin under the names of their checkpoints (`parts`).
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..backbone import Backbone
from ..tensors import Tensors
from .attention import mixed
from .portions import read_in_portions

# Name of the array of a text batch that holds what the lowest layers made of it, (T, width).
STATES = "states"


class FlatEncoder(Backbone):
    """BERT, RoBERTa, XLM-RoBERTa and ELECTRA bodies: tensors of a text batch to (T, width).

    Of a batch with `STATES` only the layers above the lowest `begun` are computed.
    """

    body: Any  # its parts are known by name only
    separable = True
    begun = 0

    def __init__(self, body: nn.Module, config: dict[str, Any]) -> None:
        super().__init__()
        self.body = body
        self.config = config
        self.width = int(config["hidden_size"])
        self.heads = int(config["num_attention_heads"])
        self.frozen = tuple(config.get("tunewheel_frozen", ()))
        # RoBERTa counts positions from behind its padding token.
        shifted = config["model_type"] in ("roberta", "xlm-roberta", "camembert")
        self.first_position = int(config.get("pad_token_id") or 0) + 1 if shifted else 0

    def blocks(self) -> list[nn.Module]:
        return list(self.body.encoder.layer)

    def forward(self, tensors: Tensors) -> Tensor:
        if STATES in tensors:
            return read_in_portions(self.finish, tensors[STATES], tensors["lengths"])
        return read_in_portions(self.read, tensors["ids"], tensors["lengths"])

    def begin(self, tensors: Tensors) -> Tensor:
        """What the lowest `begun` layers make of a text batch: its `STATES`, (T, width), where `forward` goes on."""
        return read_in_portions(self._begin, tensors["ids"], tensors["lengths"])

    def read(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """Token ids (T,) in windows of `lengths` (W,) to (T, width)."""
        return self.finish(self._begin(ids, lengths), lengths)

    def _begin(self, ids: Tensor, lengths: Tensor) -> Tensor:
        layout = Layout(lengths)
        return self._through(self.blocks()[: self.begun], self.embed(ids, layout), layout)

    def finish(self, states: Tensor, lengths: Tensor) -> Tensor:
        """The states (T, width) above the lowest `begun` layers to (T, width)."""
        return self._through(self.blocks()[self.begun :], states.float(), Layout(lengths))

    def _through(self, layers: list[nn.Module], states: Tensor, layout: Layout) -> Tensor:
        for layer in layers:
            states = self.layer(layer, states, layout)
        return states

    def embed(self, ids: Tensor, layout: Layout) -> Tensor:
        """Token, position and type embeddings, normalised: (T,) to (T, width) in float32."""
        table = self.body.embeddings
        words = table.word_embeddings(ids).float()
        places = table.position_embeddings(layout.positions + self.first_position)
        summed = words + places + table.token_type_embeddings.weight[0]
        normalised: Tensor = table.LayerNorm(summed)
        projection = getattr(self.body, "embeddings_project", None)
        return projection(normalised) if projection is not None else normalised

    def layer(self, layer: Any, states: Tensor, layout: Layout) -> Tensor:
        """One transformer layer, post-norm: (T, width) to (T, width)."""
        attended = layer.attention.output.dense(self.attend(layer.attention.self, states, layout))
        states = layer.attention.output.LayerNorm(attended + states)
        inner = layer.output.dense(layer.intermediate(states))
        normalised: Tensor = layer.output.LayerNorm(inner + states)
        return normalised

    def attend(self, attention: Any, states: Tensor, layout: Layout) -> Tensor:
        """Multi-head self-attention within each window: (T, width) to (T, width)."""
        split = layout.pad(projected(attention, states)).view(layout.windows, layout.longest, 3, self.heads, -1)
        query, key, value = split.permute(2, 0, 3, 1, 4)
        return layout.unpad(mixed(query, key, value, layout.visible).transpose(1, 2).flatten(2))


def projected(attention: Any, states: Tensor) -> Tensor:
    """Query, key and value side by side, (T, 3 x width), in one product; LoRA layers are asked one by one."""
    parts = (attention.query, attention.key, attention.value)
    if any(type(part) is not nn.Linear for part in parts):
        return torch.cat([part(states) for part in parts], dim=1)
    return F.linear(states, torch.cat([part.weight for part in parts]), torch.cat([part.bias for part in parts]))


class Layout:
    """Where the tokens of W windows stand, flat (T,) and padded (W, longest)."""

    def __init__(self, lengths: Tensor) -> None:
        self.windows, self.longest = len(lengths), int(lengths.max()) if len(lengths) else 0
        columns = torch.arange(self.longest, device=lengths.device)
        present = columns < lengths.unsqueeze(1)
        self.slots = present.flatten().nonzero().squeeze(1)
        self.positions = self.slots % max(self.longest, 1)
        self.visible = present[:, None, None, :]

    def pad(self, flat: Tensor) -> Tensor:
        """(T, D) to (W, longest, D), zeros where there is no token."""
        padded = flat.new_zeros(self.windows * self.longest, flat.shape[1]).index_copy(0, self.slots, flat)
        return padded.view(self.windows, self.longest, flat.shape[1])

    def unpad(self, padded: Tensor) -> Tensor:
        """(W, longest, D) to (T, D)."""
        return padded.flatten(0, 1)[self.slots]
