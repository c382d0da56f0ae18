"""Switch: one service at work, the one before it kept warm, so that going back takes no time, perhaps a candidate."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import ServingError
from ..records import Row
from .pending import Pending
from .service import Service
from .trial import Trial

# Who was asked before the switch is still answered; nobody waits longer than this for it.
LAST_SECONDS = 60.0


class Switch:
    """Answers with its `current` service. Another one takes over at once and drops no request: those that were asked
    before are answered by whom they were asked.

    The service before stays warm until yet another one comes, and with `try_out` a candidate works beside the current
    one. Whom nobody needs any more finishes what it was asked and ends.
    """

    def __init__(self, service: Service) -> None:
        self._current = service
        self._before: Service | None = None
        self._trial: Trial | None = None
        self._retired = False

    @property
    def current(self) -> Service:
        """The live version, which answers unless a canary does."""
        return self._current

    @property
    def trial(self) -> Trial | None:
        """The candidate beside it, if there is one."""
        return self._trial

    def warm(self, version: str) -> Service | None:
        """The service of a version, if it is at hand."""
        return next((service for service in self._kept() if service.version == version), None)

    def use(self, service: Service) -> None:
        """Let a service that has been started take over: a new one, or one that is `warm`. A trial is over then.

        Raises `ServingError` when it reads something else: what a client may send and the page that shows it were
        settled at the start.
        """
        self._check(service)
        kept, trial = self._kept(), self._trial
        # In this order, so that who asks meanwhile finds a service that goes on.
        self._trial, self._before, self._current = None, self._current, service
        self._let_go(kept, trial)

    def try_out(self, trial: Trial | None) -> None:
        """Let a candidate work beside the current service in place of the one before, or none. Raises as `use`."""
        if trial is not None:
            self._check(trial.candidate)
        kept, over = self._kept(), self._trial
        self._trial = trial
        self._let_go(kept, over)

    def idle(self) -> bool:
        """Whether nobody is being answered."""
        return all(service.idle for service in self._kept())

    @property
    def beside(self) -> Mapping[str, int]:
        """What became of the rows that both, candidate and current service, were to answer."""
        trial = self._trial
        return dict(trial.beside.ends) if trial else {}

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

    def full(self, coming: int = 0) -> bool:
        """Whether one more request would be refused."""
        return self._current.full(coming)

    def retire(self) -> None:
        """Be not `ready` from now on."""
        self._retired = True

    def stop(self, seconds: float) -> bool:
        """Accept nothing more and finish what waits; True when all was answered within `seconds`."""
        self.retire()
        stopped = [service.stop(seconds) for service in self._kept()]  # every one of them
        return all(stopped)

    def ask(
        self, rows: Sequence[Mapping[str, Any]], seconds: float, *, alone: bool = False, keep: bool = True,
        key: str = "",
    ) -> Pending:  # fmt: skip
        """As `Service.ask`, by who is `current`, or by the candidate that has a share of the requests."""
        current, trial = self._current, self._trial
        if trial is None or trial.candidate is current:
            return current.ask(rows, seconds, alone=alone, keep=keep)
        return trial.ask(current, rows, seconds, alone=alone, keep=keep, key=key)

    def _check(self, service: Service) -> None:
        check_reads(service.version, service.reads, self._current.reads)

    def _kept(self) -> list[Service]:
        candidate = self._trial.candidate if self._trial else None
        services = (self._current, self._before, candidate)
        return list({id(service): service for service in services if service is not None}.values())

    def _let_go(self, kept: Sequence[Service], trial: Trial | None) -> None:
        """End the trial that is over, and the services that are not needed any more."""
        if trial is not None:
            trial.beside.close()
        needed = {id(service) for service in self._kept()}
        for service in kept:
            if id(service) not in needed:
                # In a thread of its own: what was asked of it long ago may still be answered.
                threading.Thread(target=service.stop, args=(LAST_SECONDS,), daemon=True).start()


def check_reads(version: str, reads: str, served: str) -> None:
    """Raises `ServingError` where a version reads something else ("text", "words", "image") than what is `served`."""
    if reads != served:
        what = f"version {version} reads {reads}, and this server {served}."
        raise ServingError(what, mend="Stop the server and start it again.")
