"""Switch: one service at work and the one before it kept warm, so that going back takes no time."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from ..errors import ServingError
from ..records import Row
from .present import Answer
from .service import Service

# Who was asked before the switch is still answered; nobody waits longer than this for it.
LAST_SECONDS = 60.0


class Switch:
    """Answers with its `current` service. Another one takes over at once and drops no request: those that were asked
    before are answered by whom they were asked.

    Between `use` and its next call the service before stays warm: `back` brings it in again.
    """

    def __init__(self, service: Service) -> None:
        self._current = service
        self._before: Service | None = None
        self._retired = False

    @property
    def current(self) -> Service:
        """Who answers a request that comes now."""
        return self._current

    @property
    def before(self) -> str:
        """The version that is kept warm; empty when there is none."""
        return self._before.version if self._before else ""

    def use(self, service: Service) -> None:
        """Let a service that has been started take over. Raises `ServingError` when it reads something else: what a
        client may send and the page that shows it were settled at the start."""
        if service.reads != self._current.reads:
            what = f"version {service.version} reads {service.reads}, and this server {self._current.reads}."
            raise ServingError(what, mend="Stop the server and start it again.")
        dropped, self._before, self._current = self._before, self._current, service
        if dropped is not None:
            # In a thread of its own: what was asked of it long ago may still be answered.
            threading.Thread(target=dropped.stop, args=(LAST_SECONDS,), daemon=True).start()

    def back(self) -> None:
        """Let the service before take over again; the current one stays warm in its place."""
        if self._before is not None:
            self._current, self._before = self._before, self._current

    @property
    def version(self) -> str:
        return self._current.version

    @property
    def task(self) -> str:
        return self._current.task

    @property
    def reads(self) -> str:
        """What a row holds: "text", "words" or "image"."""
        return self._current.reads

    @property
    def columns(self) -> Mapping[str, str]:
        """What a row may hold ("text", "words", "image"), and the column that it is read from."""
        return self._current.columns

    @property
    def sample(self) -> Sequence[Row]:
        """A few rows of the kind it reads."""
        return self._current.sample

    @property
    def ready(self) -> bool:
        """Warmed up and not stopping."""
        return not self._retired and self._current.ready

    @property
    def waiting(self) -> int:
        """Rows in the queues."""
        return sum(service.waiting for service in self._kept())

    @property
    def full(self) -> bool:
        """Whether one more request would be refused."""
        return self._current.full

    def retire(self) -> None:
        """Be not `ready` from now on."""
        self._retired = True

    def stop(self, seconds: float) -> bool:
        """Accept nothing more and finish what waits; True when all was answered within `seconds`."""
        self.retire()
        stopped = [service.stop(seconds) for service in self._kept()]  # every one of them
        return all(stopped)

    def submit(
        self, rows: Sequence[Mapping[str, Any]], seconds: float, *, alone: bool = False, keep: bool = True
    ) -> Future[list[Answer]]:  # fmt: skip
        """As `Service.submit`, by who is `current`."""
        return self._current.submit(rows, seconds, alone=alone, keep=keep)

    def _kept(self) -> list[Service]:
        return [self._current, *([self._before] if self._before else [])]
