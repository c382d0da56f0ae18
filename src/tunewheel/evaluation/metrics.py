"""Metrics for one label a row, many labels a row, and soft labels.

Pure functions: answers and truths in, `Scores` out, with per-row parts for every metric that can be resampled.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..records import Ratio, Scores

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


def divided(numerator: ArrayLike, denominator: ArrayLike) -> Floats:
    """Element-wise quotient; 0 where the denominator is 0 (a class that never occurs scores 0)."""
    top, bottom = np.broadcast_arrays(np.asarray(numerator, float), np.asarray(denominator, float))
    quotient: Floats = np.divide(top, bottom, out=np.zeros(top.shape), where=bottom != 0)
    return quotient


def confusion(predicted: Sequence[str], actual: Sequence[str], labels: Sequence[str]) -> Counts:
    """Counts (C, C): rows are the actual label, columns the predicted one, in the order of `labels`.

    Raises KeyError when a label is not among `labels`; see `seen`.
    """
    _same_length(predicted, actual)
    number = {label: i for i, label in enumerate(labels)}
    cells = [number[truth] * len(labels) + number[answer] for truth, answer in zip(actual, predicted, strict=True)]
    counts = np.bincount(np.asarray(cells, np.int64), minlength=len(labels) ** 2)
    return counts.reshape(len(labels), len(labels)).astype(np.int64)


def seen(labels: Iterable[str], *more: Iterable[str]) -> list[str]:
    """`labels`, then whatever else occurs in `more`, sorted: a label that training never saw is still counted."""
    known = list(dict.fromkeys(labels))
    return known + sorted({label for part in more for label in part} - set(known))


def classification_scores(predicted: Sequence[str], actual: Sequence[str], labels: Sequence[str]) -> Scores:
    """Scores for one label a row: accuracy, macro_f1, weighted_f1, mcc, balanced_accuracy.

    Averages run over the labels that occur among answers or truths, as scikit-learn does by default.
    mcc is the multi-class Matthews correlation in [-1, 1] (Gorodkin 2004, doi:10.1016/j.compbiolchem.2004.09.006).
    Rows: accuracy.
    """
    counts = confusion(predicted, actual, seen(labels, predicted, actual))
    hits, said, true = np.diag(counts), counts.sum(0), counts.sum(1)
    f1 = divided(2 * hits, said + true)
    right = np.fromiter((p == a for p, a in zip(predicted, actual, strict=True)), float, len(actual))
    accuracy = Ratio(right, np.ones(len(right)))
    values = {
        "accuracy": accuracy.value,
        "macro_f1": _mean(f1[(said + true) > 0]),
        "weighted_f1": float(divided((f1 * true).sum(), true.sum())),
        "mcc": _matthews(hits, said, true),
        "balanced_accuracy": _mean(divided(hits, true)[true > 0]),
    }
    return Scores(values, {"accuracy": accuracy})


def multi_label_scores(
    predicted: Sequence[Collection[str]], actual: Sequence[Collection[str]], labels: Sequence[str]
) -> Scores:
    """Scores for many labels a row: micro_f1, macro_f1, subset_accuracy, hamming_loss (lower is better).

    macro_f1 averages over the labels that occur; hamming_loss is the share of wrong yes/no decisions.
    Rows: micro_f1 as 2 * hits / (predicted + actual), subset_accuracy.
    """
    names = seen(labels, *predicted, *actual)
    said, true = indicators(predicted, names), indicators(actual, names)
    hits, sizes = (said & true).astype(float), said.astype(float) + true
    micro = Ratio(2 * hits.sum(1), sizes.sum(1))
    subset = Ratio((said == true).all(axis=1).astype(float), np.ones(len(said)))
    values = {
        "micro_f1": micro.value,
        "macro_f1": _mean(divided(2 * hits.sum(0), sizes.sum(0))[sizes.sum(0) > 0]),
        "subset_accuracy": subset.value,
        "hamming_loss": _mean(said != true),
    }
    return Scores(values, {"micro_f1": micro, "subset_accuracy": subset})


def soft_scores(probabilities: ArrayLike, shares: ArrayLike) -> Scores:
    """Scores against soft labels, both (N, C): cross_entropy_loss (nats) and brier_loss (0 to 2), lower is better.

    Brier (1950), summed over classes. Rows: both, one per row. A probability of 0 counts as 1e-12.
    """
    said, true = np.asarray(probabilities, float), np.asarray(shares, float)
    if said.shape != true.shape:
        raise ValueError(f"probabilities have shape {said.shape} and shares {true.shape}")
    ones = np.ones(len(said))
    entropy = Ratio(-(true * np.log(np.maximum(said, 1e-12))).sum(1), ones)
    brier = Ratio(((said - true) ** 2).sum(1), ones)
    rows = {"cross_entropy_loss": entropy, "brier_loss": brier}
    return Scores({name: ratio.value for name, ratio in rows.items()}, rows)


def indicators(answers: Sequence[Collection[str]], labels: Sequence[str]) -> NDArray[np.bool_]:
    """Sets of labels as (N, C) booleans in the order of `labels`."""
    number = {label: i for i, label in enumerate(labels)}
    marks = np.zeros((len(answers), len(labels)), dtype=bool)
    for row, answer in enumerate(answers):
        marks[row, [number[label] for label in answer]] = True
    return marks


def _matthews(hits: Counts, said: Counts, true: Counts) -> float:
    total = int(true.sum())
    covariance = hits.sum() * total - (said * true).sum()
    spread = (total**2 - (said**2).sum()) * float(total**2 - (true**2).sum())
    return float(divided(covariance, np.sqrt(spread)))


def _mean(values: ArrayLike) -> float:
    array = np.asarray(values, float)
    return float(array.mean()) if array.size else 0.0


def _same_length(predicted: Sequence[object], actual: Sequence[object]) -> None:
    if len(predicted) != len(actual):
        raise ValueError(f"{len(predicted)} predictions for {len(actual)} rows")
