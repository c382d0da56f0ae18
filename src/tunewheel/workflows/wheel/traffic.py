"""Traffic: what clients asked, as examples, and what any version answers to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import DataError
from ...feedback.journal import Asked
from ...records import Example, Prediction, Source, Span
from ...serving import Predictor
from ...task import Task
from ...workspace import Workspace

# So many rows show what the traffic is like; asking more would only cost time.
MOST_ROWS = 5_000


@dataclass(frozen=True)
class Traffic:
    """Requests that were answered, oldest first, and the examples they asked about."""

    asked: list[Asked]
    examples: list[Example]

    def __len__(self) -> int:
        return len(self.asked)


@dataclass(frozen=True)
class Answers:
    """What one version answers to all of the traffic, (N,)."""

    values: list[Any]
    confidences: NDArray[np.float64]


def traffic(workspace: Workspace, task: Task, since: str = "", until: str = "") -> Traffic:
    """The newest requests from `since` on and before `until` that the version that was live then answered; those whose
    row was not kept, or cannot be read by the task, are left out."""
    asked, examples = [], []
    for one in workspace.journal.asked(since, until, role="live", most=MOST_ROWS):
        if one.row and (example := _read(task, one)) is not None:
            asked.append(one)
            examples.append(example)
    return Traffic(asked, examples)


def answers(predictor: Predictor, of: Traffic) -> Answers:
    """What the version answers now; where it was the one that answered, that is what it said then."""
    told = {i: one for i, one in enumerate(of.asked) if one.version == predictor.version}
    missing = [i for i in range(len(of)) if i not in told]
    fresh = dict(zip(missing, predictor.predict_bulk([of.examples[i] for i in missing]), strict=True))
    values = [settled(fresh[i].value if i in fresh else told[i].answer) for i in range(len(of))]
    sure = [float((fresh[i] if i in fresh else told[i]).confidence) for i in range(len(of))]
    return Answers(values, np.array(sure, float))


def settled(value: Any) -> Any:
    """An answer in a form in which equal answers are equal: a label, sorted labels, or (start, end, label) in order."""
    if isinstance(value, Prediction):
        return settled(value.value)
    if isinstance(value, list | tuple):
        parts = [_span(part) for part in value]
        return tuple(sorted(parts))
    return value


def _span(part: Any) -> Any:
    if isinstance(part, Span):
        return part.start, part.end, part.label
    return (part["start"], part["end"], part["label"]) if isinstance(part, Mapping) else part


def _read(task: Task, one: Asked) -> Example | None:
    try:
        return task.parse(one.row, Source("traffic"))
    except DataError:
        return None


def apart(one: Sequence[Any], other: Sequence[Any]) -> NDArray[np.bool_]:
    """Where two versions answer differently, (N,)."""
    return np.array([a != b for a, b in zip(one, other, strict=True)], bool)
