"""Near-duplicate texts in about linear time: MinHash, banded locality-sensitive hashing, exact Jaccard to verify.

Broder, "On the resemblance and containment of documents", 1997; Leskovec, Rajaraman and Ullman, "Mining of
Massive Datasets", chapter 3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from ..records import ranges

Groups = NDArray[np.int64]
Pairs = NDArray[np.int64]
Codes = NDArray[np.int64]
Hashes = NDArray[np.uint64]
Sketches = NDArray[np.uint16]

# 16 bands of 6: two texts with Jaccard 0.85 meet in some band with probability 1 - (1 - 0.85**6)**16 = 0.9995.
BANDS, BAND_ROWS = 16, 6
# A member of a crowded bucket is compared with this many neighbours, so that the work stays linear.
NEIGHBOURS = 8
# Three standard errors of a Jaccard estimate from 96 hashes: pairs further below the threshold are not verified.
ESTIMATE_SLACK = 0.11
CHUNK_CHARACTERS = 50_000  # their hashes stay in the processor's cache
REMEMBERED = 256  # texts whose n-grams are kept while pairs are verified


def near_clusters(texts: Sequence[str], size: int, threshold: float) -> Groups:
    """Cluster id (N,) of each of N distinct texts; linked are those with Jaccard >= `threshold` of `size`-grams.

    Takes about 350 bytes a text beside the texts, and time about linear in their characters.
    """
    sketches, keys = _sketches(texts, size)
    return linked_clusters(keys, lambda pairs: _verified(texts, sketches, pairs, size, threshold))


def linked_clusters(keys: Hashes, verify: Callable[[Pairs], Pairs]) -> Groups:
    """Connected components (N,) of the pairs that share a key in some column of `keys` (N, bands) and that
    `verify` keeps, out of the pairs (M, 2) it is given."""
    rows = len(keys)
    cluster: Groups = np.arange(rows, dtype=np.int64)
    edges = np.empty((0, 2), dtype=np.int64)
    compared = np.empty(0, dtype=np.int64)
    for band in range(keys.shape[1]):
        codes = _candidates(keys[:, band], keys[:, (band + 1) % keys.shape[1]])
        codes = codes[cluster[codes // rows] != cluster[codes % rows]]
        fresh = codes[~_among(codes, compared)]
        if len(fresh):
            compared = _distinct(np.concatenate([compared, fresh]))
            edges = np.concatenate([edges, verify(np.column_stack(np.divmod(fresh, rows)))])
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


def _candidates(keys: Hashes, tiebreak: Hashes) -> Codes:
    """Pairs i < j of rows with the same key as i * N + j, ascending; in crowded buckets each row with its neighbours
    and the bucket's first."""
    members = _sharing(keys)
    order = members[np.lexsort((tiebreak[members], keys[members]))]
    ordered = keys[order]
    fresh = np.concatenate([[True], ordered[1:] != ordered[:-1]])[: len(order)]
    first = order[np.flatnonzero(fresh)[np.cumsum(fresh) - 1]]
    found = [_codes(first[~fresh], order[~fresh], len(keys))]
    for lag in range(1, NEIGHBOURS + 1):
        same = np.flatnonzero(ordered[lag:] == ordered[:-lag])
        found.append(_codes(order[same], order[same + lag], len(keys)))
        if not len(same):
            break
    return _distinct(np.concatenate(found))


def _among(codes: Codes, known: Codes) -> NDArray[np.bool_]:
    """Which of the codes are `known`, both ascending. (`np.isin` hashes integers, and these collide: a minute for a
    million rows. So does `np.unique`.)"""
    if not len(known):
        return np.zeros(len(codes), dtype=bool)
    return np.asarray(known[np.searchsorted(known, codes).clip(max=len(known) - 1)] == codes)


def _distinct(codes: Codes) -> Codes:
    """The codes, each once, ascending."""
    ordered = np.sort(codes)
    fresh = np.concatenate([[True], ordered[1:] != ordered[:-1]])[: len(ordered)]
    return np.asarray(ordered[fresh], dtype=np.int64)


def _sharing(keys: Hashes) -> Groups:
    """Indices of the rows whose key another row has, too, ascending."""
    order = np.argsort(keys)
    same = keys[order[1:]] == keys[order[:-1]]
    shared = np.zeros(len(keys), dtype=bool)
    shared[order[1:][same]] = shared[order[:-1][same]] = True
    return np.flatnonzero(shared)


def _codes(left: Groups, right: Groups, rows: int) -> Codes:
    return np.minimum(left, right) * rows + np.maximum(left, right)


def _verified(texts: Sequence[str], sketches: Sketches, pairs: Pairs, size: int, threshold: float) -> Pairs:
    estimate = np.concatenate([_estimates(sketches, part) for part in pair_chunks(pairs, 20_000)])
    likely = pairs[estimate >= threshold - ESTIMATE_SLACK]
    grams = lru_cache(REMEMBERED)(lambda i: _grams(texts[i], size))
    keep = [_overlap(grams(i), grams(j)) >= threshold for i, j in likely.tolist()]
    return np.asarray(likely[np.asarray(keep, dtype=bool)], dtype=np.int64)


def _estimates(sketches: Sketches, pairs: Pairs) -> NDArray[np.float64]:
    """Estimated Jaccard similarity (M,) of each pair: the share of hash functions whose least values agree."""
    agree = sketches[pairs[:, 0]] == sketches[pairs[:, 1]]
    return np.asarray(agree.mean(axis=1), dtype=np.float64)


def pair_chunks(pairs: Pairs, size: int) -> Iterator[Pairs]:
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


def _sketches(texts: Sequence[str], size: int) -> tuple[Sketches, Hashes]:
    """MinHash of each text: for each hash function the least value over its n-grams.

    Of the values 16 bits each (N, BANDS * BAND_ROWS) are kept for estimates, where two that differ agree once in
    65,536 (Li and Koenig, "b-bit minwise hashing", 2010), and of whole values one key a band (N, BANDS).
    """
    generator = np.random.default_rng(7)  # fixed: the same texts give the same clusters on every machine
    factors = generator.integers(1, 2**63, BANDS * BAND_ROWS, dtype=np.uint64) | np.uint64(1)
    offsets = generator.integers(0, 2**63, BANDS * BAND_ROWS, dtype=np.uint64)
    sketches = np.empty((len(texts), len(factors)), dtype=np.uint16)
    keys = np.empty((len(texts), BANDS), dtype=np.uint64)
    for start, end in _text_chunks(texts):
        least = _least_hashes(*_gram_hashes(texts[start:end], size), factors, offsets)
        sketches[start:end] = least.astype(np.uint16)
        keys[start:end] = _bands(least)
    return sketches, keys


def _least_hashes(hashes: Hashes, starts: NDArray[np.int64], factors: Hashes, offsets: Hashes) -> NDArray[np.uint32]:
    """The least value (N, K) of each of K hash functions over the n-grams of each text."""
    least = np.empty((len(starts), len(factors)), dtype=np.uint32)
    turned = np.empty_like(hashes)
    for k in range(len(factors)):
        np.multiply(hashes, factors[k], out=turned)
        turned += offsets[k]
        least[:, k] = np.minimum.reduceat(turned, starts) >> np.uint64(32)
    return least


def _text_chunks(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Bounds of consecutive texts of about `CHUNK_CHARACTERS` together, so that memory stays bounded."""
    before = np.cumsum([len(text) for text in texts])
    borders = np.flatnonzero(np.diff(before // CHUNK_CHARACTERS)) + 1
    yield from pairwise([0, *borders.tolist(), len(texts)])


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


def _bands(least: NDArray[np.uint32]) -> Hashes:
    """One 64-bit key (N, BANDS) for the BAND_ROWS values of each band."""
    parts = least.astype(np.uint64).reshape(len(least), BANDS, BAND_ROWS)
    keys = np.zeros(parts.shape[:2], dtype=np.uint64)
    for k in range(BAND_ROWS):
        keys = _mix(keys ^ parts[:, :, k]) * np.uint64(0x9E3779B97F4A7C15)
    return keys
