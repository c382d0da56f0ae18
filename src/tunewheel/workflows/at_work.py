"""at_work: a version that answers, and follows its alias when another one goes live."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import TunewheelError
from ..feedback.options import JournalOptions
from ..serving import Keeper, Keyring, Service, ServingOptions, Switch
from ..serving.variant import Tolerance
from ..workspace import Workspace
from .desk import Desk
from .load import Engine, load
from .say import Say, Silent

_log = logging.getLogger("tunewheel.serving")

LOOK_SECONDS = 1.0
# A version that could not be brought in is tried again after so long, or when another one is named.
AGAIN_SECONDS = 30.0


@dataclass(frozen=True)
class Job:
    """What a server process is to do; can be handed to another process. `threads` 0: as many as there are cores."""

    workspace: Path
    version: str = "live"
    engine: Engine = "auto"
    threads: int = 0
    options: ServingOptions = field(default_factory=ServingOptions)
    tolerance: Tolerance = field(default_factory=Tolerance)
    journal: JournalOptions = field(default_factory=JournalOptions)


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
    switch = Switch(started(workspace, job, job.version, keeper))
    follower = Follower(workspace, job, switch, keyring, Logged(), keeper)
    threading.Thread(target=follower.run, name="tunewheel-follower", daemon=True).start()
    return switch, Desk(workspace.journal, lambda: switch.current.predictor.task, keeper, job.journal)


def started(workspace: Workspace, job: Job, version: str, keeper: Keeper | None = None) -> Service:
    """A service of the version, warmed up."""
    predictor = load(workspace, version, job.engine, job.tolerance, job.threads)
    service = Service(predictor, job.options, keeper)
    service.start()
    return service


class Follower:
    """Looks once a second which version the alias names and which tokens there are, and brings them in.

    What cannot be brought in (a damaged version, a database that is away) changes nothing: what is served stays.
    """

    def __init__(
        self, workspace: Workspace, job: Job, switch: Switch, keyring: Keyring | None, say: Say,
        keeper: Keeper | None = None,
    ) -> None:  # fmt: skip
        self.workspace, self.job, self.switch, self.keyring, self.say = workspace, job, switch, keyring, say
        self.keeper = keeper
        self._failed, self._again = "", 0.0

    def run(self) -> None:
        """Look for ever; for a thread that ends with its process."""
        while True:
            time.sleep(LOOK_SECONDS)
            self.look()

    def look(self) -> None:
        """Look once."""
        try:
            if self.keyring:
                self.keyring.change(self.workspace.tokens.list())
            wanted = self.workspace.versions.aliases().get(self.job.version)
        except (TunewheelError, OSError):
            return  # the database is busy or away: as it was is better than not at all
        if wanted and wanted != self.switch.version:
            self._bring_in(wanted)

    def _bring_in(self, wanted: str) -> None:
        if wanted == self.switch.before:
            self.switch.back()
            return self.say.line(f"{wanted} answers again.")
        if wanted == self._failed and time.monotonic() < self._again:
            return None
        try:
            self.switch.use(started(self.workspace, self.job, wanted, self.keeper))
        except (TunewheelError, OSError) as error:
            if wanted != self._failed:
                self.say.line(f"{wanted} cannot be served; {self.switch.version} goes on answering. {error}")
            self._failed, self._again = wanted, time.monotonic() + AGAIN_SECONDS
            return None
        self._failed = ""
        return self.say.line(f"{wanted} answers from now on.")
