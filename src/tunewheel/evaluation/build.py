"""Builds the report: one story from predictions on the test set to a judged table."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np

from ..records import Example, Ratio, Step
from .bootstrap import resampled
from .calibration import Calibration
from .classes import class_scores, confusions, matrix
from .compare import detectable, difference, interval, sentence
from .mistakes import confident_mistakes
from .outcomes import Outcome, answered, outcomes
from .report import (
    Background,
    Comparison,
    Contender,
    Judgement,
    Leak,
    Point,
    Report,
    RowScore,
    Standing,
    Weaknesses,
    spelled,
)
from .search import Search
from .slices import Slice, worst_slices
from .verdict import advice, headline, power, verdict

Groups = Sequence[Hashable] | None
_MOST_POINTS = 400


def build(
    *, title: str, task: str, task_summary: str, best_by: str, labels: Sequence[str], examples: Sequence[Example],
    contenders: Sequence[Contender], curve: Sequence[Step] = (), calibration: Calibration | None = None,
    leak: Sequence[int] = (), findings: Sequence[str] = (), data: Mapping[str, Any] | None = None,
    model: Mapping[str, Any] | None = None, environment: Mapping[str, Any] | None = None, recipe_yaml: str = "",
    seed: int = 0, groups: Groups = None, judged: str | None = None, search: Search | None = None,
) -> Report:  # fmt: skip
    """Judge one of the `contenders` on the test `examples`: the one named `judged`, or else the last one with role
    "after", or else the best one.

    `leak` holds the indices of test rows that are also in training; `groups` one group a row (resampled whole).
    `labels` may be word tags; `findings` say what was left out or mended in reading; `search` says how the time was
    spent.
    Raises ValueError when a contender has not one prediction a row, or no per-row `best_by`.
    """
    main = _main(contenders, best_by, judged)
    rows = outcomes(main.predictions, examples)
    names = answered(labels, examples)
    weaknesses = _weaknesses(rows, names, worst_slices(examples, main.scores.rows[best_by], groups=groups, seed=seed))
    facts = [dict(part or {}) for part in (data, model, environment)]
    return Report(
        title=title,
        task=task,
        task_summary=task_summary,
        rows=len(examples),
        judgement=_judgement(contenders, main, best_by, weaknesses, leak, seed, groups),
        weaknesses=weaknesses,
        curve=_points(curve, best_by),
        calibration=calibration,
        background=Background(list(findings), facts[0], facts[1], facts[2], recipe_yaml, seed),
        row_scores=_row_scores(rows, main.scores.rows[best_by]),
        search=search,
    )


def _main(contenders: Sequence[Contender], metric: str, name: str | None) -> Contender:
    lacking = [contender.name for contender in contenders if metric not in contender.scores.rows]
    if not contenders or lacking:
        raise ValueError(f"no per-row {metric!r} in the scores of {', '.join(lacking) or 'nobody'}")
    if name is not None:
        return next(contender for contender in contenders if contender.name == name)
    after = [contender for contender in contenders if contender.role == "after"]
    return after[-1] if after else _best(contenders, metric)


def _best(contenders: Sequence[Contender], metric: str) -> Contender:
    return max(contenders, key=lambda contender: contender.scores[metric])


def _judgement(
    contenders: Sequence[Contender],
    main: Contender,
    metric: str,
    weaknesses: Weaknesses,
    leaked: Sequence[int],
    seed: int,
    groups: Groups,
) -> Judgement:
    rivals = _rivals(contenders, main, metric)
    compared = [_comparison(main, rival, metric, seed, groups) for rival in rivals]
    judged, leak = verdict(compared), _leak(leaked, contenders, metric)
    return Judgement(
        metric=metric,
        main=main.name,
        verdict=judged,
        headline=headline(judged, compared, main.name),
        comparisons=compared,
        power=_power(main, rivals, metric, groups),
        advice=advice(judged, leak, weaknesses, compared),
        standings=[_standing(contender, seed, groups) for contender in contenders],
        leak=leak,
        resampled=resampled(groups),
    )


def _rivals(contenders: Sequence[Contender], main: Contender, metric: str) -> list[Contender]:
    """The best floor and the model before fine-tuning; of anything else than a fine-tuned model, that one, or where
    none was fine-tuned the best of the others of each kind."""
    tuned = main.role != "after" and any(contender.role == "after" for contender in contenders)
    roles = ("after",) if tuned else ("floor", "before")
    of_role = [[c for c in contenders if c.role == role and c is not main] for role in roles]
    return [_best(rivals, metric) for rivals in of_role if rivals]


def _comparison(main: Contender, rival: Contender, metric: str, seed: int, groups: Groups) -> Comparison:
    result = difference(main.scores.rows[metric], rival.scores.rows[metric], seed=seed, groups=groups)
    said = sentence(result, rival.name, spelled(metric), rival.role)
    return Comparison(rival.name, rival.role, metric, result, said)


def _power(main: Contender, rivals: Sequence[Contender], metric: str, groups: Groups) -> str:
    if not rivals:
        return ""
    ours, theirs = main.scores.rows[metric], _best(rivals, metric).scores.rows[metric]
    return power(len(ours.numerator), detectable(ours, theirs, groups=groups), metric)


def _standing(contender: Contender, seed: int, groups: Groups) -> Standing:
    return Standing(
        name=contender.name,
        role=contender.role,
        scores={name: float(value) for name, value in contender.scores.values.items()},
        intervals={name: interval(r, seed=seed, groups=groups) for name, r in contender.scores.rows.items()},
        train_seconds=contender.train_seconds,
        predict_seconds=contender.predict_seconds,
        size_bytes=contender.size_bytes,
    )


def _leak(positions: Sequence[int], contenders: Sequence[Contender], metric: str) -> Leak | None:
    """The score of every contender with and without the leaked rows, or None when nothing leaked."""
    leaked = sorted({int(position) for position in positions})
    if not leaked:
        return None
    ratios = [(contender.name, contender.scores.rows[metric]) for contender in contenders]
    kept = [(n, r.value, Ratio(np.delete(r.numerator, leaked), np.delete(r.denominator, leaked))) for n, r in ratios]
    return Leak(leaked, [(name, inflated, rest.value) for name, inflated, rest in kept])


def _weaknesses(rows: Sequence[Outcome], labels: Sequence[str], slices: list[Slice]) -> Weaknesses:
    classes = class_scores(rows, labels)
    return Weaknesses(
        classes=classes,
        confusions=confusions(rows),
        matrix=matrix(rows, [row.label for row in classes]),
        slices=slices,
        mistakes=confident_mistakes(rows),
    )


def _points(curve: Sequence[Step], metric: str) -> list[Point]:
    """The steps as points, thinned to about 400; validations all stay."""
    stride = max(1, len(curve) // _MOST_POINTS)
    chosen = [step for i, step in enumerate(curve) if step.validation is not None or i % stride == 0]
    return [_point(step, metric) for step in chosen]


def _point(step: Step, metric: str) -> Point:
    measured = None if step.validation is None else step.validation.values.get(metric)
    loss = float(step.loss) if np.isfinite(step.loss) else None
    return Point(step.number, step.epoch, step.seconds, loss, measured, step.best)


def _row_scores(rows: Sequence[Outcome], ratio: Ratio) -> list[RowScore]:
    return [
        RowScore(
            key=row.example.key,
            file=row.example.source.file,
            row=row.example.source.row,
            actual=row.actual,
            predicted=row.predicted,
            confidence=row.confidence,
            correct=row.correct,
            numerator=float(numerator),
            denominator=float(denominator),
        )
        for row, numerator, denominator in zip(rows, ratio.numerator, ratio.denominator, strict=True)
    ]
