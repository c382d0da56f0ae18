"""The frozen floor, "before": the pre-trained body untouched, with a logistic regression as its head."""

from __future__ import annotations

import numpy as np
import torch

from ...models.heads import Headed
from ...records import Array
from . import logistic

TITLE = "Frozen encoder + logistic regression"
STRENGTHS = (0.3, 3.0, 30.0)
MOST_DECISIONS = 60_000


def fit_head(
    module: Headed, features: Array, targets: Array, held_out: Array, answers: Array, *, exclusive: bool, seed: int
) -> None:
    """Set `module.head` to the logistic regression on `features` (N, H); the penalty is chosen on `held_out`.

    Features are scaled to unit variance for the fit, and the scale is folded into the head. More than 60,000
    decisions (words of many sentences) are sampled.
    """
    kept = np.random.default_rng(seed).permutation(len(features))[:MOST_DECISIONS]
    scale = 1 / np.maximum(features[kept].std(0), 1e-6)
    (weights, bias), _ = logistic.best_strength(
        features[kept] * scale, targets[kept], held_out * scale, answers, module.head.out_features,
        exclusive=exclusive, strengths=tuple(s / features.shape[1] for s in STRENGTHS),
    )  # fmt: skip
    with torch.no_grad():
        module.head.weight.copy_(torch.from_numpy((weights * scale).astype(np.float32)))
        module.head.bias.copy_(torch.from_numpy(bias))
