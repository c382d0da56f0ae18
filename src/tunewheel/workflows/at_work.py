"""at_work: a version that answers, and follows its alias and the roll-out when they change."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from ..errors import TunewheelError
from ..feedback.options import JournalOptions
from ..registry import LIVE, PREVIOUS
from ..serving import Keeper, Keyring, Service, ServingOptions, Switch
from ..serving.priority import give_way
from ..serving.switch import check_reads
from ..serving.variant import Tolerance
from ..workspace import Workspace
from .desk import Desk
from .load import Engine, load
from .say import Say, Silent
from .trials import Attempts, Trials

_log = logging.getLogger("tunewheel.serving")

LOOK_SECONDS = 0.25


@dataclass(frozen=True)
class Job:
    """What a server process is to do; can be handed to another process.

    `threads` is how many requests it answers at once, `spread` on how many cores one large request is computed; 0: as
    many as there are cores, and as `threads`. A small request that comes alone is computed on `lone` cores. `reads` is
    what the rows of clients hold, once that is known: a version that reads something else is not served.
    """

    workspace: Path
    version: str = "live"
    engine: Engine = "auto"
    threads: int = 0
    options: ServingOptions = field(default_factory=ServingOptions)
    tolerance: Tolerance = field(default_factory=Tolerance)
    journal: JournalOptions = field(default_factory=JournalOptions)
    spread: int = 0
    lone: int = 1
    reads: str = ""


class Logged(Silent):
    """Lines go to the log of the process, which stands on stderr."""

    def line(self, text: str) -> None:
        """One sentence for who runs the server."""
        _log.warning(text)


def at_work(job: Job, keyring: Keyring | None = None) -> tuple[Switch, Desk]:
    """A warm service that follows the alias which the job names, as does the `keyring` the tokens of the workspace; and
    where people correct it.

    Raises what `load` raises.
    """
    workspace = Workspace.open(job.workspace, create=False)
    keeper = Keeper(workspace.journal, job.journal) if job.journal.keep else None
    switch = Switch(_first(workspace, job, keeper))
    follower = Follower(workspace, job, switch, keyring, Logged(), keeper)
    if keyring:  # it is as old as the server, and this process may be a new one
        keyring.change(workspace.tokens.list())
    threading.Thread(target=follower.run, name="tunewheel-follower", daemon=True).start()
    return switch, Desk(workspace.journal, lambda: switch.current.predictor.task, keeper, job.journal)


def _first(workspace: Workspace, job: Job, keeper: Keeper | None) -> Service:
    """A service of what the job names. A process that begins while the live version cannot be served (it is damaged, or
    reads something else) answers with the one before, as the processes do that were there already."""
    try:
        return started(workspace, job, job.version, keeper)
    except TunewheelError as error:
        if job.version != LIVE or PREVIOUS not in workspace.versions.aliases():
            raise
        _log.warning("the live version cannot be served, the one before answers: %s", error)
        return started(workspace, job, PREVIOUS, keeper)


def started(workspace: Workspace, job: Job, version: str, keeper: Keeper | None = None) -> Service:
    """A service of the version, warmed up. Raises what `load` raises, and `ServingError` where it reads something else
    than the job says."""
    predictor = load(workspace, version, job.engine, job.tolerance, job.threads, job.spread, job.lone)
    check_reads(predictor.version, predictor.task.reads, job.reads or predictor.task.reads)
    service = Service(predictor, job.options, keeper)
    try:
        service.start()
    except BaseException:
        service.stop(0.0)  # its threads would wait for ever
        raise
    return service


class Follower:
    """Looks again and again which version the alias names, what works beside it and which tokens there are, and brings
    them in.

    What cannot be brought in (a damaged version, a database that is away) changes nothing: what is served stays.
    """

    def __init__(
        self, workspace: Workspace, job: Job, switch: Switch, keyring: Keyring | None, say: Say,
        keeper: Keeper | None = None,
    ) -> None:  # fmt: skip
        self.workspace, self.job, self.switch, self.keyring, self.say = workspace, job, switch, keyring, say
        self.keeper = keeper
        self._attempts, self._trials = Attempts(say), Trials(workspace, switch, self._started, say)
        self._seen: int | None = None
        self._said = ""

    def run(self) -> None:
        """Look for ever; for a thread that ends with its process."""
        give_way()
        while True:
            time.sleep(LOOK_SECONDS)
            self.look()

    def look(self) -> None:
        """Look once. Where the ledger has no new entry nothing has changed."""
        with self._enduring():
            last = self.workspace.ledger.last()
            if last != self._seen:
                self._seen = last if self._followed() else None
        with self._enduring():
            self._trials.look()

    @contextmanager
    def _enduring(self) -> Iterator[None]:
        """Go on whatever happens: as it was is better than not at all, and tokens must go on being revoked. That the
        database is busy or away is nothing to speak of; anything else is said once."""
        try:
            yield
        except (TunewheelError, OSError):
            return
        except Exception as error:
            if (said := repr(error)) != self._said:
                self._said = said
                _log.exception("what has changed could not be seen; the server goes on as it is")

    def _followed(self) -> bool:
        """Whether all is as the workspace says."""
        if self.keyring:
            self.keyring.change(self.workspace.tokens.list())
        # The roll-out first: a candidate that goes live meanwhile is still at hand when it is asked for.
        rollout = self.workspace.rollout.now() if self.job.version == LIVE else None
        wanted = self.workspace.versions.aliases().get(self.job.version)
        if not wanted or wanted == self.switch.version:
            return self._trials.follow(rollout)
        otherwise = f"{self.switch.version} goes on answering."
        self._attempts.bring_in(wanted, partial(self._bring_in, wanted), otherwise)
        return False  # what works beside it is seen to at the next look

    def _bring_in(self, wanted: str) -> None:
        if warm := self.switch.warm(wanted):
            self.switch.use(warm)
            return self.say.line(f"{wanted} answers at once: it was kept warm.")
        self.switch.use(self._started(wanted))
        return self.say.line(f"{wanted} answers from now on.")

    def _started(self, version: str) -> Service:
        # Every hash is checked first of all: what is loaded for a version (torch, for one that was not exported) stays
        # in the process, and a damaged one shall leave nothing behind.
        self.workspace.bundle(version)
        return started(self.workspace, self.job, version, self.keeper)
