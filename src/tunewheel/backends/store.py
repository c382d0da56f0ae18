"""The store of a workspace: versions, roll-out, ledger, seals, tokens, journal in one database, at today's schema."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import URL, insert, select

from ..feedback.journal import Journal
from ..registry.frozen import SealStore
from ..registry.ledger import Ledger
from ..registry.rollout import RolloutStore
from ..registry.tokens import TokenStore
from ..registry.versions import VersionStore
from .counting import writing
from .database import Database
from .journal import SqlJournal
from .ledger import SqlLedger
from .migrations import migrate
from .rollout import SqlRollout
from .seals import SqlSeals
from .tables import owners
from .tokens import SqlTokens
from .versions import SqlVersions


class Store:
    """Opens a database (SQLite or PostgreSQL), migrates it, and offers what a workspace keeps there.

    Raises `WorkspaceError` when the database cannot be used, is damaged, or is newer than this Tunewheel.
    """

    def __init__(self, url: str | URL) -> None:
        self._database = Database(url)
        try:
            migrate(self._database)
        except BaseException:
            self._database.close()
            raise
        self.versions: VersionStore = SqlVersions(self._database)
        self.rollout: RolloutStore = SqlRollout(self._database)
        self.ledger: Ledger = SqlLedger(self._database)
        self.seals: SealStore = SqlSeals(self._database)
        self.tokens: TokenStore = SqlTokens(self._database)
        self.journal: Journal = SqlJournal(self._database)

    @classmethod
    def in_file(cls, path: Path) -> Store:
        """The store in an SQLite file, made if it is not there."""
        return cls(URL.create("sqlite", database=str(path)))

    def owner(self) -> str | None:
        """The name of the workspace that claimed this database."""
        with self._database.reading() as connection:
            return connection.execute(select(owners.c.workspace)).scalar_one_or_none()

    def claim(self, workspace: str) -> str:
        """Claim the database for a workspace; gives who has it, which is another when that one was first."""
        with writing(self._database) as connection:
            first = connection.execute(select(owners.c.workspace)).scalar_one_or_none()
            if first is None:
                connection.execute(insert(owners).values(workspace=workspace))
            return str(first or workspace)

    def close(self) -> None:
        """Give back all connections."""
        self._database.close()
