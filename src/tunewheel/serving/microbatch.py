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
from .priority import give_way

# A request that costs more than so many usual ones counts as so many in what is usual.
UNUSUAL = 4

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class _Answers(Future[list[Answer]]):
    """Answers to come. `left` says that nobody waits for them any more, whether they are being worked or not."""

    left = False

    def cancel(self) -> bool:
        """Leave, as far as that still helps."""
        self.left = True
        return super().cancel()


@dataclass(eq=False)
class _Request(Generic[Item, Answer]):
    items: Sequence[Item]
    cost: int
    deadline: float
    future: _Answers[Answer] = field(default_factory=_Answers)

    @property
    def is_wanted(self) -> bool:
        """Whether somebody still waits, and may."""
        return not self.future.left and self.deadline >= time.monotonic()


def _one(_item: object) -> int:
    return 1


class Queue(Generic[Item, Answer]):
    """Requests wait here, at most `queue_rows` rows of them and at most about `queue_seconds`.

    `work(items)` gives one answer an item, in order, and runs on the threads of so many `workers`; `lone` does the same
    in the thread of who asks `at_once`. Requests are worked together as long as the `cost` of their items stays within
    `together`; one that costs more is worked alone. An error of `work` reaches only the request that caused it.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Item]], list[Answer]],
        *,
        queue_rows: int,
        queue_seconds: float = math.inf,
        together: int = 0,
        cost: Callable[[Item], int] = _one,
        workers: int = 1,
        lone: Callable[[Sequence[Item]], list[Answer]] | None = None,
    ) -> None:
        self.together = together
        self._work, self._lone = work, lone or work
        self._queue_rows = queue_rows
        self._queue_seconds = queue_seconds
        self._cost = cost
        self._waiting: deque[_Request[Item, Answer]] = deque()
        self._rows = self._units = 0
        self._at_work: dict[int, tuple[float, int]] = {}  # by thread, when it began and what it costs
        self._working = threading.local()
        self._seconds_a_unit = self._units_a_request = 0.0
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

    @property
    def seconds(self) -> float:
        """About how long one who joins now will wait: for those who wait, and for the first worker to become free."""
        return self._units * self._seconds_a_unit / len(self._workers) + self._until_free()

    def full(self, coming: int = 0) -> bool:
        """Whether nobody more is admitted once so many others of the usual size have joined."""
        ahead = self.seconds + coming * self._units_a_request * self._seconds_a_unit / len(self._workers)
        return not self._open or self._rows + coming >= self._queue_rows or ahead > self._queue_seconds

    @property
    def idle(self) -> bool:
        """Whether nothing waits and nothing is worked."""
        return not self._rows and not self._at_work

    def submit(self, items: Sequence[Item], deadline: float) -> Future[list[Answer]]:
        """Join the line; `deadline` is a `time.monotonic()` moment after which nobody waits for the answer.

        Raises `Overloaded` when the line is full or closed. The future fails with `TimeoutError` when the
        deadline passes before work on the request begins; cancel it to leave the line, or to say that nobody waits.
        """
        request: _Request[Item, Answer] = _Request(items, sum(map(self._cost, items)), deadline)
        with self._changed:
            self._admit(len(items))
            self._learn_size(request.cost)
            self._waiting.append(request)
            self._rows += len(items)
            self._units += request.cost
            self._changed.notify()
        return request.future

    def at_once(self, items: Sequence[Item], seconds: float) -> list[Answer] | None:
        """The answers, worked in the thread that asks: two hand-overs between threads less. None where somebody waits
        or is worked, or where it would take more than about `seconds`."""
        units = sum(map(self._cost, items))
        with self._changed:
            free = self._open and not self._waiting and len(self._at_work) < len(self._workers)
            if not free or not 0 < units * self._seconds_a_unit <= seconds:
                return None
            self._begin(units)
        try:
            return self._lone(items)
        finally:
            self._done()

    def is_wanted(self) -> bool:
        """Whether somebody still waits for what this thread works: who works for long asks now and then."""
        requests: Sequence[_Request[Item, Answer]] = getattr(self._working, "requests", ())
        return not requests or any(request.is_wanted for request in requests)

    def learn(self, seconds: float, items: Sequence[Item]) -> None:
        """Hear how long a request of these items took elsewhere."""
        units = sum(map(self._cost, items))
        self._learn_pace(seconds, units)
        self._learn_size(units)

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
            left, self._rows, self._units = list(self._waiting), 0, 0
            self._waiting.clear()
        for request in left:
            if request.future.set_running_or_notify_cancel():
                request.future.set_exception(Overloaded("the server stopped before it could answer.", mend=_AGAIN))
        return not left and not any(worker.is_alive() for worker in self._workers)

    def _admit(self, rows: int) -> None:
        if not self._open:
            raise Overloaded("the server is shutting down.", mend=_AGAIN)
        if self._rows + rows > self._queue_rows or self.seconds > self._queue_seconds:
            error = Overloaded(f"{self._rows} rows are waiting, and no more may.", mend=_AGAIN)
            error.retry_after = max(1, math.ceil(self.seconds))
            raise error

    def _run(self) -> None:
        give_way()
        while requests := self._next():
            self._answer(requests)
            self._done()

    def _next(self) -> list[_Request[Item, Answer]]:
        """Requests to answer together; empty when the line is closed and nobody waits."""
        with self._changed:
            while True:
                self._changed.wait_for(lambda: self._waiting or not self._open)
                if not self._waiting:
                    return []
                if requests := self._take():
                    self._begin(sum(request.cost for request in requests))
                    return requests

    def _take(self) -> list[_Request[Item, Answer]]:
        """From the head of the line what is worked together; those who left or whose time is over are dropped."""
        taken: list[_Request[Item, Answer]] = []
        room = self.together
        while self._waiting and (not taken or self._waiting[0].cost <= room):
            request = self._waiting.popleft()
            self._rows -= len(request.items)
            self._units -= request.cost
            if _still_wanted(request):
                taken.append(request)
                room -= request.cost
        return taken

    def _answer(self, requests: Sequence[_Request[Item, Answer]]) -> None:
        self._working.requests = requests
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

    def _begin(self, units: int) -> None:
        """This thread begins to work; the lock is held."""
        self._at_work[threading.get_ident()] = (time.monotonic(), units)

    def _done(self) -> None:
        self._working.requests = ()  # else they would be kept until the next ones come
        with self._changed:
            started, units = self._at_work.pop(threading.get_ident())
            self._learn_pace(time.monotonic() - started, units)

    def _until_free(self) -> float:
        """About how long until some worker is free; nothing while one is."""
        if len(self._at_work) < len(self._workers):
            return 0.0
        now = time.monotonic()
        left = [units * self._seconds_a_unit - (now - began) for began, units in list(self._at_work.values())]
        return max(min(left, default=0.0), 0.0)

    def _learn_pace(self, seconds: float, units: int) -> None:
        self._seconds_a_unit = _follow(self._seconds_a_unit, seconds / max(units, 1))

    def _learn_size(self, units: int) -> None:
        """Of one huge request a few usual ones: it says nothing about the next."""
        usual = self._units_a_request
        self._units_a_request = _follow(usual, min(units, UNUSUAL * usual) if usual else units)


_AGAIN = "Try again later."


def _follow(mean: float, value: float) -> float:
    """A mean that forgets; the first value is all that it knows."""
    return 0.8 * mean + 0.2 * value if mean else value


def _still_wanted(request: _Request[Item, Answer]) -> bool:
    if not request.future.set_running_or_notify_cancel():
        return False
    if request.deadline < time.monotonic():
        request.future.set_exception(TimeoutError("the request waited longer than it may."))
        return False
    return True
