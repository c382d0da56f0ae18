"""The frozen floor, "before": the pre-trained body untouched, with a logistic regression as its head."""

from __future__ import annotations

import numpy as np
import torch

from ...models.heads import Headed
from ...records import Array, Batch
from . import logistic

TITLE = "Frozen encoder + logistic regression"
STRENGTHS = (0.3, 3.0, 30.0)
MOST_DECISIONS = 40_000


def sample(batch: Batch, seed: int) -> Batch:
    """Rows enough for 40,000 decisions (a word each, or a row each); more would cost time and change little."""
    rows = np.random.default_rng(seed).permutation(len(batch))
    decisions = batch["words"][rows] if "words" in batch else np.ones(len(rows), dtype=np.int64)
    return batch.select(rows[np.cumsum(decisions) <= max(MOST_DECISIONS, decisions[:1].sum())])


def fit_head(
    module: Headed, features: Array, targets: Array, held_out: Array, answers: Array, *, exclusive: bool
) -> None:
    """Set `module.head` to the logistic regression on `features` (N, H); the penalty is chosen on `held_out`.

    Features are scaled to unit variance for the fit, and the scale is folded into the head.
    """
    scale = 1 / np.maximum(features.std(0), 1e-6)
    (weights, bias), _ = logistic.best_strength(
        features * scale, targets, held_out * scale, answers, module.head.out_features,
        exclusive=exclusive, strengths=tuple(s / features.shape[1] for s in STRENGTHS),
    )  # fmt: skip
    with torch.no_grad():
        module.head.weight.copy_(torch.from_numpy((weights * scale).astype(np.float32)))
        module.head.bias.copy_(torch.from_numpy(bias))
