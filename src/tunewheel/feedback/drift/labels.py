"""Labels: which classes the version answers with, and how common they really are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .distance import measure
from .features import Floats
from .prevalence import adjusted_count, expectation_maximisation
from .profile import scaled
from .window import Change, Window

FLOOR = 0.05
_MOST_NAMED = 2


@dataclass(frozen=True)
class Mix:
    """Shares (C + 1,) of the classes: of the reference, and of the window as corrected for the version's errors."""

    before: Floats
    now: Floats


def change(window: Window, mix: Mix) -> Change:
    """How far the mix of answers lies from the reference's, from 0 to 1."""
    reference = window.profile.answers
    apart = measure(reference, scaled(window.flags, window.profile.answer_shares))
    limit = max(apart.threshold, FLOOR)
    alarm = apart.effect > limit
    sentence = moves(window, mix) if alarm else "the answers are mixed as before"
    return Change("labels", apart.effect, limit, alarm, sentence)


def mix_of(window: Window, probabilities: Sequence[Mapping[str, float]] | None = None) -> Mix:
    """The shares of the classes before and now. Where a row may have several labels they are those of the answers."""
    before, counts = window.profile.prior, window.flags.sum(0)
    if window.profile.confusion is None:
        return Mix(before, counts / len(window))
    if probabilities is not None and (known := _probabilities(probabilities, window.profile.classes)) is not None:
        return Mix(before, expectation_maximisation(known, before))
    return Mix(before, adjusted_count(counts, window.profile.confusion, before))


def moves(window: Window, mix: Mix) -> str:
    """The classes whose shares moved most, in words."""
    order = np.argsort(-np.abs(mix.now - mix.before))[:_MOST_NAMED]
    named = [(_name(window.profile.classes, i), mix.before[i], mix.now[i]) for i in order]
    first = [
        f"the share of {name} {'rose' if now > before else 'fell'} from {100 * before:.0f} to {100 * now:.0f} %"
        for name, before, now in named
    ]
    return ", ".join(first)


def _name(classes: Sequence[str], number: int) -> str:
    return f"'{classes[number]}'" if number < len(classes) else "answers without a known class"


def _probabilities(given: Sequence[Mapping[str, float]], classes: Sequence[str]) -> Floats | None:
    """Probabilities (N, C + 1) of the classes; None where rows have none. What a row leaves open goes to all alike."""
    if not all(given):
        return None
    known = np.array([[row.get(name, 0.0) for name in classes] + [0.0] for row in given], float)
    left = np.maximum(1 - known.sum(1, keepdims=True), 0.0)
    return np.asarray(known + left / known.shape[1], float)
