"""Text: the words and pieces of words that people write, or the directions of embeddings."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .distance import measure
from .features import Floats, sketch
from .profile import directions
from .window import Change, Window

FLOOR = 0.05


def change(window: Window) -> Change:
    """How far the mean text lies from the reference's, from 0 to 1."""
    apart = measure(window.profile.text, window.vectors)
    limit = max(apart.threshold, FLOOR)
    alarm = apart.effect > limit
    how = "differ from" if alarm else "are like"
    return Change(
        "text", apart.effect, limit, alarm,
        f"the texts {how} those learnt from (distance {apart.effect:.2f} of 1; chance stays below {limit:.2f})",
    )  # fmt: skip


def of_vectors(window: Window, vectors: ArrayLike) -> Change | None:
    """The same with embeddings (N, D) given by the caller; None where the profile has none."""
    if window.profile.vectors is None:
        return None
    apart = measure(window.profile.vectors, directions(vectors))
    limit = max(apart.threshold, FLOOR)
    how = "differ from" if apart.effect > limit else "are like"
    sentence = f"the embeddings {how} those learnt from (distance {apart.effect:.2f} of 1; chance: {limit:.2f})"
    return Change("vectors", apart.effect, limit, apart.effect > limit, sentence)


def explained(window: Window, shares: Floats) -> float:
    """Which part of the change of text (0 to 1) comes from another mix (C + 1,) of the same classes."""
    known = window.profile.known
    short = (window.vectors @ sketch()).toarray()
    before = _projected(window.profile.text.mean)
    moved, mixed = short.mean(0) - before, (shares - window.profile.prior) @ known.means
    noise = float(short.var(0).sum()) / max(len(short) - 1, 1)
    whole = float(moved @ moved) - noise
    left = float((moved - mixed) @ (moved - mixed)) - noise
    return float(np.clip(1 - left / whole, 0.0, 1.0)) if whole > 1e-12 else 0.0


def _projected(mean: Floats) -> Floats:
    return np.asarray(mean @ sketch(), float).ravel()
