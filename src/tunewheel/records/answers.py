"""Prediction and Scores: what a model answers and how good the answers are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Prediction:
    """One answer. `value` is a label, a tuple of labels (multi-label) or a tuple of `Span`s (entities).

    `confidence` is the probability of the whole answer in [0, 1]; `probabilities` gives it by label where
    there is one answer a row; `tags` are the word tags where there is one answer a word.
    """

    value: Any
    confidence: float = 1.0
    probabilities: Mapping[str, float] = field(default_factory=dict)
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ratio:
    """A metric as a ratio of sums over rows, so that it can be resampled: sum(numerator) / sum(denominator).

    Accuracy: correct / 1. Entity or micro F1: 2 * true positives / (predicted + actual). Shapes (N,).
    """

    numerator: Floats
    denominator: Floats

    @property
    def value(self) -> float:
        total = float(self.denominator.sum())
        return float(self.numerator.sum()) / total if total else 0.0


@dataclass(frozen=True)
class Scores:
    """Numbers by name, each in [0, 1] (higher is better unless named `..._error` or `..._loss`).

    `rows` holds the per-row parts of those metrics that can be resampled and compared in pairs.
    """

    values: Mapping[str, float]
    rows: Mapping[str, Ratio] = field(default_factory=dict)

    def __getitem__(self, name: str) -> float:
        return self.values[name]
