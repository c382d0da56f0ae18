"""Queue: a bounded line of requests before one worker or several, which answer waiting ones together.

A lone request is never held back to wait for company: a worker takes what is there when it becomes free.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from ..errors import Overloaded

Item = TypeVar("Item")
Answer = TypeVar("Answer")


@dataclass(eq=False)
class _Request(Generic[Item, Answer]):
    items: Sequence[Item]
    deadline: float
    future: Future[list[Answer]] = field(default_factory=Future)


class Queue(Generic[Item, Answer]):
    """Requests wait here, at most `queue_rows` rows of them; `work` answers up to `batch_rows` rows at a time.

    `work(items)` gives one answer an item, in order, and runs on the threads of so many `workers`. A request of more
    than `batch_rows` rows is worked alone. An error of `work` reaches only the request that caused it.
    """

    def __init__(
        self, work: Callable[[Sequence[Item]], list[Answer]], *, queue_rows: int, batch_rows: int, workers: int = 1
    ) -> None:
        self._work = work
        self._queue_rows = queue_rows
        self._batch_rows = batch_rows
        self._waiting: deque[_Request[Item, Answer]] = deque()
        self._rows = 0
        self._seconds_a_row = 0.0
        self._changed = threading.Condition()
        self._open = True
        self._workers = [
            threading.Thread(target=self._run, name=f"tunewheel-queue-{number}", daemon=True)
            for number in range(workers)
        ]
        for worker in self._workers:
            worker.start()

    @property
    def rows(self) -> int:
        """Rows that wait."""
        return self._rows

    def submit(self, items: Sequence[Item], deadline: float) -> Future[list[Answer]]:
        """Join the line; `deadline` is a `time.monotonic()` moment after which nobody waits for the answer.

        Raises `Overloaded` when the line is full or closed. The future fails with `TimeoutError` when the
        deadline passes before work on the request begins; cancel it to leave the line.
        """
        request: _Request[Item, Answer] = _Request(items, deadline)
        with self._changed:
            self._admit(len(items))
            self._waiting.append(request)
            self._rows += len(items)
            self._changed.notify()
        return request.future

    def drain(self, seconds: float) -> bool:
        """Accept nothing more, finish what waits; True when all was answered within `seconds`.

        Requests still waiting then fail with `Overloaded`.
        """
        with self._changed:
            self._open = False
            self._changed.notify_all()
        latest = time.monotonic() + seconds
        for worker in self._workers:
            worker.join(max(latest - time.monotonic(), 0.0))
        with self._changed:
            left, self._rows = list(self._waiting), 0
            self._waiting.clear()
        for request in left:
            if request.future.set_running_or_notify_cancel():
                request.future.set_exception(Overloaded("the server stopped before it could answer.", mend=_AGAIN))
        return not left and not any(worker.is_alive() for worker in self._workers)

    def _admit(self, rows: int) -> None:
        if not self._open:
            raise Overloaded("the server is shutting down.", mend=_AGAIN)
        if self._rows + rows > self._queue_rows:
            error = Overloaded(f"{self._rows} rows are waiting and {self._queue_rows} may wait.", mend=_AGAIN)
            error.retry_after = max(1, math.ceil(self._rows * self._seconds_a_row))
            raise error

    def _run(self) -> None:
        while requests := self._next():
            started = time.monotonic()
            self._answer(requests)
            self._learn_pace(time.monotonic() - started, sum(len(request.items) for request in requests))

    def _next(self) -> list[_Request[Item, Answer]]:
        """Requests to answer together; empty when the line is closed and nobody waits."""
        with self._changed:
            while True:
                self._changed.wait_for(lambda: self._waiting or not self._open)
                if not self._waiting:
                    return []
                if requests := self._take():
                    return requests

    def _take(self) -> list[_Request[Item, Answer]]:
        """From the head of the line what fits one batch; those who left or whose time is over are dropped."""
        taken: list[_Request[Item, Answer]] = []
        room = self._batch_rows
        while self._waiting and (not taken or len(self._waiting[0].items) <= room):
            request = self._waiting.popleft()
            self._rows -= len(request.items)
            if _still_wanted(request):
                taken.append(request)
                room -= len(request.items)
        return taken

    def _answer(self, requests: Sequence[_Request[Item, Answer]]) -> None:
        try:
            answers = iter(self._work([item for request in requests for item in request.items]))
        except Exception as error:  # handed to whoever asked, never swallowed
            if len(requests) == 1:
                requests[0].future.set_exception(error)
            else:
                self._answer_one_by_one(requests)
            return
        for request in requests:
            request.future.set_result([next(answers) for _ in request.items])

    def _answer_one_by_one(self, requests: Sequence[_Request[Item, Answer]]) -> None:
        """One of them failed the batch: find it, and let the others have their answers."""
        for request in requests:
            self._answer([request])

    def _learn_pace(self, seconds: float, rows: int) -> None:
        pace = seconds / max(rows, 1)
        self._seconds_a_row = pace if not self._seconds_a_row else 0.8 * self._seconds_a_row + 0.2 * pace


_AGAIN = "Try again later."


def _still_wanted(request: _Request[Item, Answer]) -> bool:
    if not request.future.set_running_or_notify_cancel():
        return False
    if request.deadline < time.monotonic():
        request.future.set_exception(TimeoutError("the request waited longer than it may."))
        return False
    return True
