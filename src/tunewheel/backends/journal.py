"""The journal in the database. Obeys `feedback.journal.Journal`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Table,
    delete,
    func,
    insert,
    literal,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from ..errors import WorkspaceError
from ..feedback.journal import Asked, Drawn, Kind, Role, Said
from .counting import count_on, current_number
from .database import Database
from .lines import check, is_name, line, moment, nouns
from .tables import asked, drawn, said

# Lines written or read at a time: what bounds the memory, and at most so many ids in one question.
CHUNK = 2_000
_ORDER = (asked.c.moment, asked.c.id, asked.c.role)
_SAID_WITHOUT_ROWS = select(*(column for column in said.c if column.name != "row"), literal("{}").label("row"))
# What an audit drew stays, for the weights of the others depend on it; its row goes with the answer that it was drawn
# from, unless somebody spoke of it.
_WITHOUT_AN_ANSWER = (
    update(drawn)
    .where(drawn.c.row != "{}")
    .where(~select(asked.c.id).where(asked.c.id == drawn.c.asked).exists())
    .where(~select(said.c.number).where(said.c.asked == drawn.c.asked).exists())
    .values(row="{}")
)


class SqlJournal:
    """Three tables. Who reads a long stretch reads it piece by piece: it holds up nobody, and needs little memory.

    It takes other locks than the ledger and the versions, so a busy server does not make a promotion wait.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, asked: Sequence[Asked]) -> int:
        check(asked)
        if not asked:
            return 0
        # In the order of their ids: two processes that keep the same answers must not wait for each other crosswise.
        ordered = sorted(asked, key=lambda answer: (answer.id, answer.role))
        with self._database.writing() as connection:
            return sum(_insert_new(connection, chunk) for chunk in _chunks(map(line, ordered)))

    def asked(
        self, since: str = "", until: str = "", version: str = "", role: Role | None = None, most: int | None = None
    ) -> Iterator[Asked]:
        wanted = _wanted(since, until, version, role)
        return self._asked(wanted, most)

    def count(self, since: str = "", until: str = "", version: str = "", role: Role | None = None) -> int:
        wanted = _wanted(since, until, version, role).with_only_columns(func.count(asked.c.id))
        with self._database.reading() as connection:
            return int(connection.execute(wanted).scalar_one())

    def _asked(self, wanted: Select[Any], most: int | None) -> Iterator[Asked]:
        first = None if most is None else self._first_of_newest(wanted, most)
        if most is not None and first is None:
            return
        page = wanted.where(tuple_(*_ORDER) >= _place(first)) if first is not None else wanted
        while rows := self._page(page.order_by(*_ORDER)):
            yield from nouns(Asked, rows)
            if len(rows) < CHUNK:
                return
            page = wanted.where(tuple_(*_ORDER) > _place(rows[-1]))

    def _first_of_newest(self, wanted: Select[Any], most: int) -> Row[Any] | None:
        """The oldest of the newest `most`: the oldest of all where there are fewer, None where there are none."""
        if most < 1:
            return None
        newest_first = wanted.order_by(*(column.desc() for column in _ORDER))
        with self._database.reading() as connection:
            found = connection.execute(newest_first.limit(1).offset(most - 1)).first()
            return found or connection.execute(wanted.order_by(*_ORDER).limit(1)).first()

    def find(self, ids: Iterable[str]) -> Mapping[str, Asked]:
        found: dict[str, Asked] = {}
        for chunk in _chunks(filter(is_name, ids)):
            wanted = select(asked).where(asked.c.id.in_(chunk), asked.c.role != "shadow")
            with self._database.reading() as connection:
                rows = connection.execute(wanted.order_by(asked.c.role)).all()
            found |= {one.id: one for one in nouns(Asked, rows)}
        return found

    def say(self, said: Sequence[Said]) -> int:
        return self._append("said", said)

    def said(self, after: int = 0, kind: Kind | None = None, rows: bool = True) -> Iterator[Said]:
        wanted = select(said) if rows else _SAID_WITHOUT_ROWS
        wanted = wanted if kind is None else wanted.where(said.c.kind == kind)
        while page := self._page(wanted.where(said.c.number > after).order_by(said.c.number)):
            yield from nouns(Said, page)
            if len(page) < CHUNK:
                return
            after = page[-1].number

    def last(self) -> int:
        with self._database.reading() as connection:
            return current_number(connection, "said")

    def draw(self, drawn: Sequence[Drawn]) -> int:
        return self._append("drawn", drawn)

    def drawn(self, audit: str = "") -> Sequence[Drawn]:
        wanted = select(drawn).where(drawn.c.audit == audit) if audit else select(drawn)
        with self._database.reading() as connection:
            return list(nouns(Drawn, connection.execute(wanted.order_by(drawn.c.number)).all()))

    def forget(self, before: str) -> int:
        spoken_of = select(said.c.number).where(said.c.asked == asked.c.id).exists()
        with self._database.writing() as connection:
            gone = connection.execute(delete(asked).where(asked.c.moment < _time(before), ~spoken_of)).rowcount
            connection.execute(_WITHOUT_AN_ANSWER)
            return gone

    def erase(self, key: str) -> int:
        answers = self._answers_with(key)
        with self._database.writing() as connection:
            emptied = sum(_empty(connection, table, table.c.key == key) for table in (said, drawn))
            return emptied + sum(_empty(connection, asked, asked.c.id.in_(chunk)) for chunk in _chunks(iter(answers)))

    def counts(self) -> Mapping[str, int]:
        with self._database.reading() as connection:
            return {
                table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
                for table in (asked, said, drawn)
            }

    def _answers_with(self, key: str) -> Sequence[str]:
        """Ids of answers to this content. Looking through all of them takes its time, and holds up nobody."""
        with self._database.reading() as connection:
            return connection.execute(select(asked.c.id).where(asked.c.key == key).distinct()).scalars().all()

    def _append(self, name: str, new: Sequence[Said | Drawn]) -> int:
        """Number them from the counter of this name on, and keep them in one transaction."""
        check(new)
        table = said if name == "said" else drawn
        with self._database.writing() as connection:
            before = count_on(connection, name, len(new)) if new else current_number(connection, name)
            lines = ({**line(each), "number": number} for number, each in enumerate(new, before + 1))
            for chunk in _chunks(lines):
                connection.execute(insert(table), chunk)
            return before + len(new)

    def _page(self, wanted: Select[Any]) -> Sequence[Row[Any]]:
        with self._database.reading() as connection:
            return connection.execute(wanted.limit(CHUNK)).all()


def _wanted(since: str, until: str, version: str, role: Role | None) -> Select[Any]:
    wanted = select(asked)
    if since:
        wanted = wanted.where(asked.c.moment >= _time(since))
    if until:
        wanted = wanted.where(asked.c.moment < _time(until))
    if version:
        wanted = wanted.where(asked.c.version == version)
    return wanted if role is None else wanted.where(asked.c.role == role)


def _place(row: Row[Any]) -> Any:
    return tuple_(row.moment, row.id, row.role)


def _time(text: str) -> int:
    try:
        return moment(text)
    except ValueError:
        raise WorkspaceError(
            f"{text[:40]!r} is no time.", mend="Give UTC in ISO 8601, as 2026-11-23 or 2026-11-23T21:05:09Z."
        ) from None


def _insert_new(connection: Connection, lines: list[dict[str, Any]]) -> int:
    """Insert those whose key is free; gives how many. Both databases have the same words for it, SQLAlchemy two."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    added = dialect.insert(asked).on_conflict_do_nothing().execution_options(preserve_rowcount=True)
    return connection.execute(added, lines).rowcount


def _empty(connection: Connection, table: Table, which: ColumnElement[bool]) -> int:
    return connection.execute(update(table).where(which, table.c.row != "{}").values(row="{}")).rowcount


def _chunks(items: Iterator[Any]) -> Iterator[list[Any]]:
    while chunk := list(islice(items, CHUNK)):
        yield chunk
