"""Text: the words and pieces of words that people write, or the directions of embeddings."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .distance import measure, root
from .features import Floats, sketch
from .profile import directions
from .tails import CHANCE
from .window import Change, Window

FLOOR = 0.05


def change(window: Window, chance: float = CHANCE) -> Change:
    """How far the mean text lies from the reference's, from 0 to 1."""
    apart = measure(window.profile.text, window.vectors, chance)
    limit = max(apart.threshold, FLOOR)
    alarm = apart.effect > limit
    how = "differ from" if alarm else "are like"
    return Change(
        "text", apart.effect, limit, alarm,
        f"the texts {how} those learnt from (distance {apart.effect:.2f} of 1; chance stays below {limit:.2f})",
    )  # fmt: skip


def of_vectors(window: Window, vectors: ArrayLike, chance: float = CHANCE) -> Change | None:
    """The same with embeddings (N, D) given by the caller; None where the profile has none."""
    if window.profile.vectors is None:
        return None
    apart = measure(window.profile.vectors, directions(vectors), chance)
    limit = max(apart.threshold, FLOOR)
    how = "differ from" if apart.effect > limit else "are like"
    sentence = f"the embeddings {how} those learnt from (distance {apart.effect:.2f} of 1; chance: {limit:.2f})"
    return Change("vectors", apart.effect, limit, apart.effect > limit, sentence)


def left_over(window: Window, shares: Floats) -> float:
    """How far the mean text lies from that of the same classes in another mix (C + 1,), from 0 to 1: what of the change
    the mix does not explain."""
    known = window.profile.known
    short = (window.vectors @ sketch()).toarray()
    mixed = np.asarray(window.profile.text.mean @ sketch(), float) + (shares - window.profile.prior) @ known.means
    apart = short.mean(0) - mixed
    noise = float(short.var(0).sum()) / max(len(short) - 1, 1) + _noise(window, shares)
    return root((float(apart @ apart) - noise) / measure(window.profile.text, window.vectors).whole)


def _noise(window: Window, shares: Floats) -> float:
    """What the class means' own rows, vectors of length 1, add to a squared distance from their mixture."""
    known = window.profile.known
    spread = np.maximum(1 - (known.means**2).sum(1), 0.0)
    return float((shares**2 * spread / np.maximum(known.sizes, 1)).sum())
