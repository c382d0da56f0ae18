"""The ledger in the database. Obeys `registry.ledger.Ledger`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from ..registry.canonical import canonical_json, utc_now
from ..registry.ledger import START, Entry, chained, verify_chain
from .counting import current_number, next_number, writing
from .database import Database
from .tables import ledger


class SqlLedger:
    """Decisions as rows, chained by hash; the counter beside them shows when the last ones were cut off."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, kind: str, facts: Mapping[str, Any]) -> Entry:
        with writing(self._database) as connection:
            return enter(connection, kind, facts)

    def entries(self, kind: str = "") -> Sequence[Entry]:
        with self._database.reading() as connection:
            return _all(connection, kind)

    def last(self) -> int:
        with self._database.reading() as connection:
            return current_number(connection, "ledger")

    def verify(self) -> None:
        with self._database.reading() as connection:
            verify_chain(_all(connection), current_number(connection, "ledger"))


def enter(connection: Connection, kind: str, facts: Mapping[str, Any]) -> Entry:
    """Append an entry within a transaction of `counting.writing`."""
    number = next_number(connection, "ledger")
    last = connection.execute(select(ledger.c.sha256).where(ledger.c.number == number - 1)).scalar()
    text = canonical_json(facts)
    # Chained as it will be read back, so that verifying later repeats exactly this.
    entry = chained(number, utc_now(), kind, json.loads(text), last or START)
    connection.execute(
        insert(ledger).values(
            number=number, at=entry.at, kind=kind, facts=text, previous=entry.previous, sha256=entry.sha256
        )
    )
    return entry


def _all(connection: Connection, kind: str = "") -> list[Entry]:
    wanted = select(ledger).where(ledger.c.kind == kind) if kind else select(ledger)
    return [_entry(row) for row in connection.execute(wanted.order_by(ledger.c.number))]


def _entry(row: Row[Any]) -> Entry:
    return Entry(row.number, row.at, row.kind, _facts(row.facts), row.previous, row.sha256)


def _facts(text: str) -> Mapping[str, Any]:
    """The facts of an entry; a text that somebody broke is shown as it is, and `verify` names its entry."""
    try:
        return dict(json.loads(text))
    except (ValueError, TypeError):
        return {"unreadable": text}
