"""Service: a predictor behind a queue; what a server asks, free of any web."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from ..records import Example, Row
from .intake import admit
from .microbatch import Queue
from .options import ServingOptions
from .predictor import Predictor
from .present import Answer, present


class Service:
    """Answers requests with one version. `start` warms it up; `stop` finishes what waits and closes it."""

    def __init__(self, predictor: Predictor, options: ServingOptions | None = None) -> None:
        self.predictor = predictor
        self.options = options or ServingOptions()
        self._ready = threading.Event()
        self._queue: Queue[Example, Answer] = Queue(
            self._answer, queue_rows=self.options.queue_rows, batch_rows=self._batch_rows(), workers=predictor.at_once
        )

    def _batch_rows(self) -> int:
        """With several workers requests are answered one by one: company gains nothing there (docs/log.md)."""
        return self.options.batch_rows if self.predictor.at_once == 1 else 1

    @property
    def version(self) -> str:
        return self.predictor.version

    @property
    def task(self) -> str:
        return self.predictor.task.name

    @property
    def reads(self) -> str:
        """What a row holds: "text", "words" or "image"."""
        return self.predictor.task.reads

    @property
    def sample(self) -> Sequence[Row]:
        """A few rows of the kind this version reads."""
        return self.predictor.task.sample

    @property
    def ready(self) -> bool:
        """Warmed up and not stopping."""
        return self._ready.is_set()

    @property
    def waiting(self) -> int:
        """Rows in the queue."""
        return self._queue.rows

    def start(self) -> None:
        """Answer one row of the sample, so that the first client does not pay for what is loaded on first use."""
        self.predictor.predict(admit(self.sample[:1], self.predictor.task, self.options))
        self._ready.set()

    def stop(self, seconds: float) -> bool:
        """Accept nothing more and finish what waits; True when all was answered within `seconds`."""
        self.retire()
        return self._queue.drain(seconds)

    def retire(self) -> None:
        """Say "not ready" from now on, so that new requests go elsewhere while old ones are finished."""
        self._ready.clear()

    def submit(self, rows: Sequence[Mapping[str, Any]], seconds: float) -> Future[list[Answer]]:
        """Answers to come, one a row, each with an id. Nobody waits longer than `seconds`.

        Raises `RequestInvalid`, `RequestTooLarge` (every problem named) or `Overloaded`.
        """
        examples = self.predictor.parse(admit(rows, self.predictor.task, self.options))
        return self._queue.submit(examples, time.monotonic() + seconds)

    def _answer(self, examples: Sequence[Example]) -> list[Answer]:
        predictions = self.predictor.predict_examples(examples)
        pairs = zip(predictions, examples, strict=True)
        return [{"id": str(uuid.uuid4()), **present(answer, example, self.options.top)} for answer, example in pairs]
