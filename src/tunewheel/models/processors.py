"""Processors: what turns contents into arrays for a body. Loading one loads no torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def load_processor(folder: Path, *, max_tokens: int | None = None) -> Any:
    """The tokenizer or image processor of a model folder or of a bundle's `processor` folder."""
    if (folder / "tokenizer.json").exists():
        from .text.processor import TextProcessor

        return TextProcessor.load(folder, max_tokens=max_tokens)
    from .images import ImageProcessor

    return ImageProcessor.load(folder)
