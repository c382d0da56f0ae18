"""Trials: a candidate at work beside the live version, unseen (shadow) or for a share of the requests (canary)."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any, Protocol

from ..feedback.kept import is_sampled
from .beside import Beside
from .pending import Pending
from .present import Answer
from .service import Read, Service
from .tally import Tally

Rows = Sequence[Mapping[str, Any]]


class Trial(Protocol):
    """A candidate and the way in which it works beside the live version."""

    candidate: Service
    beside: Beside

    def ask(self, live: Service, rows: Rows, seconds: float, *, alone: bool, keep: bool, key: str) -> Pending:
        """Answers to come. Raises what `Service.submit` of the live version raises."""


class Shadow:
    """The live version answers; afterwards the candidate is asked about a `share` of what is kept, too."""

    def __init__(self, candidate: Service, beside: Beside, share: float = 1.0) -> None:
        self.candidate, self.beside, self.share = candidate, beside, share

    def ask(self, live: Service, rows: Rows, seconds: float, *, alone: bool, keep: bool, key: str) -> Pending:
        pending = live.ask(rows, seconds, alone=alone, keep=keep, key=key)
        if keep and live.keeper is not None:
            share = self.share * live.keeper.options.keep
            pending.answers.add_done_callback(partial(self._too, rows, share))
        return pending

    def _too(self, rows: Rows, share: float, done: Future[list[Answer]]) -> None:
        if done.cancelled() or done.exception() is not None:
            return
        asked = [
            (row, answer) for row, answer in zip(rows, done.result(), strict=True) if is_sampled(answer["id"], share)
        ]
        self.beside.offer(self.candidate, [row for row, _ in asked], [answer for _, answer in asked])


class Canary:
    """The candidate answers a `share` of the requests, always those of the same keys. What it cannot answer the live
    version does.

    The live version is asked about them, too, afterwards, to see how often they differ. `tally` counts the rest.
    """

    def __init__(self, candidate: Service, beside: Beside, share: float, tally: Tally) -> None:
        self.candidate, self.beside, self.share, self.tally = candidate, beside, share, tally

    def ask(self, live: Service, rows: Rows, seconds: float, *, alone: bool, keep: bool, key: str) -> Pending:
        read = live.read(rows)  # a client's mistake is nobody's fault here
        if is_chosen(key or read.key, self.share, self.candidate.version):
            return _Try(self, live, rows, read, seconds, keep).begun(alone)
        started = time.monotonic()
        try:
            answers = live.take(read, seconds, alone=alone, keep=keep)
        except Exception as error:
            self.tally.failed("old", error)
            raise
        answers.add_done_callback(partial(self._answered, started))
        return Pending(live.version, answers)

    def _answered(self, started: float, done: Future[list[Answer]]) -> None:
        if done.cancelled():
            return
        error = done.exception()
        if error is None:
            self.tally.answered("old", time.monotonic() - started)
        else:
            self.tally.failed("old", error)


class _Try:
    """One request that the candidate is to answer. The live version steps in where it does not."""

    def __init__(
        self, canary: Canary, live: Service, rows: Rows, read: Read, seconds: float, keep: bool
    ) -> None:  # fmt: skip
        self.canary, self.live, self.rows, self.read, self.keep = canary, live, rows, read, keep
        self.started = time.monotonic()
        self.latest = self.started + seconds
        self.pending = Pending(canary.candidate.version)
        self.pending.answers.set_running_or_notify_cancel()  # who leaves is answered all the same: it is a small share

    def begun(self, alone: bool) -> Pending:
        """Ask the candidate."""
        try:
            tried = self.canary.candidate.submit(
                self.rows, self.latest - self.started, alone=alone, keep=self.keep, role="canary"
            )
        except Exception as error:  # whatever it is, the client must not feel it
            self._step_in(error)
        else:
            tried.add_done_callback(self._tried)
        return self.pending

    def _tried(self, done: Future[list[Answer]]) -> None:
        error = done.exception()
        if error is not None:
            return self._step_in(error)
        seconds = time.monotonic() - self.started
        self.pending.answers.set_result(done.result())
        self.canary.tally.answered("new", seconds)
        return self.canary.beside.offer(self.live, self.rows, done.result(), keep=self.keep)

    def _step_in(self, error: BaseException) -> None:
        self.canary.tally.failed("new", error)
        self.pending.version = self.live.version
        try:
            answers = self.live.take(self.read, self.latest - time.monotonic(), keep=self.keep)
        except Exception as refusal:
            return self.pending.answers.set_exception(refusal)
        return answers.add_done_callback(self._stepped_in)

    def _stepped_in(self, done: Future[list[Answer]]) -> None:
        error = done.exception()
        if error is not None:
            self.pending.answers.set_exception(error)
        else:
            self.pending.answers.set_result(done.result())


def is_chosen(key: str, share: float, candidate: str) -> bool:
    """Whether requests of this key go to the candidate: the same for every process, and again where the share grows."""
    drawn = hashlib.sha256(f"{candidate}\0{key}".encode("utf-8", "surrogatepass")).digest()[:8]
    return int.from_bytes(drawn) < share * 2**64
