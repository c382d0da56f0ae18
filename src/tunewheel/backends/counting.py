"""Counters: who takes the next number holds everybody else back until the transaction ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, select, update

from .database import Database
from .tables import counters


@contextmanager
def writing(database: Database) -> Iterator[Connection]:
    """A transaction that is alone in changing anything, on every database: all writers lock the same row first."""
    with database.writing() as connection:
        connection.execute(select(counters.c.value).where(counters.c.name == "ledger").with_for_update())
        yield connection


def next_number(connection: Connection, name: str) -> int:
    """Count one further and return the new number, from 1."""
    connection.execute(update(counters).where(counters.c.name == name).values(value=counters.c.value + 1))
    return current_number(connection, name)


def current_number(connection: Connection, name: str) -> int:
    """How far a counter has come."""
    return int(connection.execute(select(counters.c.value).where(counters.c.name == name)).scalar_one())
