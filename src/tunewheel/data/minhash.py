"""Near-duplicate texts in about linear time: MinHash, banded locality-sensitive hashing, exact Jaccard to verify.

Broder, "On the resemblance and containment of documents", 1997; Leskovec, Rajaraman and Ullman, "Mining of
Massive Datasets", chapter 3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from ..records import ranges

Groups = NDArray[np.int64]
Pairs = NDArray[np.int64]
Hashes = NDArray[np.uint64]
Signatures = NDArray[np.uint32]

# 16 bands of 6: two texts with Jaccard 0.85 meet in some band with probability 1 - (1 - 0.85**6)**16 = 0.9995.
BANDS, BAND_ROWS = 16, 6
# A member of a crowded bucket is compared with this many neighbours, so that the work stays linear.
NEIGHBOURS = 8
# Three standard errors of a Jaccard estimate from 96 hashes: pairs further below the threshold are not verified.
ESTIMATE_SLACK = 0.11
CHUNK_CHARACTERS = 1_000_000


def near_clusters(texts: Sequence[str], size: int, threshold: float) -> Groups:
    """Cluster id (N,) of each of N distinct texts; linked are those with Jaccard >= `threshold` of `size`-grams."""
    signatures = _signatures(texts, size)
    return linked_clusters(_bands(signatures), lambda pairs: _verified(texts, signatures, pairs, size, threshold))


def linked_clusters(keys: Hashes, verify: Callable[[Pairs], Pairs]) -> Groups:
    """Connected components (N,) of the pairs that share a key in some column of `keys` (N, bands) and that
    `verify` keeps, out of the pairs (M, 2) it is given."""
    rows = len(keys)
    cluster: Groups = np.arange(rows, dtype=np.int64)
    edges = np.empty((0, 2), dtype=np.int64)
    compared = np.empty(0, dtype=np.int64)
    for band in range(keys.shape[1]):
        pairs = _candidates(keys[:, band], keys[:, (band + 1) % keys.shape[1]])
        pairs = pairs[cluster[pairs[:, 0]] != cluster[pairs[:, 1]]]
        codes = pairs[:, 0] * rows + pairs[:, 1]
        pairs = pairs[~np.isin(codes, compared)]
        compared = np.union1d(compared, codes)
        if len(pairs):
            edges = np.concatenate([edges, verify(pairs)])
            cluster = components(rows, edges)
    return cluster


def components(rows: int, edges: Pairs) -> Groups:
    """Connected component (N,) of each of `rows` nodes under the undirected `edges` (M, 2)."""
    graph = coo_matrix((np.ones(len(edges), dtype=np.int8), (edges[:, 0], edges[:, 1])), shape=(rows, rows))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def first_members(groups: Groups) -> Groups:
    """Index (N,) of the first row of each row's group."""
    _, firsts, group = np.unique(groups, return_index=True, return_inverse=True)
    return np.asarray(firsts[group], dtype=np.int64)


def _candidates(keys: Hashes, tiebreak: Hashes) -> Pairs:
    """Pairs of rows with the same key; in crowded buckets each row with its neighbours and the bucket's first."""
    order = np.lexsort((tiebreak, keys))
    ordered = keys[order]
    fresh = np.concatenate([[True], ordered[1:] != ordered[:-1]])
    first = order[np.flatnonzero(fresh)[np.cumsum(fresh) - 1]]
    found = [np.column_stack([first, order])[~fresh]]
    for lag in range(1, NEIGHBOURS + 1):
        same = np.flatnonzero(ordered[lag:] == ordered[:-lag])
        found.append(np.column_stack([order[same], order[same + lag]]))
        if not len(same):
            break
    pairs = np.sort(np.concatenate(found), axis=1)
    return np.asarray(np.unique(pairs, axis=0), dtype=np.int64)


def _verified(texts: Sequence[str], signatures: Signatures, pairs: Pairs, size: int, threshold: float) -> Pairs:
    estimate = np.concatenate([(signatures[p[:, 0]] == signatures[p[:, 1]]).mean(axis=1) for p in pair_chunks(pairs)])
    likely = pairs[estimate >= threshold - ESTIMATE_SLACK]
    keep = [similar for part in pair_chunks(likely, 10_000) for similar in _similar(texts, part, size, threshold)]
    return np.asarray(likely[np.asarray(keep, dtype=bool)], dtype=np.int64)


def _similar(texts: Sequence[str], pairs: Pairs, size: int, threshold: float) -> list[bool]:
    grams = {i: _grams(texts[i], size) for i in np.unique(pairs).tolist()}
    return [_overlap(grams[left], grams[right]) >= threshold for left, right in pairs.tolist()]


def pair_chunks(pairs: Pairs, size: int = 100_000) -> Iterator[Pairs]:
    """Consecutive parts of at most `size` pairs, so that memory stays bounded."""
    for start in range(0, len(pairs), size):
        yield pairs[start : start + size]


def jaccard(left: str, right: str, size: int) -> float:
    """Jaccard similarity of the sets of character `size`-grams of two texts."""
    return _overlap(_grams(left, size), _grams(right, size))


def _overlap(left: set[str], right: set[str]) -> float:
    shared = len(left & right)
    return shared / (len(left) + len(right) - shared)


def _padded(text: str, size: int) -> str:
    """With its edges marked by a space, and long enough for one n-gram."""
    return f" {text} ".ljust(size)


def _grams(text: str, size: int) -> set[str]:
    padded = _padded(text, size)
    return {padded[start : start + size] for start in range(len(padded) - size + 1)}


def _signatures(texts: Sequence[str], size: int) -> Signatures:
    """MinHash signatures (N, BANDS * BAND_ROWS): for each hash function the least value over a text's n-grams."""
    generator = np.random.default_rng(7)  # fixed: the same texts give the same clusters on every machine
    factors = generator.integers(1, 2**63, BANDS * BAND_ROWS, dtype=np.uint64) | np.uint64(1)
    offsets = generator.integers(0, 2**63, BANDS * BAND_ROWS, dtype=np.uint64)
    parts = []
    for chunk in _text_chunks(texts):
        hashes, starts = _gram_hashes(chunk, size)
        part = np.empty((len(chunk), len(factors)), dtype=np.uint32)
        for k in range(len(factors)):
            part[:, k] = np.minimum.reduceat(hashes * factors[k] + offsets[k], starts) >> np.uint64(32)
        parts.append(part)
    return np.concatenate(parts)


def _text_chunks(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """Consecutive texts of about `CHUNK_CHARACTERS` together, so that memory stays bounded."""
    before = np.cumsum([len(text) for text in texts])
    borders = np.flatnonzero(np.diff(before // CHUNK_CHARACTERS)) + 1
    edges = [0, *borders.tolist(), len(texts)]
    for start, end in pairwise(edges):
        yield texts[start:end]


def _gram_hashes(texts: Sequence[str], size: int) -> tuple[Hashes, NDArray[np.int64]]:
    """Hashes of all character n-grams, text after text, and where each text's begin."""
    padded = [_padded(text, size) for text in texts]
    codes = np.frombuffer("".join(padded).encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    lengths = np.array([len(text) for text in padded], dtype=np.int64)
    rolling = np.zeros(len(codes) - size + 1, dtype=np.uint64)
    for k in range(size):
        rolling = rolling * np.uint64(0x100000001B3) + codes[k : k + len(rolling)]
    counts = lengths - size + 1
    inside = ranges(np.cumsum(lengths) - lengths, counts)  # n-grams that do not cross into the next text
    return _mix(rolling[inside]), np.cumsum(counts) - counts


def _mix(values: Hashes) -> Hashes:
    """The finaliser of SplitMix64 (Steele, Lea and Flood 2014): spreads every bit over all 64."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _bands(signatures: Signatures) -> Hashes:
    """One 64-bit key (N, BANDS) for the BAND_ROWS values of each band."""
    parts = signatures.astype(np.uint64).reshape(len(signatures), BANDS, BAND_ROWS)
    keys = np.zeros(parts.shape[:2], dtype=np.uint64)
    for k in range(BAND_ROWS):
        keys = _mix(keys ^ parts[:, :, k]) * np.uint64(0x9E3779B97F4A7C15)
    return keys
