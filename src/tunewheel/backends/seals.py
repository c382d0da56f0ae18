"""Seals of frozen test sets in the database. Obeys `registry.frozen.SealStore`."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select

from ..registry.frozen import Seal
from ..registry.names import checked_slug
from .counting import writing
from .database import Database
from .ledger import enter
from .tables import seals


class SqlSeals:
    """The first seal under a name is kept; later ones are not."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def seal(self, seal: Seal) -> Seal:
        checked_slug(seal.name, "name of a test set")
        with writing(self._database) as connection:
            first = _find(connection, seal.name)
            if first is not None:
                return first
            connection.execute(insert(seals).values(name=seal.name, sha256=seal.sha256, created=seal.created))
            enter(connection, "test frozen", {"name": seal.name, "sha256": seal.sha256})
            return seal

    def sealed(self, name: str) -> Seal | None:
        with self._database.reading() as connection:
            return _find(connection, name)


def _find(connection: Connection, name: str) -> Seal | None:
    row = connection.execute(select(seals).where(seals.c.name == name)).one_or_none()
    return None if row is None else Seal(row.name, row.sha256, row.created)
