"""The parts of BERT and its kin under the names that their checkpoints use, and no more.

transformers has these modules, too, and importing them takes two seconds of every start; only the parameters and their
names are needed here, for the forward pass is `FlatEncoder`'s own.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, device, nn

from ...errors import ModelDamaged, ModelError

NEEDED = ("vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size")
DEFAULTS = {
    "hidden_act": "gelu", "max_position_embeddings": 512, "type_vocab_size": 2, "layer_norm_eps": 1e-12,
    "position_embedding_type": "absolute",
}  # fmt: skip
ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "gelu": F.gelu,
    "gelu_new": partial(F.gelu, approximate="tanh"),
    "gelu_pytorch_tanh": partial(F.gelu, approximate="tanh"),
    "relu": F.relu,
    "silu": F.silu,
    "swish": F.silu,
}


def flat_parts(config: dict[str, Any]) -> nn.Module:
    """`embeddings` and `encoder.layer` as `config` (transformers' config.json) has them, weights unset.

    Raises `ModelDamaged` for a size that is missing, `ModelError` for a kind of layer that is not known here.
    """
    if missing := [name for name in NEEDED if name not in config]:
        raise ModelDamaged(f"config.json does not say {', '.join(missing)}.")
    settings = {**DEFAULTS, **config}
    if settings["hidden_act"] not in ACTIVATIONS:
        known = ", ".join(ACTIVATIONS)
        raise ModelError(f"hidden_act '{settings['hidden_act']}' is not supported.", mend=f"Supported: {known}.")
    if settings["position_embedding_type"] != "absolute":
        raise ModelError(f"position_embedding_type '{settings['position_embedding_type']}' is not supported.")
    with device("meta"):  # no time is spent on random weights
        parts = _Parts(settings)
    for part in parts.modules():  # `to_empty` does the same and imports half a second of symbolic algebra
        for name, parameter in part.named_parameters(recurse=False):
            setattr(part, name, nn.Parameter(torch.empty(parameter.shape)))
    return parts


class _Parts(nn.Module):
    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        narrow = config.get("embedding_size", config["hidden_size"]) if config["model_type"] == "electra" else None
        self.embeddings = _Embeddings(config, narrow or config["hidden_size"])
        if narrow is not None and narrow != config["hidden_size"]:
            self.embeddings_project = nn.Linear(narrow, config["hidden_size"])
        self.encoder = nn.Module()
        self.encoder.layer = nn.ModuleList(_Layer(config) for _ in range(config["num_hidden_layers"]))


class _Embeddings(nn.Module):
    def __init__(self, config: dict[str, Any], width: int) -> None:
        super().__init__()
        self.word_embeddings = _vectors(config["vocab_size"], width, config.get("pad_token_id"))
        self.position_embeddings = _vectors(config["max_position_embeddings"], width)
        self.token_type_embeddings = _vectors(config["type_vocab_size"], width)
        self.LayerNorm = nn.LayerNorm(width, eps=config["layer_norm_eps"])


def _vectors(count: int, width: int, padding: int | None = None) -> nn.Embedding:
    """Vectors unset: setting them at random would import torch's compiler, which takes a second."""
    unset = torch.empty(count, width)
    made: nn.Embedding = nn.Embedding.from_pretrained(unset, False, padding)  # type: ignore[no-untyped-call]
    return made


class _Layer(nn.Module):
    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        width, inner, eps = config["hidden_size"], config["intermediate_size"], config["layer_norm_eps"]
        self.attention = nn.Module()
        self.attention.self = nn.Module()
        for name in ("query", "key", "value"):
            self.attention.self.add_module(name, nn.Linear(width, width))
        self.attention.output = _Output(width, width, eps)
        self.intermediate = _Inner(width, inner, ACTIVATIONS[config["hidden_act"]])
        self.output = _Output(inner, width, eps)


class _Output(nn.Module):
    def __init__(self, width: int, out: int, eps: float) -> None:
        super().__init__()
        self.dense = nn.Linear(width, out)
        self.LayerNorm = nn.LayerNorm(out, eps=eps)


class _Inner(nn.Module):
    def __init__(self, width: int, out: int, activation: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.dense = nn.Linear(width, out)
        self.activation = activation

    def forward(self, states: Tensor) -> Tensor:
        """(T, width) to (T, out)."""
        return self.activation(self.dense(states))
