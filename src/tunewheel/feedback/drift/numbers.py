"""Numbers: changes in the mean of what every row has: confidence, words never seen, length."""

from __future__ import annotations

import numpy as np

from .features import Floats
from .profile import lengths
from .shares import Moved, move
from .tails import CHANCE
from .window import Change, Window

CONFIDENCE_FLOOR, UNSEEN_FLOOR, LENGTH_FLOOR = 0.02, 0.01, 0.1


def confidence(window: Window, weights: Floats | None = None, chance: float = CHANCE) -> Change:
    """How sure the version is, on average. Where a twin told what is usual only a fall can be an alarm."""
    moved = move(window.profile.usual("confidence", weights), window.confidences, chance)
    said = f"the mean confidence {_went(moved)} from {100 * moved.before:.0f} to {100 * moved.now:.0f}"
    quiet = "the version is as sure as before"
    return _change("confidence", moved, CONFIDENCE_FLOOR, said, quiet, up=not window.profile.twin)


def vocabulary(window: Window, weights: Floats | None = None, chance: float = CHANCE) -> Change:
    """The share of words that were never seen."""
    moved = move(window.profile.usual("unseen", weights), window.values[:, 1], chance)
    said = f"{100 * moved.now:.0f} % of the words were never seen, where it was {100 * moved.before:.0f} %"
    alarm = moved.beyond(UNSEEN_FLOOR, down=False)
    limit = max(moved.high, UNSEEN_FLOOR)
    return Change("vocabulary", moved.effect, limit, alarm, said if alarm else "the words are known as before")


def length(window: Window, weights: Floats | None = None, chance: float = CHANCE) -> Change:
    """How long the texts are: the effect is that on the logarithm of their characters."""
    moved = move(window.profile.usual("length", weights), lengths(window.texts.raw), chance)
    before, now = (f"{np.expm1(value):.0f}" for value in (moved.before, moved.now))
    said = f"a typical text has {now} characters, where it had {before}"
    return _change("length", moved, LENGTH_FLOOR, said, "the texts are as long as before")


def _went(moved: Moved) -> str:
    return "rose" if moved.effect > 0 else "fell"


def _change(name: str, moved: Moved, floor: float, said: str, quiet: str, *, up: bool = True) -> Change:
    limit = max(moved.high if moved.effect > 0 else -moved.low, floor)
    alarm = moved.beyond(floor, up=up)
    return Change(name, moved.effect, limit, alarm, said if alarm else quiet)
