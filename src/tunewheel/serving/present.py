"""present: a prediction as the JSON that a client reads."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ..records import Example, Prediction, Span

Answer = dict[str, Any]


def present(prediction: Prediction, example: Example, top: int = 5) -> Answer:
    """A label, a set of labels or entities as plain JSON values; probabilities best first, at most `top` of them."""
    if not isinstance(prediction.value, tuple):
        return _label(prediction, top)
    if _holds_spans(prediction):
        return _entities(prediction, example.text)
    return _labels(prediction, top)


def _holds_spans(prediction: Prediction) -> bool:
    # No entity and no label are both the empty tuple: only an answer a label has probabilities.
    spans = all(isinstance(part, Span) for part in prediction.value)
    return spans and (bool(prediction.value) or not prediction.probabilities)


def _label(prediction: Prediction, top: int) -> Answer:
    answer: Answer = {"label": prediction.value, "confidence": float(prediction.confidence)}
    if prediction.probabilities:
        answer["probabilities"] = best_first(prediction.probabilities, top)
    return answer


def _labels(prediction: Prediction, top: int) -> Answer:
    listed = max(top, len(prediction.value))  # every label of the answer shows its probability
    return {
        "labels": list(prediction.value),
        "confidence": float(prediction.confidence),
        "probabilities": best_first(prediction.probabilities, listed),
    }


def _entities(prediction: Prediction, text: str) -> Answer:
    answer: Answer = {
        "entities": [_entity(span, text) for span in prediction.value],
        "confidence": float(prediction.confidence),
    }
    if prediction.tags:
        answer["tags"] = list(prediction.tags)
    return answer


def _entity(span: Span, text: str) -> Answer:
    words = text[span.start : span.end]
    confidence = float(span.confidence)
    return {"start": span.start, "end": span.end, "text": words, "label": span.label, "confidence": confidence}


def best_first(probabilities: Mapping[str, float], top: int) -> dict[str, float]:
    """The `top` most probable labels, best first, equal ones by name."""
    least = sorted(probabilities.values())[-top] if len(probabilities) > top > 0 else -math.inf
    ranked = sorted((-share, label) for label, share in probabilities.items() if not share < least)
    return {label: -float(share) for share, label in ranked[:top]}
