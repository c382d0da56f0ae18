"""The engine without a server: the graph and tokenizer in a folder that `tunewheel export --output` wrote.

Needs onnxruntime, tokenizers and numpy only: the bare engine and LitServe answer with it. Threads and spinning are set
as Tunewheel sets them. Texts longer than one window are cut, which none of the benchmark's is.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

Tokens = list[int]


class Engine:
    """Texts to labels, each call on the thread that makes it."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        settings = json.loads((folder / "settings.json").read_text("utf-8"))
        self._opening, self._closing = settings["opening"], settings["closing"]
        self._room, self._labels = int(settings["room"]), settings["labels"]
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._session = _session(folder / "model.onnx", threads)

    def tokens(self, texts: Sequence[str]) -> list[Tokens]:
        """The ids of each text, special ones included."""
        found = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [[*self._opening, *one.ids[: self._room], *self._closing] for one in found]

    def labels(self, tokens: Sequence[Tokens]) -> list[str]:
        """The label of each row of one padded call."""
        lengths = [len(row) for row in tokens]
        width = max(lengths)
        ids = np.array([row + [0] * (width - len(row)) for row in tokens], dtype=np.int64)
        mask = (np.arange(width) < np.array(lengths)[:, None]).astype(np.float32)
        pool = np.diag(1 / np.array(lengths, dtype=np.float32))
        logits = self._session.run(None, {"ids": ids, "mask": mask, "pool": pool})[0]
        return [self._labels[place] for place in logits.argmax(1)]

    def answer(self, texts: Sequence[str]) -> list[str]:
        """Tokenise and compute in one call."""
        return self.labels(self.tokens(texts))


def _session(path: Path, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_mem_pattern = False
    options.add_session_config_entry("session.intra_op.allow_spinning", "1" if threads > 1 else "0")
    options.add_session_config_entry("session.force_spinning_stop", "1")
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
