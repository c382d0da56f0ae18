"""The report as data: everything a person or a program may want to know about one evaluation, as plain JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from pydantic import TypeAdapter, ValidationError

from ..errors import ReadError
from ..records import Prediction, Ratio, Scores
from .calibration import Calibration
from .classes import ClassScore, Confusion
from .compare import Difference, Interval, Rival
from .outcomes import Answer
from .search import Search
from .slices import Slice

FORMAT = 1

Role = Rival
Verdict = Literal["better", "unproved", "floor wins", "worse", "alone"]


@dataclass(frozen=True, slots=True)
class Contender:
    """Input for one line of the table: what was predicted for the test set, how good it is, what it cost."""

    name: str
    role: Role
    predictions: Sequence[Prediction]
    scores: Scores
    train_seconds: float = 0.0
    predict_seconds: float = 0.0
    size_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """One line of the table. `intervals` covers the metrics that can be resampled."""

    name: str
    role: Role
    scores: dict[str, float]
    intervals: dict[str, Interval]
    train_seconds: float
    predict_seconds: float
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """The judged model against one rival, and the sentence that says what it means."""

    rival: str
    role: Role
    metric: str
    difference: Difference
    sentence: str


@dataclass(frozen=True, slots=True)
class Leak:
    """Test rows (from 0) that were trained on too, and (name, score with them, score without them)."""

    positions: list[int]
    scores: list[tuple[str, float, float]]


@dataclass(frozen=True, slots=True)
class Mistake:
    """A wrong answer. `row` of `file` is the number a person would look for; `picture` is a small data: URI."""

    row: int
    file: str
    text: str
    picture: str
    actual: Answer
    predicted: Answer
    confidence: float


@dataclass(frozen=True, slots=True)
class Point:
    """A point of the learning curve; `validation` is the metric the run was steered by, where it was measured."""

    step: int
    epoch: int
    seconds: float
    loss: float | None
    validation: float | None
    best: bool


@dataclass(frozen=True, slots=True)
class RowScore:
    """One test row: `numerator / denominator` are its part of the metric, so that versions can be compared later."""

    key: str
    file: str
    row: int
    actual: Answer
    predicted: Answer
    confidence: float
    correct: bool
    numerator: float
    denominator: float


@dataclass(frozen=True, slots=True)
class Judgement:
    """Is it better, by how much, is it proved, what to do next. `main` names the line that is judged.

    `resampled` says over what the intervals and tests were drawn.
    """

    metric: str
    main: str
    verdict: Verdict
    headline: str
    comparisons: list[Comparison]
    power: str
    advice: list[str]
    standings: list[Standing]
    leak: Leak | None
    resampled: str = "test rows"


@dataclass(frozen=True, slots=True)
class Weaknesses:
    """Where the judged model goes wrong. `matrix` is actual by predicted, in the order of `classes`, or empty."""

    classes: list[ClassScore]
    confusions: list[Confusion]
    matrix: list[list[int]]
    slices: list[Slice]
    mistakes: list[Mistake]


@dataclass(frozen=True, slots=True)
class Background:
    """What is needed to understand and repeat it: facts by name, the filled recipe, and as `findings` what was left
    out or mended in reading the files."""

    findings: list[str]
    data: dict[str, Any]
    model: dict[str, Any]
    environment: dict[str, Any]
    recipe: str
    seed: int


@dataclass(frozen=True)
class Report:
    """One evaluation on one frozen test set of `rows` rows. `search` is how the time was spent, where that was kept."""

    title: str
    task: str
    task_summary: str
    rows: int
    judgement: Judgement
    weaknesses: Weaknesses
    curve: list[Point]
    calibration: Calibration | None
    background: Background
    row_scores: list[RowScore] = field(repr=False)
    format: Literal[1] = 1
    search: Search | None = None

    @property
    def standing(self) -> Standing:
        """The line of the model that is judged."""
        return next(line for line in self.judgement.standings if line.name == self.judgement.main)

    @property
    def ratio(self) -> Ratio:
        """The metric by row, to be compared with another report on the same rows (match them by `key`)."""
        parts = np.array([(row.numerator, row.denominator) for row in self.row_scores]).reshape(-1, 2)
        return Ratio(parts[:, 0], parts[:, 1])

    def to_json(self) -> str:
        """UTF-8 JSON with `"format": 1`."""
        return _SHAPE.dump_json(self, indent=1).decode("utf-8")

    @classmethod
    def from_json(cls, text: str) -> Report:
        """Read back what `to_json` wrote. Raises ReadError for other formats and damaged text."""
        try:
            version = json.loads(text)["format"]
        except (ValueError, TypeError, KeyError):
            raise ReadError("this is not a report.", mend="Give the report.json that tunewheel wrote.") from None
        if version != FORMAT:
            mend = "Update tunewheel, or evaluate the version again."
            raise ReadError(f"the report has format {version}; this tunewheel reads format {FORMAT}.", mend=mend)
        try:
            return _SHAPE.validate_json(text)
        except ValidationError as damage:
            where = ".".join(map(str, damage.errors()[0]["loc"]))
            raise ReadError("the report is damaged.", where=where, mend="Evaluate the version again.") from None


def spelled(metric: str) -> str:
    """A metric's name in words: "entity_f1" is "entity F1", "mcc" is "MCC"."""
    return metric.replace("_", " ").replace("f1", "F1").replace("mcc", "MCC")


_SHAPE = TypeAdapter(Report)
