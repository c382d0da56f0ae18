"""Decisions: from scores of classes to answers with calibrated probabilities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_softmax

from ..records import Array, Prediction

Floats = NDArray[np.float64]


def probabilities(logits: Array, temperature: float = 1.0) -> Floats:
    """Softmax of `logits` (N, C) divided by `temperature`."""
    # SciPy's softmax, number for number; what it does besides takes a single row five times as long.
    scores = logits.astype(np.float64) / temperature
    shares: Floats = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    return shares


def independent(logits: Array) -> Floats:
    """Probability of each label by itself: the logistic function of `logits` (N, C)."""
    shares: Floats = expit(logits.astype(np.float64))
    return shares


def choose_one(logits: Array, labels: Sequence[str], temperature: float = 1.0) -> list[Prediction]:
    """The most probable label of each row, with the probability of each label. `logits` is (N, C)."""
    shares = probabilities(logits, temperature)
    best = shares.argmax(1)
    return [
        Prediction(labels[winner], float(row[winner]), dict(zip(labels, row.tolist(), strict=True)))
        for winner, row in zip(best.tolist(), shares, strict=True)
    ]


def choose_many(
    logits: Array, labels: Sequence[str], thresholds: Sequence[float], temperature: float = 1.0
) -> list[Prediction]:
    """All labels whose probability reaches their threshold; the confidence is that of the whole set."""
    shares = independent(logits)
    chosen = shares >= np.asarray(thresholds)
    whole = np.where(chosen, shares, 1 - shares).prod(1)
    return [
        Prediction(
            tuple(label for label, yes in zip(labels, picks, strict=True) if yes),
            float(confidence),
            dict(zip(labels, row.tolist(), strict=True)),
        )
        for picks, row, confidence in zip(chosen, shares, whole, strict=True)
    ]


def best_path(logits: Array, allowed_first: NDArray[np.bool_], allowed: NDArray[np.bool_]) -> list[int]:
    """The most probable sequence of tags among the valid ones (Viterbi 1967). `logits` is (words, C).

    `allowed_first` (C,) says which tags may begin, `allowed` (C, C) which may follow which.
    """
    scores = log_softmax(logits.astype(np.float64), axis=1)
    greedy = scores.argmax(1)
    if not len(greedy) or (allowed_first[greedy[0]] and allowed[greedy[:-1], greedy[1:]].all()):
        return [int(tag) for tag in greedy]
    barred = np.where(allowed, 0.0, -np.inf)
    reached = scores[0] + np.where(allowed_first, 0.0, -np.inf)
    back = np.zeros(scores.shape, dtype=np.int64)
    for word in range(1, len(scores)):
        ways = reached[:, None] + barred
        back[word] = ways.argmax(0)
        reached = ways[back[word], np.arange(ways.shape[1])] + scores[word]
    path = [int(reached.argmax())]
    for word in range(len(scores) - 1, 0, -1):
        path.append(int(back[word, path[-1]]))
    return path[::-1]
