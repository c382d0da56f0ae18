"""Feeds: a flat batch as the padded inputs of a graph (see `graphs`)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ...records import Array, Batch, ranges

Feeds = Mapping[str, Array]
Counts = NDArray[np.int64]


def feeds_of(batch: Batch, reads: str) -> Feeds:
    """The inputs of a graph that reads "text", "words" or "image"."""
    if reads == "image":
        return {"pixels": batch["pixels"]}
    lengths = _counts(batch, "lengths")
    if reads == "text" and len(lengths) == 1:  # one text of one window: nothing to pad, for who waits for an answer
        ids = batch["ids"].astype(np.int64)[None]
        whole = np.ones(ids.shape, dtype=np.float32)
        return {"ids": ids, "mask": whole, "pool": np.full((1, 1), 1 / lengths[0], dtype=np.float32)}
    width = int(lengths.max())
    places = ranges(np.arange(len(lengths)) * width, lengths)  # of each token among the padded ones
    ids, mask = np.zeros(len(lengths) * width, dtype=np.int64), np.zeros(len(lengths) * width, dtype=np.float32)
    ids[places], mask[places] = batch["ids"], 1.0
    last: Feeds = {"pool": _pool(batch)} if reads == "text" else {"first": places[_first(batch)]}
    return {"ids": ids.reshape(-1, width), "mask": mask.reshape(-1, width), **last}


def _pool(batch: Batch) -> NDArray[np.float32]:
    """What part a token of a window has in the mean of a text, (B, W)."""
    owners = np.repeat(np.arange(len(batch)), _counts(batch, "windows"))
    pool = np.zeros((len(batch), len(owners)), dtype=np.float32)
    pool[owners, np.arange(len(owners))] = 1 / _counts(batch, "tokens")[owners]
    return pool


def _first(batch: Batch) -> Counts:
    """Where each word's first piece stands among the flat tokens of the batch, (N,)."""
    tokens = _counts(batch, "tokens")
    return np.repeat(np.cumsum(tokens) - tokens, _counts(batch, "words")) + _counts(batch, "first")


def _counts(batch: Batch, name: str) -> Counts:
    return batch[name].astype(np.int64)
