"""Vectors of texts from the frozen body, computed once and kept in a cache by content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tunewheel.models.backbone import load_backbone
from tunewheel.models.cache import obtain
from tunewheel.models.heads import TextHead
from tunewheel.models.text.processor import TextProcessor
from tunewheel.training.reading import features

from ..budget.environments import environments
from ..commands import say

MODEL = "minilm-l6"


def embedded(texts: Sequence[str]) -> NDArray[np.float32]:
    """The vectors (N, H) that a frozen text head reads; kept beside the environments (`TUNEWHEEL_BENCH_CACHE`)."""
    folder = environments().parent / "wheel"
    key = hashlib.sha256(json.dumps([MODEL, list(texts)]).encode()).hexdigest()[:16]
    path = folder / f"{key}.npy"
    if not path.is_file():
        say(f"    vectors of {len(texts):,} texts, once, into {path}")
        folder.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new.npy")
        np.save(fresh, _computed(texts))
        fresh.replace(path)
    return np.load(path)


def _computed(texts: Sequence[str]) -> NDArray[np.float32]:
    folder = obtain(MODEL, tell=say)
    module = TextHead(load_backbone(folder), 2)
    return np.asarray(features(module, TextProcessor.load(folder).encode(texts)), dtype=np.float32)
