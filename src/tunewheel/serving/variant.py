"""Variant: another form of a version, how near its answers are to the evaluated ones, and whether that is enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pydantic import Field

from ..records import Options
from ..task import Task

FACTS = "variant.json"
GRAPH = "model.onnx"
# The forms there are. In eight bits the activations of a batch share one scale, so that rows answer as their company
# does, unless the scales are fixed.
FLOAT, EIGHT_BITS, FIXED = "onnx-fp32", "onnx-int8", "onnx-int8-static"
# Requests that wait can be answered together by forms that answer alike in any company. Of two that take about as long
# for a row that comes alone, such a one is chosen: it may take so many times as long.
TOGETHER = 1.15
# A form for other people's devices: it is measured and written, and not served.
LITERT = "litert-fp32"


class Tolerance(Options):
    """How far the answers of a faster variant may be from the evaluated ones before it is not served."""

    same: float = Field(default=0.98, ge=0, le=1, description="Least share of test rows with the same answer.")
    lost: float = Field(default=0.005, ge=0, le=1, description="Most that the score may fall by (0.005: half a point).")


@dataclass(frozen=True)
class Variant:
    """What came of asking a variant about every frozen test row.

    `same` of `rows` answers are the evaluated ones; `change` of the score that decides (`metric`), with its 95 %
    interval; milliseconds to answer one row alone (median) and, in bulk, seconds for all; bytes on disk.

    Its logits are divided by its own `temperature` (None: by that of the version), also when it was asked. How far
    confidences are off on the test rows, its own and those of the version as `trained`: `brier`, the mean square of
    confidence less correctness, and `ece`, the expected calibration error.
    """

    name: str
    reads: str
    metric: str
    rows: int
    same: int
    score: float
    change: float
    low: float
    high: float
    milliseconds: float
    seconds: float
    size_bytes: int
    temperature: float | None = None
    brier: float | None = None
    brier_trained: float | None = None
    ece: float | None = None
    ece_trained: float | None = None

    @property
    def share(self) -> float:
        """Of the test rows, those with the same answer."""
        return self.same / max(self.rows, 1)

    def refusal(self, tolerance: Tolerance) -> str | None:
        """Why it may not be served, or None when it may."""
        if self.share < tolerance.same:
            return f"{100 * self.share:.1f} % of its answers are the evaluated ones, {100 * tolerance.same:g} % must be"
        if -self.change > tolerance.lost:
            lost = f"it loses {-100 * self.change:.1f} points of {self.metric}"
            return f"{lost}, {100 * tolerance.lost:g} may be lost"
        return None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Variant:
        return cls(**values)


def calibrated(task: Task, temperature: float | None) -> Task:
    """The task as a variant with a `temperature` of its own decodes; the task itself where it has none."""
    if temperature is None:
        return task
    return type(task)(task.options, {**task.facts, "temperature": temperature}, task.processor)


def chosen_of(variants: Sequence[Variant], tolerance: Tolerance) -> str | None:
    """The name of the fastest variant that is near enough; None where none is."""
    able = [one for one in variants if one.refusal(tolerance) is None]
    return (
        min(able, key=lambda one: one.milliseconds * (TOGETHER if one.name == EIGHT_BITS else 1)).name if able else None
    )
