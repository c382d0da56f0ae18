"""Recalibrate: a variant whose logits are not those of the version gets a temperature of its own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..evaluation.calibration import expected_calibration_error, match_temperature
from ..evaluation.decisions import probabilities
from ..records import Example, Prediction, Ratio
from ..registry.revive import Revived
from ..task import Engine


def own_temperature(revived: Revived, engine: Engine, held: Sequence[Example]) -> float | None:
    """With which the probabilities of `engine` come nearest to those of the version on validation rows.

    It moves confidences, never answers: these are the largest logits, or the best path through them. None where the
    task has no temperature (several labels a text), or no rows were kept.
    """
    own = revived.task.facts.get("temperature")
    if own is None or not held:
        return None
    batch = revived.encode(held)
    wanted = probabilities(revived.engine(batch)["logits"], own)
    return match_temperature(engine(batch)["logits"], wanted)


def confidence_errors(answers: Sequence[Prediction], right: Ratio, suffix: str = "") -> dict[str, float]:
    """How far the confidences of answers are off: `brier` (Brier 1950) and `ece`, where `right` says how much of each
    answer is right."""
    sure = np.array([answer.confidence for answer in answers])
    correct = (right.numerator >= right.denominator).astype(float)
    errors = {"brier": float(np.mean((sure - correct) ** 2)), "ece": expected_calibration_error(sure, correct)}
    return {f"{name}{suffix}": round(error, 5) for name, error in errors.items()}
