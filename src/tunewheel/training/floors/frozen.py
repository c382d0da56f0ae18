"""The frozen floor, "before": the pre-trained body untouched, with a logistic regression as its head."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from ...models.heads import Headed
from ...records import Array, Batch
from ..batches import sizes
from . import logistic

TITLE = "Frozen encoder + logistic regression"
STRENGTHS, FEW_STRENGTHS = (3.0, 10.0, 30.0), (3.0, 30.0)  # figures in docs/log.md
MOST_DECISIONS = 40_000
# Of the median spread. MiniLM has three features of 384 that never vary, mpnet four of 768: brought to unit variance
# they get weights a thousand times those of the others, and the body cannot move without the logits bursting.
DEAD = 0.25


def sample(batch: Batch, seed: int, most_units: int | None = None) -> Batch:
    """The rows of a batch that are `sampled`. Where all are meant, they are the batch itself."""
    rows = sampled(batch, seed, most_units)
    return batch if len(rows) == len(batch) else batch.select(rows)


def sampled(batch: Batch, seed: int, most_units: int | None = None) -> NDArray[np.int64]:
    """Numbers of rows enough for 40,000 decisions (a word each, or a row each), drawn at random; more would cost time
    and change little. With `most_units` they are no larger (tokens, pictures) together, but one row at least."""
    rows = np.random.default_rng(seed).permutation(len(batch))
    decisions = batch["words"][rows] if "words" in batch else np.ones(len(rows), dtype=np.int64)
    chosen: NDArray[np.bool_] = np.less_equal(np.cumsum(decisions), MOST_DECISIONS)
    if most_units is not None:
        chosen &= np.cumsum(sizes(batch)[rows]) <= most_units
    chosen[:1] = True
    return rows[chosen]


def best_strength(module: Headed, features: Array, targets: Array, *, exclusive: bool) -> float:
    """The penalty's strength for few rows, by cross-validation: rows set apart would be too few to tell."""
    width = features.shape[1]
    strengths = [strength / width for strength in FEW_STRENGTHS]
    scaled, classes = np.multiply(features, _scale(features)), module.head.out_features
    best = logistic.cross_validated(scaled, targets, classes, exclusive=exclusive, strengths=strengths)
    return float(best * width)


def fit_head(
    module: Headed, features: Array, targets: Array, held_out: Array, answers: Array, *, exclusive: bool,
    strengths: Sequence[float] = STRENGTHS, again: bool = False,
) -> float:  # fmt: skip
    """Set `module.head` to the logistic regression on `features` (N, H); gives the penalty's strength, the one of
    `strengths` that does best on `held_out`. One that is fitted `again` begins where the head is.

    Features are scaled to unit variance for the fit, and the scale is folded into the head.
    """
    scale = _scale(features)
    width = features.shape[1]
    (weights, bias), best = logistic.best_strength(
        np.multiply(features, scale), targets, np.multiply(held_out, scale), answers, module.head.out_features,
        exclusive=exclusive, strengths=tuple(s / width for s in strengths),
        start=_head_over(module, scale) if again else None,
    )  # fmt: skip
    with torch.no_grad():
        module.head.weight.copy_(torch.from_numpy((weights * scale).astype(np.float32)))
        module.head.bias.copy_(torch.from_numpy(bias))
    return float(best * width)


def _head_over(module: Headed, scale: NDArray[np.float32]) -> logistic.Linear:
    """Weights and biases of the head for features that are scaled."""
    weights, bias = (tensor.detach().cpu().numpy() for tensor in (module.head.weight, module.head.bias))
    return np.divide(weights, scale), bias


def _scale(features: Array) -> NDArray[np.float32]:
    """What brings features to unit variance; those that hardly vary at all are left small: see `DEAD`."""
    spread = features.std(0)
    return np.asarray(1 / np.maximum(spread, max(DEAD * float(np.median(spread)), 1e-6)), dtype=np.float32)
