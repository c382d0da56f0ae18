"""Labels: which classes the version answers with, and how common they really are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .features import Floats
from .prevalence import adjusted_count
from .tails import CHANCE
from .window import Change, Window

FLOOR = 0.05
_MOST_NAMED = 2


@dataclass(frozen=True)
class Mix:
    """Shares (C + 1,) of the classes: of the reference, and of the window as corrected for the version's errors."""

    before: Floats
    now: Floats


def change(window: Window, mix: Mix, chance: float = CHANCE) -> Change:
    """How far the mix of answers lies from the reference's, from 0 to 1."""
    apart = window.profile.answers.measure(window.flags, chance)
    limit = max(apart.threshold, FLOOR)
    alarm = apart.effect > limit
    sentence = moves(window, mix) if alarm else "the answers are mixed as before"
    return Change("labels", apart.effect, limit, alarm, sentence)


def mix_of(window: Window) -> Mix:
    """The shares of the classes before and now. Where a row may have several labels they are those of the answers."""
    if window.profile.confusion is None:
        return Mix(window.profile.answers.shares, window.flags.mean(0))
    before = window.profile.prior
    return Mix(before, adjusted_count(window.flags.sum(0), window.profile.confusion, before))


def grown(mix: Mix) -> int:
    """The class whose share has risen most."""
    return int(np.argmax(mix.now - mix.before))


def moves(window: Window, mix: Mix) -> str:
    """The classes whose shares moved most, in words."""
    order = np.argsort(-np.abs(mix.now - mix.before), kind="stable")[:_MOST_NAMED]
    named = [(_name(window.profile.classes, i), mix.before[i], mix.now[i]) for i in order]
    return ", ".join(
        f"the share of {name} {'rose' if now > before else 'fell'} from {100 * before:.0f} to {100 * now:.0f} %"
        for name, before, now in named
    )


def _name(classes: Sequence[str], number: int) -> str:
    return f"'{classes[number]}'" if number < len(classes) else "answers without a known class"
