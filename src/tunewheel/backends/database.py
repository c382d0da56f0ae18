"""One database, SQLite or PostgreSQL, read and written in short transactions."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DatabaseError, InterfaceError, OperationalError
from sqlalchemy.pool import NullPool

from ..errors import Busy, WorkspaceError

# A writer holds the database for milliseconds; who waits longer than this waits for a process that hangs.
PATIENCE_SECONDS = 30
_MIGRATION_LOCK = 7_453_011
_RESTORE = "Restore it from a copy of the workspace."


class Database:
    """Short transactions on a database. All errors of the database come out as `WorkspaceError` or `Busy`.

    `reading` gives a consistent view; `writing` is exclusive from its first statement on, commits when the block
    ends well and rolls back when it does not.
    """

    def __init__(self, url: str | URL) -> None:
        self.url = make_url(url)
        self.engine = _engine(self.url)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for looking only."""
        with self._translated(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection in a transaction. On PostgreSQL the caller locks a row first (see `counting.writing`)."""
        with self._translated(), self.engine.execution_options(exclusive=True).begin() as connection:
            yield connection

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """A transaction that only one process has at a time, before there are any tables to lock."""
        with self.writing() as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")
            yield connection

    def close(self) -> None:
        """Give back all connections."""
        self.engine.dispose()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        place = self.url.render_as_string(hide_password=True)
        try:
            yield
        except (OperationalError, InterfaceError) as error:
            raise _unavailable(place, error) from error
        except DatabaseError as error:
            if not isinstance(error.orig, sqlite3.DatabaseError) or isinstance(error.orig, sqlite3.IntegrityError):
                raise
            raise WorkspaceError(f"the database is damaged: {error.orig}.", where=place, mend=_RESTORE) from error


def _unavailable(place: str, error: DatabaseError | InterfaceError) -> WorkspaceError:
    """The database cannot be used now: because somebody holds it, or for another reason that it names."""
    if "locked" in str(error.orig):
        return Busy("another process holds the database.", where=place, mend="Wait for it to end, then try again.")
    return WorkspaceError(f"the database cannot be used: {str(error.orig).strip()}.", where=place)


def _engine(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True)
    # No pool: a closed workspace leaves no open file behind, so it can be moved, and processes may fork.
    engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": PATIENCE_SECONDS})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # Python's driver must not open transactions by itself: it would leave the CREATE TABLE of a migration outside.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys=ON")
    deadline = time.monotonic() + PATIENCE_SECONDS
    while connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        # SQLite does not wait for others when it changes to WAL, so we do.
        try:
            connection.execute("PRAGMA journal_mode=WAL").fetchone()
            return
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _begin_sqlite(connection: Connection) -> None:
    exclusive = connection.get_execution_options().get("exclusive", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if exclusive else "BEGIN")
