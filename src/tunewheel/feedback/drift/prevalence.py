"""Prevalence: how common each class really is in a window, corrected for the errors of the classifier.

The shares that make the answers most likely given how the version confuses classes, found by EM: the
maximum-likelihood form of adjusted count (Forman 2008, "Quantifying counts and costs via classification"). The EM on
probabilities of Saerens et al. (2002) came out further from the truth on four of six real sets with windows of 100 rows
and on five with 500, because it needs probabilities that hold; confusions are counted on validation rows, and need
none. The correction pays where the version errs much (three classes of sentiment); where it is mostly right, or has
many classes with few validation rows each, the plain answers were closer on all four sets tried.
"""

from __future__ import annotations

import numpy as np

from .features import Floats

ROUNDS = 200
# Rows that a class borrows from the version's overall habits: a class with few rows shows little of its own confusions.
BORROWED = 5.0


def adjusted_count(answered: Floats, confusion: Floats, prior: Floats) -> Floats:
    """Shares (C,) of the true classes, from counts `answered` (C,) and counts `confusion` (C, C), true by answered, of
    rows whose truth is known; `prior` (C,) are the shares that the search starts from."""
    if answered.sum() <= 0:
        return prior
    chance = smoothed(confusion)
    start = (prior + 1e-4) / (prior + 1e-4).sum()
    shares, target = start, answered / answered.sum()
    for _ in range(ROUNDS):
        expected = np.maximum(shares @ chance, 1e-12)
        before, shares = shares, shares * (chance @ (target / expected))
        shares = shares / shares.sum()
        if np.abs(shares - before).max() < 1e-6:
            break
    return np.asarray(shares, float)


def smoothed(confusion: Floats) -> Floats:
    """Chances (C, C) of each answer by true class."""
    size = confusion.sum(1, keepdims=True)
    hit = (np.trace(confusion) + 1) / (confusion.sum() + 2)
    count = len(confusion)
    habit = np.full((count, count), (1 - hit) / max(count - 1, 1))
    np.fill_diagonal(habit, hit if count > 1 else 1.0)
    return np.asarray((confusion + BORROWED * habit) / (size + BORROWED), float)
