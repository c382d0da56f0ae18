"""OnnxEngine: an exported graph at work. It needs no torch; what it costs to start is reading one file."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import BundleDamaged
from ..models.onnx.feeds import feeds_of
from ..records import Batch
from ..task import Outputs
from ..training.batches import Indices, padded_batches, sizes, sorted_batches
from .alone import KNOWN, Alone
from .priority import give_way

# Tokens (pictures) that one call of the graph reads: small enough for the caches of a core. Figures in docs/log.md.
UNITS, PICTURES = 512, 16
# What a call costs besides, in tokens. Both measured on an encoder of six layers in eight bits; docs/log.md.
CALL = 9


class OnnxEngine:
    """A graph as an engine: batch in, `logits` out, in the order of the rows.

    Each call of the graph computes on one core; a batch of several is `spread` over so many, where nobody else computes
    with the file: cores that are at work anyway gain nothing from more threads. Safe to call from several threads at
    once. Raises `BundleDamaged` when the file is no graph.
    """

    def __init__(self, path: Path, reads: str, spread: int = 1, lone: int = 1) -> None:
        self.reads = reads
        self._session = _session(path)
        self._lone = _session(path, lone) if lone > 1 else self._session
        self._alone = Alone(path)
        self._pool = ThreadPoolExecutor(spread, "onnx", give_way) if spread > 1 else None

    def __call__(self, batch: Batch) -> Outputs:
        runs = self._runs(sizes(batch)) if len(batch) > 1 else []
        if len(runs) < 2:
            with self._alone.inside():
                return {"logits": self._answer(batch, self._session)}
        runs.reverse()  # the longest first, so that no core is left alone with them in the end
        parts = [batch.select(rows) for rows in runs]
        answer = partial(self._answer, session=self._session)
        with self._alone.inside() as alone:
            free = alone or not KNOWN
            answers = list(self._pool.map(answer, parts) if self._pool and free else map(answer, parts))
        order = np.argsort(np.concatenate(runs), kind="stable")
        return Batch(*_joined(answers, parts)).select(order).arrays

    def alone(self, batch: Batch) -> Outputs:
        """The same for a small batch, on `lone` cores where nobody else computes with the file, in any process."""
        with self._alone.inside() as alone:
            return {"logits": self._answer(batch, self._lone if alone else self._session)}

    def _runs(self, units: Indices) -> list[Indices]:
        if self.reads == "image":
            return sorted_batches(units, PICTURES)
        return padded_batches(units, UNITS, CALL)

    def _answer(self, batch: Batch, session: Any) -> Any:
        return session.run(None, dict(feeds_of(batch, self.reads)))[0]


def _joined(answers: list[Any], parts: list[Batch]) -> tuple[dict[str, Any], dict[str, str]]:
    """The answers of all parts as a batch's arrays; a row may own several (its words)."""
    logits = np.concatenate(answers)
    if "words" not in parts[0]:
        return {"logits": logits}, {}
    return {"logits": logits, "words": np.concatenate([part["words"] for part in parts])}, {"logits": "words"}


def _session(path: Path, cores: int = 1) -> Any:
    """The graph on so many cores: a sentence's products are too short to sleep between them, so that several are kept
    awake during a call, and not beyond it."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = cores
    options.inter_op_num_threads = 1
    options.enable_mem_pattern = False  # no two batches are of one size: plans for each only fill memory
    options.add_session_config_entry("session.intra_op.allow_spinning", "1" if cores > 1 else "0")
    options.add_session_config_entry("session.force_spinning_stop", "1")
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the library's errors have no common class of their own
        raise BundleDamaged(f"the graph cannot be read ({error}).", where=str(path)) from None
