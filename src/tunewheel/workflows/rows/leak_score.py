"""What leaked rows are worth: a quick floor's score on all test rows, and on those that training does not show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...data.doctor import Finding
from ...errors import LabelError
from ...records import Example
from ...task import Task

STEERING = 10


def leak_score(task: Task, train: Sequence[Example], test: Sequence[Example], leaked: Sequence[int]) -> list[Finding]:
    """One note with both scores; nothing where a floor cannot be laid, or where no row or every row leaked."""
    labelled = [example for example in train if example.target is not None]
    judged = [number for number, example in enumerate(test) if example.target is not None]
    apart = sorted(set(judged) - set(leaked))
    if len(apart) == len(judged) or not apart or len(labelled) < 2 * STEERING:
        return []
    try:
        known = type(task)(task.options, task.learn(labelled))
    except LabelError:  # said already, and better, by the doctor
        return []
    title, predictions = _answers(known, labelled, test)
    scores = [
        known.score([predictions[i] for i in chosen], [test[i] for i in chosen])[known.best_by]
        for chosen in (judged, apart)
    ]
    metric = known.best_by.replace("_", " ")
    message = (
        f"{title} has {metric} {100 * scores[0]:.1f} on all test rows and {100 * scores[1]:.1f} on the "
        f"{len(apart):,} that do not occur in train."
    )
    return [Finding("score-with-leaks", "note", message, command="Quote the score without them.")]


def _answers(task: Task, train: Sequence[Example], test: Sequence[Example]) -> tuple[str, Sequence[Any]]:
    """The linear floor's title and its answers to the test rows; every tenth training row chooses its penalty."""
    from ...training.floors import LinearFloor
    from ...training.floors.floor import answer

    held = task.plain(train[::STEERING])
    taught = task.plain([example for number, example in enumerate(train) if number % STEERING])
    floor = LinearFloor.learn(taught, held, len(task.facts["labels"]), seed=0)
    batch = floor.encode(task, test)
    return floor.title, task.decode(answer(batch), batch)
