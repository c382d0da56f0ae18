"""Language: the languages and scripts that people write in."""

from __future__ import annotations

import numpy as np

from .answers import indicators
from .distance import measure
from .profile import scaled, spoken
from .window import Change, Window

FLOOR = 0.05
FEWEST_ROWS = 3


def change(window: Window) -> Change:
    """How far the mix of languages lies from the reference's, from 0 to 1."""
    names = window.profile.scripts
    flags = indicators(spoken(window.texts.raw), names)
    shares = window.profile.script_shares
    apart = measure(window.profile.language, scaled(flags, shares))
    limit = max(apart.threshold, FLOOR)
    risen = int(np.argmax(flags.mean(0) - shares))
    alarm = apart.effect > limit and float(flags[:, risen].sum()) >= FEWEST_ROWS
    quiet = "the languages are those of before"
    name = f"'{names[risen]}'" if risen < len(names) else "languages or scripts not seen before"
    said = f"{name} make up {100 * flags[:, risen].mean():.0f} % of the texts, where it was {100 * shares[risen]:.0f} %"
    return Change("language", apart.effect, limit, alarm, said if alarm else quiet)
