"""Topics: rows that are unlike anything the version learnt from, grouped by what they are about.

Groups are those of average linkage on the cosines of weighted words (Sokal and Michener 1958).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from .features import Floats, word_bins
from .shares import Usual
from .tails import CHANCE, above
from .window import Change, Window

FLOOR = 0.01
MOST_CLUSTERED = 600
ALIKE = 0.15  # mean cosine within a group
UNLIKE = 1 / 3
_COMMON = 0.05  # words in so many texts name nothing
FEWEST_ROWS = 3
MOST_TOPICS, MOST_EXAMPLES, MOST_WORDS, LONGEST = 8, 3, 3, 120


@dataclass(frozen=True, slots=True)
class Topic:
    """Rows of one subject: a name made of their most telling words, their positions in the window, some of them."""

    name: str
    rows: tuple[int, ...]
    examples: tuple[str, ...]


def change(window: Window, weights: Floats | None = None, chance: float = CHANCE) -> Change:
    """The share of rows that are unlike the reference, beyond the 5 % that are so by definition."""
    strange = (window.profile.sampled("strange") > window.profile.cut).astype(float)
    usual = Usual.of(strange, window.profile.rows, weights)
    rows, unlike = len(window), int(window.unlike.sum())
    effect = unlike / rows - usual.mean
    limit = max(above(usual.mean * usual.rows, usual.rows, rows, chance) / rows - usual.mean, FLOOR)
    said = f"{unlike} of {rows} rows are unlike anything learnt from, where {usual.mean * rows:.0f} would be usual"
    return Change("topics", effect, limit, effect > limit, said)


def topics(window: Window) -> tuple[Topic, ...]:
    """The groups among the strangest rows, the largest first; at least a third of a group is unlike the reference."""
    rows = np.flatnonzero(window.strange > window.profile.odd)
    rows = rows[np.argsort(-window.strange[rows], kind="stable")][:MOST_CLUSTERED]
    number = _groups(window, rows)
    groups = [np.sort(rows[number == one]) for one in np.unique(number)]
    kept = [group for group in groups if len(group) >= FEWEST_ROWS and window.unlike[group].mean() >= UNLIKE]
    return tuple(_topic(window, group) for group in sorted(kept, key=len, reverse=True)[:MOST_TOPICS])


def within(window: Window, number: int) -> tuple[Topic, ...]:
    """The rows that were answered with one class, as a topic: what is new may hide in it."""
    rows = np.flatnonzero(window.flags[:, number])
    return (_topic(window, rows),) if len(rows) >= FEWEST_ROWS else ()


def _groups(window: Window, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    if len(rows) < 2:
        return np.zeros(len(rows), np.int64)
    vectors = window.vectors[rows]
    apart = np.clip(1 - (vectors @ vectors.T).toarray(), 0.0, 1.0)
    np.fill_diagonal(apart, 0.0)
    tree = linkage(squareform(apart, checks=False), "average")
    return np.asarray(fcluster(tree, 1 - ALIKE, "distance"), np.int64)


def _topic(window: Window, rows: NDArray[np.int64]) -> Topic:
    name = " ".join(telling(window, rows)) or "without words"
    central = rows[np.argsort(-_centrality(window, rows), kind="stable")][:MOST_EXAMPLES]
    return Topic(name, tuple(map(int, rows)), tuple(window.texts.raw[i][:LONGEST] for i in central))


def _centrality(window: Window, rows: NDArray[np.int64]) -> Floats:
    vectors = window.vectors[rows]
    return np.asarray(vectors @ np.asarray(vectors.mean(0)).ravel(), float).ravel()


def telling(window: Window, rows: Sequence[int] | NDArray[np.int64]) -> list[str]:
    """The words that are most common in these rows beside the reference: G of Dunning (1993), at most three."""
    found = Counter(word for i in rows for word in set(window.texts.words[i]))
    scores = {word: _telling(window, word, count, len(rows)) for word, count in found.items()}
    best = sorted((word for word in scores if scores[word] > 0), key=lambda word: (-scores[word], word))
    return best[:MOST_WORDS]


def _telling(window: Window, word: str, count: int, rows: int) -> float:
    known = window.profile.known
    usual = (known.seen[word_bins([word])[0]] + 0.5) / (known.total + 1)
    return 0.0 if count < 2 or usual > _COMMON else count * float(np.log(count / rows / usual))
