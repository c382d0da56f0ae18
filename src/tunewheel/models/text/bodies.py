"""Text bodies: building an encoder from a configuration and filling it from safetensors."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from ...errors import ModelDamaged, ModelError
from ..backbone import Backbone, read_json

FLAT = ("bert", "roberta", "xlm-roberta", "camembert", "electra")
PADDED = ("distilbert", "mpnet", "deberta-v2", "modernbert")
SUPPORTED = (*FLAT, *PADDED)
# Checkpoints made for a task carry the body under a name, and parts (poolers, old heads) that no body needs.
PREFIXES = ("bert.", "roberta.", "electra.", "distilbert.", "mpnet.", "deberta.", "model.")
UNUSED = ("pooler.", "cls.", "lm_head.", "classifier.", "discriminator_predictions.", "embeddings.position_ids")


def build_text_backbone(config: dict[str, Any]) -> Backbone:
    """The body that `config` (transformers' config.json) describes, weights unset. Raises `ModelError`."""
    kind = config.get("model_type")
    if kind not in SUPPORTED:
        raise ModelError(f"model_type '{kind}' is not supported.", mend=f"Supported: {', '.join(SUPPORTED)}.")
    if kind in FLAT:
        from .encoder import FlatEncoder
        from .parts import flat_parts

        return FlatEncoder(flat_parts(config), config)
    from .padded import PaddedEncoder

    return PaddedEncoder(_transformers_body(config), config)


def load_text_backbone(folder: Path) -> Backbone:
    """The body in a model folder, float32 but for tensors that never move. Raises `ModelDamaged`."""
    config = _with_frozen(read_json(folder / "config.json"), folder)
    backbone = build_text_backbone(config)
    weights = folder / "model.safetensors"
    if not weights.exists():
        raise ModelDamaged(
            "there is no model.safetensors.", where=str(folder), mend="Other weight formats are not opened."
        )
    facts = weights.stat()
    fill(backbone, _pretrained(weights, facts.st_size, facts.st_mtime_ns), str(folder))
    return backbone


@lru_cache(maxsize=1)
def _pretrained(weights: Path, size: int, changed: int) -> dict[str, Tensor]:
    """The tensors of a file by their plain names: read once for all the modules that a run makes of one body."""
    try:
        return {plain_name(name): tensor for name, tensor in load_file(weights).items()}
    except SafetensorError as error:
        raise ModelDamaged(f"the weights cannot be read ({error}).", where=str(weights)) from None


def fill(backbone: Backbone, tensors: dict[str, Tensor], where: str) -> None:
    """Give the body its weights: tensors that never move as they are, the others copied. Raises `ModelDamaged` for
    what is missing or misshapen."""
    body: nn.Module = backbone.body
    wanted = dict(body.named_parameters())
    found = {name: _typed(name, tensor, backbone.frozen) for name, tensor in tensors.items() if name in wanted}
    wrong = [name for name, tensor in found.items() if tensor.shape != wanted[name].shape]
    missing = [name for name in wanted if name not in found and not name.startswith(UNUSED)]
    if wrong or missing:
        raise ModelDamaged(f"the weights do not fit: missing {missing[:3]}, misshapen {wrong[:3]}.", where=where)
    body.load_state_dict(found, strict=False, assign=True)


def _typed(name: str, tensor: Tensor, frozen: tuple[str, ...]) -> Tensor:
    """Tensors that never move keep their compact type and are shared; the rest is a copy in float32 that may train."""
    return tensor if frozen and name.startswith(frozen) else tensor.to(torch.float32, copy=True)


def _with_frozen(config: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The configuration with the catalogue's note of what never moves."""
    note = folder / "tunewheel.json"
    frozen = read_json(note).get("frozen", []) if note.exists() else []
    return {**config, "tunewheel_frozen": list(frozen)} if frozen else config


def plain_name(name: str) -> str:
    """The body's own name of a tensor of a checkpoint; the oldest BERT files call norms as TensorFlow did."""
    name = name.replace("LayerNorm.gamma", "LayerNorm.weight").replace("LayerNorm.beta", "LayerNorm.bias")
    prefix = next((prefix for prefix in PREFIXES if name.startswith(prefix)), "")
    return name.removeprefix(prefix)


def _transformers_body(config: dict[str, Any]) -> nn.Module:
    """A transformers encoder without a pooler and without spending time on random weights."""
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    from transformers import CONFIG_MAPPING, MODEL_MAPPING, initialization

    settings = {key: value for key, value in config.items() if not key.startswith("tunewheel_")}
    described = CONFIG_MAPPING[settings["model_type"]].from_dict(settings)
    made = MODEL_MAPPING[type(described)]
    with initialization.no_init_weights(), torch.no_grad():
        body: nn.Module = made(described)
    if getattr(body, "pooler", None) is not None:
        body.register_module("pooler", None)
    return body
