"""Prevalence: how common each class really is in a window, corrected for the errors of the classifier.

With the hard answers alone: the shares that make the answers most likely given how the version confuses classes (the
maximum-likelihood form of adjusted count, Forman 2008, "Quantifying counts and costs via classification"). With
probabilities: the EM of Saerens, Latinne and Decaestecker (2002), "Adjusting the outputs of a classifier to new a
priori probabilities".
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


def expectation_maximisation(probabilities: Floats, prior: Floats) -> Floats:
    """Shares (C,) of the classes from probabilities (N, C) that hold where the shares are `prior` (C,)."""
    if not len(probabilities):
        return prior
    base = np.maximum(prior, 1e-4) / np.maximum(prior, 1e-4).sum()
    shares = base
    for _ in range(ROUNDS):
        posterior = probabilities * (shares / base)
        posterior /= np.maximum(posterior.sum(1, keepdims=True), 1e-12)
        before, shares = shares, posterior.mean(0)
        if np.abs(shares - before).max() < 1e-6:
            break
    return np.asarray(shares, float)
