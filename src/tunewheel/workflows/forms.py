"""Forms: a version in another form, asked about every frozen test row and compared with the version itself."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from pathlib import Path

from ..errors import ServingError
from ..evaluation.compare import difference
from ..models.onnx.feeds import Feeds, feeds_of
from ..records import Example
from ..registry import Bundle
from ..registry.revive import revive
from ..serving import Predictor
from ..serving.certificate import SAMPLE, differing, evenly
from ..serving.recalibrate import confidence_errors, own_temperature
from ..serving.variant import EIGHT_BITS, FIXED, Variant, calibrated
from ..task import Engine
from ..workspace import Workspace
from .rows.frozen import as_example


class Judged:
    """What a form is compared with: the answers of the version itself to the test rows; and the validation rows that
    the confidences of a form are brought to those of the version on (`held`).

    Raises `ServingError` for a floor, which is served as it is, and where no test rows are frozen.
    """

    def __init__(self, workspace: Workspace, reference: str) -> None:
        self.version = workspace.versions.get(reference)
        if self.version.kind == "floor":
            mend = "Export a fine-tuned version."
            raise ServingError(f"{self.version.id} is a plain floor: it is served as it is.", mend=mend)
        self.bundle: Bundle = workspace.bundle(self.version.id)
        self.revived = revive(self.bundle, workspace.bases)
        self.test = _test_rows(workspace, self.revived.task.name)
        self.held = [as_example(row) for row in workspace.held.of(self.version.id)]
        predictor = Predictor(self.revived.task, self.revived.encode, self.revived.engine, self.version.id)
        self.answers = predictor.predict_bulk(self.test)
        self.milliseconds = _alone(predictor, self.test)

    @property
    def pixels(self) -> tuple[int, ...]:
        """Channels, height and width of a picture; nothing where the task reads none."""
        if self.revived.task.reads != "image":
            return ()
        return tuple(self.revived.encode(self.test[:1])["pixels"].shape[1:])

    @property
    def forms(self) -> int:
        """How many ONNX forms there are of it: float32, eight bits (not of pictures), and these with fixed scales."""
        return 1 + (self.revived.task.reads != "image") + bool(self.held)

    def fed(self, most: int) -> Iterator[Feeds]:
        """At most so many validation rows as a graph reads them, one by one."""
        encode, reads = self.revived.encode, self.revived.task.reads
        return (feeds_of(encode([example]), reads) for example in self.held[:most])

    def variant(self, name: str, engine: Engine, path: Path) -> Variant:
        """What comes of asking a form: an engine on the file at `path`. In eight bits it gets its own temperature."""
        temperature = own_temperature(self.revived, engine, self.held) if name in (EIGHT_BITS, FIXED) else None
        task = calibrated(self.revived.task, temperature)
        predictor = Predictor(task, task.encode, engine, self.version.id)
        started = time.perf_counter()
        answers = predictor.predict_bulk(self.test)
        seconds = time.perf_counter() - started
        differs = set(differing(self.answers, answers))
        if name == EIGHT_BITS:  # a row answers as its company does; as a rule it comes alone, and then is scored so
            answers = [predictor.predict_examples([row])[0] for row in self.test]
            differs |= set(differing(self.answers, answers))
        before, after = task.score(self.answers, self.test), task.score(answers, self.test)
        change = difference(after.rows[task.best_by], before.rows[task.best_by])
        return Variant(
            name, task.reads, task.best_by, len(answers), len(answers) - len(differs),
            after[task.best_by], change.value, change.low, change.high,
            _alone(predictor, self.test), round(seconds, 2), path.stat().st_size, temperature,
            **confidence_errors(answers, after.rows[task.best_by]),
            **confidence_errors(self.answers, before.rows[task.best_by], "_trained"),
        )  # fmt: skip


def _test_rows(workspace: Workspace, name: str) -> list[Example]:
    frozen = workspace.frozen_test(name)
    if frozen is None:
        raise ServingError("this workspace has no frozen test rows, so nothing can be shown about an export.")
    return [as_example(row) for row in frozen.rows()]


def _alone(predictor: Predictor, test: list[Example]) -> float:
    """Milliseconds to answer one row that comes alone, the median of a sample."""
    taken = []
    for i in evenly(len(test), SAMPLE):
        started = time.perf_counter()
        predictor.predict_examples([test[i]])
        taken.append(time.perf_counter() - started)
    return round(1000 * statistics.median(taken), 2)
