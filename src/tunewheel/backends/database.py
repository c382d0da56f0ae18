"""One database, SQLite or PostgreSQL, read and written in short transactions."""

from __future__ import annotations

import os
import sqlite3
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError, InterfaceError, OperationalError
from sqlalchemy.pool import NullPool

from ..errors import Busy, WorkspaceError
from .urls import checked_url

# A writer holds the database for milliseconds; who waits longer than this waits for a process that hangs.
PATIENCE_SECONDS = 30
CONNECT_SECONDS = 10
_MIGRATION_LOCK = 7_453_011
_LOCK_TIMEOUT = "55P03"
_REFUSALS = {"42501", "3F000"}  # no privilege; no schema to make tables in
_DAMAGES = {"42P01", "42703", "XX001", "XX002"}  # a table or column is missing; broken pages
_RESTORE = "Restore it from a copy of the workspace."


class Database:
    """Short transactions on a database. All errors of the database come out as `WorkspaceError` or `Busy`.

    `reading` gives a consistent view; `writing` is exclusive from its first statement on, commits when the block
    ends well and rolls back when it does not.
    """

    def __init__(self, url: str | URL) -> None:
        self.url = checked_url(url)
        self.engine = _engine(self.url)
        # One view for all statements of a block; PostgreSQL would take a new one for each.
        options = {"isolation_level": "REPEATABLE READ"} if self.engine.dialect.name == "postgresql" else {}
        self._looking = self.engine.execution_options(**options)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for looking only."""
        with self._translated(), self._looking.connect() as connection:
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
                self._check_encoding(connection)
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")
            yield connection

    def _check_encoding(self, connection: Connection) -> None:
        encoding = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
        if encoding not in ("UTF8", b"UTF8"):
            raise WorkspaceError(
                f"the database has the encoding {encoding!s}, which cannot hold every text.",
                where=self.url.render_as_string(hide_password=True),
                mend="Make one with `CREATE DATABASE name ENCODING 'UTF8' TEMPLATE template0`.",
            )

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
            if _state(error) in _REFUSALS:
                raise _refused(place, error) from error
            if not _is_damage(error):
                raise
            raise WorkspaceError(f"the database is damaged: {_sentence(error)}.", where=place, mend=_RESTORE) from error


def _state(error: DatabaseError | InterfaceError) -> str:
    """The code that PostgreSQL gives with an error: https://www.postgresql.org/docs/current/errcodes-appendix.html"""
    return getattr(error.orig, "sqlstate", None) or ""


def _is_damage(error: DatabaseError) -> bool:
    if isinstance(error.orig, sqlite3.DatabaseError):
        return not isinstance(error.orig, sqlite3.IntegrityError)
    return _state(error) in _DAMAGES


def _unavailable(place: str, error: DatabaseError | InterfaceError) -> WorkspaceError:
    """The database cannot be used now: because somebody holds it, or for another reason that it names."""
    if "locked" in str(error.orig) or _state(error) == _LOCK_TIMEOUT:
        return Busy("another process holds the database.", where=place, mend="Wait for it to end, then try again.")
    return WorkspaceError(f"the database cannot be used: {_sentence(error)}.", where=place)


def _refused(place: str, error: DatabaseError) -> WorkspaceError:
    """PostgreSQL knows the user and lets it do too little."""
    mend = "Give the user a database or a schema of its own: `CREATE SCHEMA name AUTHORIZATION user`."
    return WorkspaceError(f"the database refuses: {_sentence(error)}.", where=place, mend=mend)


def _sentence(error: DatabaseError | InterfaceError) -> str:
    """What the driver says, without the statement that it repeats."""
    return str(error.orig).strip().partition("\nLINE ")[0].rstrip(".")


def _engine(url: URL) -> Engine:
    return _sqlite_engine(url) if url.get_backend_name() == "sqlite" else _postgres_engine(url)


def _postgres_engine(url: URL) -> Engine:
    waits = {} if "connect_timeout" in url.query else {"connect_timeout": CONNECT_SECONDS}
    engine = create_engine(url, pool_pre_ping=True, connect_args=waits)
    event.listen(engine, "connect", _prepare_postgres)
    # A child process must not talk through its parent's connections; it opens its own.
    kept = weakref.ref(engine)
    os.register_at_fork(after_in_child=lambda: _let_go(kept()))
    return engine


def _let_go(engine: Engine | None) -> None:
    if engine is not None:
        engine.dispose(close=False)


def _prepare_postgres(connection: Any, _record: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = '{PATIENCE_SECONDS}s'")
    connection.commit()


def _sqlite_engine(url: URL) -> Engine:
    # No pool: a closed workspace leaves no open file behind, so it can be moved, and processes may fork.
    engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": PATIENCE_SECONDS})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # Python's driver must not open transactions by itself: it would leave the CREATE TABLE of a migration outside.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys=ON")
    # What is erased leaves no traces in free pages of the file.
    connection.execute("PRAGMA secure_delete=ON")
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
