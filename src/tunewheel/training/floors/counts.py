"""Counts of n-grams of characters within words, as scikit-learn's `char_wb` analyser has them, several times as fast:
each different word is cut into its n-grams once, and a product of two sparse matrices does the rest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix


def piece_counts(texts: Sequence[str], shortest: int, longest: int) -> tuple[Any, list[str]]:
    """How often each n-gram of `shortest` to `longest` characters is in each text, (N, D), and the n-grams."""
    words, of_texts = _numbered(text.lower().split() for text in texts)
    pieces, of_words = _numbered(cut(word, shortest, longest) for word in words)
    return (of_texts @ of_words).tocsr(), pieces


def cut(word: str, shortest: int, longest: int) -> list[str]:
    """The n-grams of a word between blanks; a word that is shorter than an n-gram counts once, as it is."""
    padded = f" {word} "
    found = []
    for size in range(shortest, longest + 1):
        found += [padded[start : start + size] for start in range(max(len(padded) - size, 0) + 1)]
        if len(padded) <= size:
            break
    return found


def most_frequent(counts: Any, names: Sequence[str], least: int, most: int) -> tuple[Any, list[str]]:
    """The columns whose names are in at least `least` texts, at most `most` of them, those counted most often; by name.

    The same ones in the same order as scikit-learn keeps (`min_df`, `max_features`).
    """
    spread = np.bincount(counts.indices, minlength=counts.shape[1])
    kept = sorted(np.flatnonzero(spread >= least).tolist(), key=names.__getitem__)
    if len(kept) > most:
        totals = np.asarray(counts.sum(axis=0)).ravel()[kept]
        kept = [kept[i] for i in sorted((-totals).argsort()[:most].tolist())]
    return _columns(counts, np.array(kept, dtype=np.int64)), [names[i] for i in kept]


def _numbered(rows: Iterable[Sequence[str]]) -> tuple[list[str], Any]:
    """The different names in `rows`, and how often each is in each row."""
    numbers: defaultdict[str, int] = defaultdict()
    numbers.default_factory = numbers.__len__
    indices = [[numbers[name] for name in row] for row in rows]
    starts = np.cumsum([0, *map(len, indices)])
    flat = np.fromiter(chain.from_iterable(indices), dtype=np.int64, count=int(starts[-1]))
    counts = csr_matrix((np.ones(len(flat), dtype=np.float32), flat, starts), shape=(len(indices), len(numbers)))
    counts.sum_duplicates()
    return list(numbers), counts


def _columns(counts: Any, kept: Any) -> Any:
    """The `kept` columns in their order, without an index of rows by column."""
    place = np.full(counts.shape[1], -1, dtype=np.int64)
    place[kept] = np.arange(len(kept))
    there = place[counts.indices]
    stays = there >= 0
    starts = np.concatenate([[0], np.cumsum(stays)])[counts.indptr]
    chosen = csr_matrix((counts.data[stays], there[stays], starts), shape=(counts.shape[0], len(kept)))
    chosen.sort_indices()
    return chosen
