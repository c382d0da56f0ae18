"""Certificate: proof that a version's served answers are its evaluated answers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..errors import CertificateMismatch, Problem
from ..records import Example, Prediction, Scores, Span
from .predictor import Predictor

SAMPLE = 50
# Summing in another order moves a float32 probability by about 1e-6; a wrong weight, pooling or
# tokeniser moves it by far more than this.
TOLERANCE = 1e-3
NAMED_ROWS = 5


@dataclass(frozen=True, slots=True)
class Certificate:
    """What came of asking the serving path for answers that evaluation had already given.

    `same_answers` of `rows` were equal in bulk and `alone_same` of `alone_rows` one request at a time;
    `largest_difference` is that of any probability; `differing` describes the first rows that were not equal.
    """

    rows: int
    same_answers: int
    share: float
    alone_rows: int
    alone_same: int
    largest_difference: float
    scores_evaluated: Mapping[str, float]
    scores_served: Mapping[str, float]
    differing: tuple[str, ...]
    holds: bool

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "differing": list(self.differing)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Certificate:
        return cls(**{**values, "differing": tuple(values["differing"])})


def certify(
    predictor: Predictor, examples: Sequence[Example], evaluated: Sequence[Prediction], scores: Scores,
    alone: int = SAMPLE,
) -> Certificate:  # fmt: skip
    """Ask for the answers to all `examples` in bulk, and to a sample of up to `alone` one at a time.

    `evaluated` and `scores` are what evaluation said about the same examples, in the same order.
    """
    served = predictor.predict_bulk(examples)
    sample = evenly(len(examples), alone)
    singly = [predictor.predict_examples([examples[i]])[0] for i in sample]
    expected = [evaluated[i] for i in sample]
    bulk_differs = differing(evaluated, served)
    alone_differs = [sample[i] for i in differing(expected, singly)]
    served_scores = predictor.task.score(served, examples).values
    gap = max(largest_difference(evaluated, served), largest_difference(expected, singly))
    same = not bulk_differs and not alone_differs
    named = sorted({*bulk_differs, *alone_differs})[:NAMED_ROWS]
    answers = {**dict(zip(sample, singly, strict=True)), **{i: served[i] for i in bulk_differs}}
    return Certificate(
        rows=len(examples),
        same_answers=len(examples) - len(bulk_differs),
        share=1.0 - len(bulk_differs) / max(len(examples), 1),
        alone_rows=len(sample),
        alone_same=len(sample) - len(alone_differs),
        largest_difference=gap,
        scores_evaluated=dict(scores.values),
        scores_served=dict(served_scores),
        differing=tuple(_describe(examples[i], evaluated[i], answers[i]) for i in named),
        holds=same and gap <= TOLERANCE and _close(scores.values, served_scores),
    )


def check(certificate: Certificate) -> None:
    """Raise `CertificateMismatch`, naming the first differing rows, unless the certificate holds."""
    if certificate.holds:
        return
    c = certificate
    problems = [
        Problem(
            f"served answers differ from evaluated ones: {c.same_answers} of {c.rows} are equal in bulk, "
            f"{c.alone_same} of {c.alone_rows} one at a time; the largest difference of a probability is "
            f"{c.largest_difference:.2g} ({TOLERANCE:g} may be).",
            mend="The version may not go live. Tune again, or serve it without reduced precision.",
        ),
        *(Problem(line) for line in c.differing),
    ]
    raise CertificateMismatch.of(problems)


def evenly(count: int, most: int) -> list[int]:
    """At most `most` positions out of `count`, evenly spread."""
    size = min(count, most)
    return [i * count // size for i in range(size)]


def answer_of(prediction: Prediction) -> object:
    """The part of a prediction that must be equal: labels as they are, spans without their confidence."""
    if isinstance(prediction.value, tuple):
        return tuple((p.start, p.end, p.label) if isinstance(p, Span) else p for p in prediction.value)
    return prediction.value


def differing(expected: Sequence[Prediction], served: Sequence[Prediction]) -> list[int]:
    """Positions where the answers are not equal."""
    pairs = enumerate(zip(expected, served, strict=True))
    return [i for i, (one, other) in pairs if answer_of(one) != answer_of(other)]


def largest_difference(expected: Sequence[Prediction], served: Sequence[Prediction]) -> float:
    """Of any probability between two lists of predictions; infinite when one of a pair is not a number."""
    pairs = zip(expected, served, strict=True)
    gaps = [gap for one, other in pairs for gap in _gaps(one, other)]
    return max((math.inf if math.isnan(gap) else gap for gap in gaps), default=0.0)


def _gaps(one: Prediction, other: Prediction) -> Iterable[float]:
    yield abs(one.confidence - other.confidence)
    for label in one.probabilities.keys() | other.probabilities.keys():
        yield abs(one.probabilities.get(label, 0.0) - other.probabilities.get(label, 0.0))


def _close(evaluated: Mapping[str, float], served: Mapping[str, float]) -> bool:
    return evaluated.keys() == served.keys() and all(
        math.isclose(value, served[name], abs_tol=TOLERANCE) or (math.isnan(value) and math.isnan(served[name]))
        for name, value in evaluated.items()
    )


def _describe(example: Example, evaluated: Prediction, served: Prediction) -> str:
    text = example.text if len(example.text) <= 60 else example.text[:57] + "..."
    place = str(example.source) or example.key
    return f"{place}: evaluated {answer_of(evaluated)!r}, served {answer_of(served)!r}, for {text!r}"
