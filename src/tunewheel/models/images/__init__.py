"""Pictures: decoding them into pixels, and the bodies that read pixels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from .processor import ImageProcessor

if TYPE_CHECKING:
    from .bodies import ImageBody

__all__ = ["ImageProcessor", "build_image_backbone", "load_image_backbone"]


def load_image_backbone(folder: Path) -> ImageBody:
    """The body in a model folder. Raises `ModelDamaged`."""
    from .bodies import load_image_body

    return load_image_body(folder)


def build_image_backbone(config: dict[str, Any]) -> ImageBody:
    """The body that `config` describes, with random weights. Raises `ModelError`."""
    from .bodies import build_image_body

    return build_image_body(config)
