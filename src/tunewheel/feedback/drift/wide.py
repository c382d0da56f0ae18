"""Wide: what numbers that need no answers are usually like, told by all rows of the reference, not the validation rows
alone.

Each row is measured without what it added to the reference itself (leave one out), so training rows tell as honestly as
validation rows how many of a new row's words were never seen. They are looked at only where both kinds are alike: a
file of its own, a division by time or by group may make the validation rows others, and these stand for what comes.

Two rows that are the only ones with a word are each without it when the other is not counted: their errors go together.
With d[i, j], the share of the words of row i that beside it only row j has, the mean over N rows with the spread s is
off by s^2 / N + sum(d[i, j] d[j, i]) / N^2 squared (the jackknife's terms of first and second order; for single words
that is the error n1 / N^2 + 2 n2 / N^2 of Good and Turing's estimate, n1 and n2 the words that occur once and twice:
McAllester and Schapire 2000, "On the convergence rate of Good-Turing estimators").
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_matrix
from scipy.stats import norm

from .features import WORD_BINS, Bins, Floats
from .profile import lengths
from .rows import Known, Texts, unseen
from .shares import Usual

# Training rows that differ from the validation rows as much as chance lets them in so few profiles are others.
UNLIKE = 0.01


def wide(known: Known, held: Texts, trained: Texts) -> dict[str, Usual]:
    """What `unseen` and `length` are like over all rows that `known` was learnt from; over the validation rows where
    the training rows are unlike them."""
    words = unseen(known, held), unseen(known, trained)
    characters = lengths(held.raw), lengths(trained.raw)
    same = len(trained) > 0 and alike(*words) and alike(*characters)
    parts = (held, trained) if same else (held,)
    share, length = (np.concatenate(columns[: len(parts)]) for columns in (words, characters))
    more = together(known, parts) / max(float(share.var()) * len(share), 1e-12)
    return {"unseen": Usual.of(share, len(share) / (1 + more)), "length": Usual.of(length, len(length))}


def alike(held: Floats, trained: Floats, chance: float = UNLIKE / 2) -> bool:
    """Whether the means of two samples differ no more than chance lets them, but for so few times (Welch's test)."""
    apart = abs(float(held.mean() - trained.mean()))
    noise = float(np.sqrt(held.var() / len(held) + trained.var() / len(trained)))
    return bool(apart <= norm.isf(chance / 2) * noise)


def together(known: Known, parts: Sequence[Texts]) -> float:
    """The sum of d[i, j] d[j, i] over all pairs of rows."""
    shares = _only_two(known, [bins for texts in parts for bins in texts.bins])
    there = shares.copy()
    there.data[:] = 1
    apart = shares @ there.T
    apart.setdiag(0)
    return float(apart.multiply(apart.T).sum())


def _only_two(known: Known, rows: list[Bins]) -> csr_matrix:
    """The share that each word which exactly two rows have is of the words of each, (N, WORD_BINS)."""
    found = [np.unique(bins[np.abs(known.seen[bins] - 2) < 0.5], return_counts=True) for bins in rows]
    row = np.repeat(np.arange(len(rows)), [len(words) for words, _ in found])
    share = np.concatenate([counts / max(len(bins), 1) for (_, counts), bins in zip(found, rows, strict=True)])
    return csr_matrix((share, (row, np.concatenate([words for words, _ in found]))), shape=(len(rows), WORD_BINS))
