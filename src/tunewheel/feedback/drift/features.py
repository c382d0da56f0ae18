"""Features: a text as hashed words and pieces of words, for any language, so that nothing of it can be read back.

Words are runs of letters and digits; where a script is written without spaces, pairs of characters stand for words.
Hashing: Weinberger et al. (2009), "Feature hashing for large scale multitask learning".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags
from sklearn.feature_extraction import FeatureHasher
from sklearn.preprocessing import normalize
from sklearn.utils import murmurhash3_32

Floats = NDArray[np.float64]
Bins = NDArray[np.int64]

WIDTH = 4096  # of the vectors of a text
SKETCH = 256  # of the shorter ones that class means are kept in
WORD_BINS = 2**17
# The beginning tells what a text is about; more would only cost time.
MOST_CHARACTERS = 1_000
_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\u0e00-\u0e7f\U00020000-\U0002ebef"
_RUN = re.compile(rf"[{_UNSPACED}]+|[^\W_{_UNSPACED}]+")
_FIRST_UNSPACED = re.compile(f"[{_UNSPACED}]")


def words(text: str) -> list[str]:
    """The words in lower case; of a run without spaces its pairs of characters (a lone character stands for itself)."""
    found: list[str] = []
    for run in _RUN.findall(text[:MOST_CHARACTERS].lower()):
        if _FIRST_UNSPACED.match(run) and len(run) > 1:
            found += [run[i : i + 2] for i in range(len(run) - 1)]
        else:
            found.append(run)
    return found


def word_bins(found: Sequence[str]) -> Bins:
    """The bin of each word, (n,)."""
    return np.array([murmurhash3_32(word, seed=1, positive=True) % WORD_BINS for word in found], np.int64)


def counted(texts: Sequence[Sequence[str]]) -> csr_matrix:
    """Vectors (N, WIDTH) of texts given as words: the logarithm of how often words and pieces of words occur."""
    hasher = FeatureHasher(WIDTH, input_type="string", alternate_sign=False)
    if not texts:
        return csr_matrix((0, WIDTH))
    matrix = csr_matrix(hasher.transform(_pieces(found) for found in texts))
    matrix.data = np.log1p(matrix.data)
    return matrix


def rarity(matrix: csr_matrix) -> Floats:
    """Inverse document frequency (WIDTH,) of each feature."""
    present = np.bincount(matrix.indices, minlength=matrix.shape[1])
    return np.asarray(np.log((1 + matrix.shape[0]) / (1 + present)) + 1, float)


def weighted(matrix: csr_matrix, rare: Floats) -> csr_matrix:
    """The vectors weighted by rarity, of length 1 (a text without words: 0)."""
    return csr_matrix(normalize(matrix @ diags(rare)))


def sketch() -> csr_matrix:
    """A fixed projection (WIDTH, SKETCH) that nearly keeps products (Charikar, Chen and Farach-Colton 2002)."""
    generator = np.random.default_rng(20_020)
    columns, signs = generator.integers(0, SKETCH, WIDTH), generator.choice([-1.0, 1.0], WIDTH)
    return csr_matrix((signs, (np.arange(WIDTH), columns)), shape=(WIDTH, SKETCH))


def dense(matrix: Any) -> Floats:
    """As a plain array."""
    return np.asarray(matrix.toarray() if hasattr(matrix, "toarray") else matrix, float)


def _pieces(found: Sequence[str]) -> list[str]:
    parts = [f"={word}" for word in found]
    parts += [f"{left} {right}" for left, right in pairwise(found)]
    for word in found:
        if len(word) > 3:
            edged = f" {word} "
            parts += [edged[i : i + 4] for i in range(len(edged) - 3)]
    return parts
