"""LiteRtEngine: a LiteRT file at work, as the portable folder asks it. It shows how near its answers are; it serves
nobody, for a CPU answers faster from ONNX."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from ..models.onnx.feeds import feeds_of
from ..records import Batch
from ..task import Outputs


class LiteRtEngine:
    """A file as an engine: batch in, `logits` out, row by row. Not for several threads at once.

    Needs ai-edge-litert.
    """

    def __init__(self, path: Path, reads: str) -> None:
        self.reads = reads
        self._model: Any = import_module("tunewheel.serving.portable.litert_model").Model(path)

    def __call__(self, batch: Batch) -> Outputs:
        rows = (batch.select([number]) for number in range(len(batch)))
        return {"logits": np.concatenate([self._model.run(None, dict(feeds_of(row, self.reads)))[0] for row in rows])}
