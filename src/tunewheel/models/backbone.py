"""Backbone: a pre-trained body; loading one from a folder and rebuilding one from its configuration."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from ..errors import ModelDamaged
from .tensors import Tensors

IMAGE_TYPES = ("efficientnet-lite0", "small-cnn")


class Backbone(nn.Module):
    """A body that turns the tensors of a batch into vectors of `width` numbers.

    Text: (T, width), one a token; pictures: (B, width). `config` is plain JSON and enough to rebuild the
    body without weights; `frozen` names parameters (by prefix) that never move and are stored once. A body is
    `separable` when no row sees another (as in batch norms) and nothing in it is random: parts of a batch then
    give what the whole gives.
    """

    width: int
    separable = False
    config: dict[str, Any]
    frozen: tuple[str, ...] = ()
    body: Any

    def blocks(self) -> list[nn.Module]:
        """The layers from input to output, for partial fine-tuning; what comes before the first is `stem`."""
        raise NotImplementedError

    def forward(self, tensors: Tensors) -> Tensor:
        raise NotImplementedError


def load_backbone(folder: Path) -> Backbone:
    """The body in a model folder (`config.json`, `model.safetensors`). Raises `ModelDamaged`."""
    config = read_json(folder / "config.json")
    if config.get("model_type") in IMAGE_TYPES:
        from .images import load_image_backbone

        return load_image_backbone(folder)
    from .text.bodies import load_text_backbone

    return load_text_backbone(folder)


def build_backbone(config: dict[str, Any]) -> Backbone:
    """The body that `config` describes, its weights not yet set."""
    if config.get("model_type") in IMAGE_TYPES:
        from .images import build_image_backbone

        return build_image_backbone(config)
    from .text.bodies import build_text_backbone

    return build_text_backbone(config)


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file. Raises `ModelDamaged`."""
    try:
        value = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ModelDamaged(f"{path.name} cannot be read ({error}).", where=str(path.parent)) from None
    if not isinstance(value, dict):
        raise ModelDamaged(f"{path.name} is not a JSON object.", where=str(path.parent))
    return value
