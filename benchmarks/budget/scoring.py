"""The benchmark's own scoring: what every answer counts, kept row by row, so that two systems can be compared later."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from seqeval.metrics.sequence_labeling import get_entities

from .contests import Metric

Rows = NDArray[np.int64]
DRAWS = 2000
DRAWS_AT_ONCE = 100
LEVEL = 0.95


def counted(metric: Metric, answers: Sequence[Any], actual: Sequence[Any]) -> Rows:
    """What each row counts (N, K): right or not; the numbers of both labels; entities found, invented, missed."""
    if metric == "entity_f1":
        return np.array([entity_counts(*pair) for pair in zip(answers, actual, strict=True)], dtype=np.int64)
    if metric == "mcc":
        numbers = {label: number for number, label in enumerate(sorted({*answers, *actual}))}
        pairs = zip(answers, actual, strict=True)
        return np.array([(numbers[answer], numbers[label]) for answer, label in pairs], dtype=np.int64)
    return np.array([[answer == label] for answer, label in zip(answers, actual, strict=True)], dtype=np.int64)


def entity_counts(answer: Sequence[str], actual: Sequence[str]) -> tuple[int, int, int]:
    """Entities of a sentence that were found, invented and missed, by exact words and type, as seqeval has them."""
    found, there = set(get_entities(list(answer))), set(get_entities(list(actual)))
    return len(found & there), len(found - there), len(there - found)


def score(metric: Metric, rows: Rows) -> float:
    """The score on all rows."""
    return float(scores(metric, rows, np.ones((1, len(rows))))[0])


def scores(metric: Metric, rows: Rows, weights: NDArray[Any]) -> NDArray[np.float64]:
    """A score (W,) for each of the `weights` (W, N): how often each row counts."""
    if metric == "mcc":
        return _correlations(rows, weights)
    totals = weights @ rows.astype(np.float64)
    if metric == "entity_f1":
        found, invented, missed = totals.T
        return np.asarray(2 * found / np.maximum(2 * found + invented + missed, 1))
    return np.asarray(totals[:, 0] / weights.sum(1))


def _correlations(rows: Rows, weights: NDArray[Any]) -> NDArray[np.float64]:
    """Matthews' correlation for several classes (Gorodkin 2004); 0 where it is not defined."""
    classes = np.eye(rows.max() + 1)
    answered, there = weights @ classes[rows[:, 0]], weights @ classes[rows[:, 1]]
    right, total = weights @ (rows[:, 0] == rows[:, 1]), weights.sum(1)
    spread = (total**2 - (answered**2).sum(1)) * (total**2 - (there**2).sum(1))
    together = right * total - (answered * there).sum(1)
    return np.where(spread > 0, together / np.sqrt(np.maximum(spread, 1e-12)), 0.0)


def interval(metric: Metric, ours: Rows, theirs: Rows, seed: int = 0) -> tuple[float, float]:
    """The 95 % interval of our score less theirs: paired bootstrap over the rows."""
    generator = np.random.default_rng(seed)
    shares = np.full(len(ours), 1 / len(ours))
    differences = []
    for _ in range(DRAWS // DRAWS_AT_ONCE):
        weights = generator.multinomial(len(ours), shares, size=DRAWS_AT_ONCE).astype(np.float64)
        differences.append(scores(metric, ours, weights) - scores(metric, theirs, weights))
    low, high = np.quantile(np.concatenate(differences), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def packed(rows: Rows) -> str:
    """Rows as one short line of text: numbers, deflated, in base 64."""
    text = " ".join(",".join(map(str, row)) for row in rows.tolist())
    return base64.b64encode(zlib.compress(text.encode("ascii"), 9)).decode("ascii")


def unpacked(line: str) -> Rows:
    """The rows of such a line."""
    text = zlib.decompress(base64.b64decode(line)).decode("ascii")
    return np.array([[int(number) for number in row.split(",")] for row in text.split()], dtype=np.int64)
