"""Distance: how far the mean of a window lies from the mean of the reference, in any vectors.

It is the maximum mean discrepancy with the linear kernel, without bias (Gretton et al. 2012, "A kernel two-sample
test", JMLR 13, lemma 6). Divided by 1/n + 1/m its spread under no change depends little on n, the rows of the window,
and m, those of the reference; that little is measured on windows drawn from the reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .features import Floats, dense
from .packing import pack, unpack
from .tails import CHANCE, moments, upper

SIZES = (20, 50, 100, 200, 500)
WINDOWS = 600
MOST_ROWS = 1_000


@dataclass(frozen=True)
class Reference:
    """The mean (D,) of m vectors, the square of the mean's length without bias, and the moments of the scaled distance
    by size of the window, (sizes, 4): size, mean, spread, skewness."""

    mean: Floats
    rows: int
    square: float
    table: Floats

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {"mean": pack(self.mean), "rows": self.rows, "square": self.square, "table": self.table.tolist()}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Reference:
        return cls(unpack(kept["mean"]), kept["rows"], kept["square"], np.asarray(kept["table"], float))


@dataclass(frozen=True)
class Apart:
    """A distance from 0 (alike) to 1 (nothing in common), the one that chance alone rarely exceeds, and the squared
    distance that counts as 1."""

    effect: float
    threshold: float
    whole: float


def learn(vectors: Any, generator: np.random.Generator) -> Reference:
    """The reference of at least four rows of vectors (m, D), sparse or dense, with its calibration."""
    mean, square = _mean(vectors)
    rows = vectors.shape[0]
    chosen = generator.choice(rows, min(rows, MOST_ROWS), replace=False)
    table = _calibrate(_products(vectors[chosen], mean), generator)
    return Reference(mean, rows, square, table)


def calibrated(vectors: Any, table: Floats) -> Reference:
    """The reference of rows of vectors (m, D) whose calibration is known."""
    mean, square = _mean(vectors)
    return Reference(mean, vectors.shape[0], square, table)


def measure(reference: Reference, vectors: Any, chance: float = CHANCE) -> Apart:
    """How far the window's vectors (n, D), n at least 2, are from the reference; without change they are beyond the
    threshold with this chance."""
    mean, square = _mean(vectors)
    size = vectors.shape[0]
    apart = square + reference.square - 2 * float(mean @ reference.mean)
    whole = max(square + reference.square, apart, 1e-12)
    scale = 1 / size + 1 / reference.rows
    limit = upper(*_at(reference.table, size), chance) * scale
    return Apart(root(apart / whole), root(limit / whole), whole)


def root(value: float) -> float:
    """The square root, in [0, 1]."""
    return float(np.sqrt(min(max(value, 0.0), 1.0)))


def _mean(vectors: Any) -> tuple[Floats, float]:
    """The mean (D,) and the square of its length, without the rows' products with themselves."""
    size = vectors.shape[0]
    total = np.asarray(vectors.sum(0), float).ravel()
    own = float(vectors.multiply(vectors).sum() if hasattr(vectors, "multiply") else (vectors**2).sum())
    return total / size, (float(total @ total) - own) / max(size * (size - 1), 1)


def _products(vectors: Any, mean: Floats) -> NDArray[np.float32]:
    """Products (K, K) of the rows, less the mean; a row with itself does not count."""
    plain = dense(vectors @ vectors.T)
    along = np.asarray(vectors @ mean, float).ravel()
    plain += float(mean @ mean) - along[:, None] - along[None, :]
    np.fill_diagonal(plain, 0.0)
    return plain.astype(np.float32)


def _calibrate(products: NDArray[np.float32], generator: np.random.Generator) -> Floats:
    """Moments of the scaled distance between windows and the rest, by size of the window."""
    rows = len(products)
    sizes = [size for size in SIZES if size <= rows // 2] or [max(rows // 2, 2)]
    return np.array([(size, *moments(_drawn(products, size, generator))) for size in sizes], float)


def _drawn(products: NDArray[np.float32], size: int, generator: np.random.Generator) -> Floats:
    """Scaled distances of windows of this size, drawn without replacement, from the rows that are left."""
    rows = len(products)
    rest = rows - size
    inside = np.zeros((WINDOWS, rows), np.float32)
    for window in inside:
        window[generator.permutation(rows)[:size]] = 1
    sums = inside @ products
    within = (sums * inside).sum(1, dtype=float)
    across = sums.sum(1, dtype=float) - within
    outside = float(products.sum(dtype=float)) - 2 * across - within
    apart = within / (size * (size - 1)) + outside / (rest * max(rest - 1, 1)) - 2 * across / (size * rest)
    return np.asarray(apart / (1 / size + 1 / rest), float)


def _at(table: Floats, size: int) -> tuple[float, float, float]:
    """The moments at this size, between those measured."""
    where = np.log(table[:, 0])
    mean, spread, skew = (float(np.interp(np.log(size), where, table[:, column])) for column in (1, 2, 3))
    return mean, spread, skew
