"""Language: the languages and scripts that people write in."""

from __future__ import annotations

import numpy as np

from .tails import CHANCE
from .window import Change, Window

FLOOR = 0.05
# One language must have risen by so many rows, and by so large a share.
FEWEST_ROWS, LEAST_RISE = 3, 0.02


def change(window: Window, chance: float = CHANCE) -> Change:
    """How far the mix of languages lies from the reference's, from 0 to 1."""
    known, flags = window.profile.languages, window.languages
    apart = known.measure(flags, chance)
    limit = max(apart.threshold, FLOOR)
    risen = int(np.argmax(flags.mean(0) - known.shares))
    rise = float(flags[:, risen].mean() - known.shares[risen])
    alarm = apart.effect > limit and rise >= max(LEAST_RISE, FEWEST_ROWS / len(window))
    name = f"texts in '{known.names[risen]}'" if risen < len(known.names) else "texts in a language not seen before"
    said = f"{name} are {100 * flags[:, risen].mean():.0f} % of all, where they were {100 * known.shares[risen]:.0f} %"
    return Change("language", apart.effect, limit, alarm, said if alarm else "the languages are those of before")
