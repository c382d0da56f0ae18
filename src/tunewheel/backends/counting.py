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
    return count_on(connection, name, 1) + 1


def count_on(connection: Connection, name: str, many: int) -> int:
    """Count `many` further and return how far the counter had come before.

    Others who count by this name wait until the transaction ends, so that numbers become visible in their order: who
    has read up to a number never misses a smaller one that is committed later.
    """
    step = update(counters).where(counters.c.name == name).values(value=counters.c.value + many)
    connection.execute(step)
    return current_number(connection, name) - many


def current_number(connection: Connection, name: str) -> int:
    """How far a counter has come."""
    return int(connection.execute(select(counters.c.value).where(counters.c.name == name)).scalar_one())
