"""Service: a predictor behind a queue; what a server asks, free of any web."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..feedback.identity import new_id
from ..feedback.journal import Role
from ..records import Example, Prediction, Row
from .intake import admit, content_columns
from .keeper import Keeper
from .microbatch import Queue
from .options import ServingOptions
from .pending import Pending
from .predictor import Predictor, cost
from .present import Answer, present

# Whether company pays is measured with so many rows, so often; it pays from this share of their time one by one.
COMPANY, TIMES, PAYS = 8, 3, 0.8
# No longer than this may a request that is alone keep its thread, which is the one that listens to all clients. On a
# busy machine a text of twice the usual length takes five milliseconds.
LONE_SECONDS = 0.01


@dataclass(frozen=True, slots=True)
class Read:
    """The rows of a request as they were admitted, and as examples."""

    rows: Sequence[Row]
    examples: Sequence[Example]

    @property
    def key(self) -> str:
        """The content keys of all rows."""
        return " ".join(example.key for example in self.examples)


class Service:
    """Answers requests with one version. `start` warms it up; `stop` finishes what waits and closes it.

    A `keeper`, if there is one, is given every answer, with the role in which it was given.
    """

    def __init__(
        self, predictor: Predictor, options: ServingOptions | None = None, keeper: Keeper | None = None
    ) -> None:  # fmt: skip
        self.predictor = predictor
        self.keeper = keeper
        self.options = options or ServingOptions()
        self._ready = threading.Event()
        self._queue: Queue[Example, Answer] = Queue(
            self._answer,
            queue_rows=self.options.queue_rows,
            queue_seconds=self.options.queue_seconds,
            cost=cost,
            workers=predictor.at_once,
            lone=partial(self._answer, alone=True),
        )

    @property
    def current(self) -> Service:
        """Who answers a request that comes now (see `Switch`)."""
        return self

    @property
    def version(self) -> str:
        return self.predictor.version

    @property
    def form(self) -> str:
        """The variant that answers; empty for the version as it was trained."""
        return self.predictor.form

    @property
    def task(self) -> str:
        return self.predictor.task.name

    @property
    def reads(self) -> str:
        """What a row holds: "text", "words" or "image"."""
        return self.predictor.task.reads

    @property
    def columns(self) -> Mapping[str, str]:
        """What a row may hold ("text", "words", "image"), and the column that it is read from."""
        return content_columns(self.predictor.task)

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

    def full(self, coming: int = 0) -> bool:
        """Whether one more request would be refused, behind so many others that are coming."""
        return self._queue.full(coming)

    @property
    def idle(self) -> bool:
        """Whether no request waits or is being answered."""
        return self._queue.idle

    @property
    def beside(self) -> Mapping[str, int]:
        """What became of rows that another version was asked about, too (see `Switch`)."""
        return {}

    @property
    def together(self) -> bool:
        """Whether waiting requests are answered together."""
        return self._queue.together > 0

    def start(self) -> None:
        """Answer rows of the sample, so that the first client does not pay for what is loaded on first use, and see
        whether requests are answered faster together than one by one."""
        row = self.predictor.parse(admit(self.sample[:1], self.predictor.task, self.options))
        self.predictor.predict_examples(row)
        alone, all_of_them = self._seconds(row), self._seconds(row * COMPANY)
        self._queue.learn(alone, row)
        if self.predictor.alike and all_of_them < PAYS * COMPANY * alone:
            self._queue.together = self.options.batch_bytes
        self._ready.set()

    def stop(self, seconds: float) -> bool:
        """Accept nothing more and finish what waits; True when all was answered within `seconds`."""
        self.retire()
        return self._queue.drain(seconds)

    def retire(self) -> None:
        """Say "not ready" from now on, so that new requests go elsewhere while old ones are finished."""
        self._ready.clear()

    def ask(
        self, rows: Sequence[Mapping[str, Any]], seconds: float, *, alone: bool = False, keep: bool = True,
        key: str = "",
    ) -> Pending:  # fmt: skip
        """As `submit`; whatever the `key` of the client, it is this version that answers."""
        return Pending(self.version, self.submit(rows, seconds, alone=alone, keep=keep))

    def submit(
        self, rows: Sequence[Mapping[str, Any]], seconds: float, *, alone: bool = False, keep: bool = True,
        role: Role = "live",
    ) -> Future[list[Answer]]:  # fmt: skip
        """Answers to come, one a row, each with an id. Nobody waits longer than `seconds`.

        Who is `alone`, with nobody else's request in sight, may be answered here and now. With `keep` false nothing of
        the rows is kept in the journal. Raises what `read` and `take` raise.
        """
        return self.take(self.read(rows), seconds, alone=alone, keep=keep, role=role)

    def read(self, rows: Sequence[Mapping[str, Any]]) -> Read:
        """Rows of a client, checked. Raises `RequestInvalid` or `RequestTooLarge`, every problem named."""
        admitted = admit(rows, self.predictor.task, self.options)
        return Read(admitted, self.predictor.parse(admitted))

    def take(
        self, read: Read, seconds: float, *, alone: bool = False, keep: bool = True, role: Role = "live"
    ) -> Future[list[Answer]]:  # fmt: skip
        """As `submit`, for what this service has read. Raises `Overloaded`."""
        answers = self._queue.at_once(read.examples, LONE_SECONDS) if alone else None
        if answers is None:
            done = self._queue.submit(read.examples, time.monotonic() + seconds)
        else:
            done = Future()
            done.set_result(answers)
        if self.keeper is not None:
            done.add_done_callback(partial(self._note, self.keeper, read, keep, role))
        return done

    def think(self, row: Mapping[str, Any], identity: str, *, keep: bool = True) -> Answer:
        """What this version says of a row that another one answered under this id; noted, and served to nobody.

        Works in the thread that asks, which gives way to all others. Raises what `read` raises, and what the model
        does.
        """
        read = self.read([row])
        (answer,) = self._presented(self.predictor.predict_beside(read.examples), read.examples)
        answer["id"] = identity
        if self.keeper is not None:
            self.keeper.note(read.rows, read.examples, [answer], self.version, "shadow", wanted=keep)
        return answer

    def _note(self, keeper: Keeper, read: Read, keep: bool, role: Role, done: Future[list[Answer]]) -> None:
        if not done.cancelled() and done.exception() is None:
            keeper.note(read.rows, read.examples, done.result(), self.version, role, wanted=keep)

    def _seconds(self, examples: Sequence[Example]) -> float:
        """The least time that answering the examples took."""
        taken = []
        for _ in range(TIMES):
            started = time.perf_counter()
            self.predictor.predict_examples(examples)
            taken.append(time.perf_counter() - started)
        return min(taken)

    def _answer(self, examples: Sequence[Example], alone: bool = False) -> list[Answer]:
        if alone:
            return self._presented(self.predictor.predict_alone(examples), examples)
        return self._presented(
            self.predictor.predict_examples(examples, is_wanted=self._queue.is_wanted), examples
        )  # fmt: skip

    def _presented(self, predictions: Sequence[Prediction], examples: Sequence[Example]) -> list[Answer]:
        pairs = zip(predictions, examples, strict=True)
        return [{"id": new_id(), **present(answer, example, self.options.top)} for answer, example in pairs]
