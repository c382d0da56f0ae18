"""Rows: what is measured of every single row: how rare its words are, how far it is from every class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from .features import WORD_BINS, Bins, Floats, counted, sketch, weighted, word_bins, words
from .packing import pack, unpack

MEASURES = ("rare", "unseen", "far", "doubt")  # the higher, the less a row is like the reference
# What tells new classes best on clinc150 and is good on new domains, too.
WEIGHTS = (0.125, 0.125, 0.25, 0.5)
FOLDS = 10
_LEVELS = 250
_GRID = np.linspace(0, 1, 201)


@dataclass(frozen=True)
class Texts:
    """Texts, read once: their words, the bins of these, and their vectors (N, WIDTH) before weighting."""

    raw: Sequence[str]
    words: Sequence[Sequence[str]]
    bins: Sequence[Bins]
    counts: csr_matrix

    def __len__(self) -> int:
        return len(self.raw)


def read(texts: Sequence[str]) -> Texts:
    """Read texts."""
    found = [words(text) for text in texts]
    return Texts(texts, found, [word_bins(part) for part in found], counted(found))


@dataclass(frozen=True)
class Known:
    """What the reference's texts were like: in how many of `total` a word's bin occurred (WORD_BINS,), the rarity of
    features (WIDTH,), and the directions of the classes (C + 1, SKETCH) with the rows they come from (C + 1,)."""

    total: int
    seen: Floats
    rare: Floats
    means: Floats
    sizes: Floats

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; counts of words are kept as logarithms."""
        return {
            "total": self.total, "seen": pack(np.log2(1 + self.seen), _LEVELS), "rare": pack(self.rare, _LEVELS),
            "means": pack(self.means, _LEVELS), "sizes": self.sizes.tolist(),
        }  # fmt: skip

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Known:
        seen = 2 ** unpack(kept["seen"]) - 1
        sizes = np.asarray(kept["sizes"], float)
        return cls(kept["total"], seen, unpack(kept["rare"]), unpack(kept["means"]), sizes)


def occurrences(texts: Texts) -> Floats:
    """In how many texts each bin of words occurs, (WORD_BINS,)."""
    each = [np.unique(bins) for bins in texts.bins]
    return np.bincount(np.concatenate([*each, np.empty(0, np.int64)]), minlength=WORD_BINS).astype(float)


def class_means(vectors: csr_matrix, flags: Floats) -> Floats:
    """The mean short vector (C + 1, SKETCH) of each class; of a class without rows: 0."""
    totals = flags.T @ (vectors @ sketch()).toarray()
    return np.asarray(totals / np.maximum(flags.sum(0), 1)[:, None], float)


def measures(known: Known, texts: Texts, confidences: Floats, own: Floats | None = None) -> Floats:
    """The `MEASURES` of each row, (N, 4). `own` (N, C + 1): the classes that rows of the reference itself count for;
    what a row itself added to the reference is taken off again."""
    vectors = weighted(texts.counts, known.rare)
    rare, unseen = _words(known, texts.bins, 0 if own is None else 1)
    return np.column_stack([rare, unseen, _far(known, vectors, own), 1 - np.asarray(confidences, float)])


def unseen(known: Known, texts: Texts) -> Floats:
    """The share of the words of each of the reference's own rows that no other row of it has, (N,)."""
    return _words(known, texts.bins, 1)[1]


def _words(known: Known, bins: Sequence[Bins], own: int) -> tuple[Floats, Floats]:
    """How surprising the words are on average, in bits, and the share of them that were never seen, (N,) each."""
    rare, unseen = np.zeros(len(bins)), np.zeros(len(bins))
    for row, found in enumerate(bins):
        if len(found):
            seen = np.maximum(known.seen[found] - own, 0)
            unseen[row] = float((seen < 0.5).mean())
            rare[row] = float(-np.log2((seen + 0.5) / (known.total + 1)).mean())
    return rare, unseen


def _far(known: Known, vectors: csr_matrix, own: Floats | None) -> Floats:
    """1 - the cosine between the row and the class nearest to it, (N,)."""
    short = (vectors @ sketch()).toarray()
    length = np.maximum(np.linalg.norm(short, axis=1), 1e-9)
    products, squares = short @ known.means.T, (known.means**2).sum(1)
    norms = np.broadcast_to(np.sqrt(squares), products.shape)
    if own is not None:
        products, norms = _without(products, squares, known.sizes, length, own)
    cosines = products / (length[:, None] * np.maximum(norms, 1e-9))
    cosines[:, known.sizes < 1] = -1
    return np.asarray(1 - cosines.max(1, initial=0.0), float)


def _without(products: Floats, squares: Floats, sizes: Floats, length: Floats, own: Floats) -> tuple[Floats, Floats]:
    """Products with the class means and these means' lengths when each row's own part is taken off its classes."""
    left = np.maximum(sizes - own, 0)
    scale = np.where(left > 0, 1 / np.maximum(left, 1), 0.0)
    size = length[:, None] ** 2
    less = (sizes * products - own * size) * scale
    norm = (sizes**2 * squares - 2 * own * sizes * products + own * size) * scale**2
    return less, np.sqrt(np.maximum(norm, 0.0))


def grid(values: Floats) -> Floats:
    """Quantiles (201, M) of the reference's measures (N, M)."""
    return np.quantile(values, _GRID, axis=0)


def strangeness(quantiles: Floats, values: Floats) -> Floats:
    """How unlike the reference a row is, (N,): the weighted mean over its measures of -log(share of the reference above
    it), about 1 on average for rows like the reference (Fisher's way to join tests)."""
    ranks = np.column_stack([_rank(quantiles[:, column], values[:, column]) for column in range(values.shape[1])])
    return np.asarray(-np.log(1.002 - ranks) @ np.array(WEIGHTS), float)


def beside_others(values: Floats) -> Floats:
    """How strange each row of the reference is, (N,), beside quantiles of rows that it is not among, as a row of the
    traffic is: beside quantiles that it made itself it would seem more usual than such a one."""
    strange, fold = np.zeros(len(values)), np.arange(len(values)) % FOLDS
    for one in range(FOLDS):
        strange[fold == one] = strangeness(grid(values[fold != one]), values[fold == one])
    return strange


def _rank(quantiles: Floats, values: Floats) -> NDArray[np.float64]:
    """The share of the reference below each value; half of what is equal to it."""
    below, upto = (np.searchsorted(quantiles, values, side=side) for side in ("left", "right"))
    return np.asarray((below + upto) / 2 / len(quantiles), float)
