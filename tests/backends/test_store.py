"""The database store obeys the contract, on SQLite and on a real PostgreSQL server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from tunewheel.backends import Store
from tunewheel.errors import WorkspaceError
from tunewheel.testing.stores import StoreContract


class TestStore(StoreContract):
    @pytest.fixture
    def store(self, database_url: str) -> Iterator[Store]:
        opened = Store(database_url)
        yield opened
        opened.close()


def edit(path: Path, statement: str) -> None:
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("UPDATE ledger SET facts = '{\"n\":9}' WHERE number = 2", "entry 2 of the ledger was changed"),
        ("UPDATE ledger SET facts = 'no json' WHERE number = 2", "entry 2 of the ledger was changed"),
        ("UPDATE ledger SET at = '1999-01-01' WHERE number = 1", "entry 1 of the ledger was changed"),
        ("DELETE FROM ledger WHERE number = 2", "entry 2 of the ledger is missing"),
        ("DELETE FROM ledger WHERE number = 3", "entry 3 of the ledger is missing"),
        (
            "INSERT INTO ledger SELECT 4, at, kind, facts, previous, sha256 FROM ledger WHERE number = 3",
            "entry 4 of the ledger was changed",
        ),
    ],
)
def test_an_edited_ledger_names_its_first_bad_entry(tmp_path: Path, statement: str, sentence: str) -> None:
    store = Store.in_file(tmp_path / "tunewheel.db")
    for number in range(3):
        store.ledger.append("note", {"n": number})
    store.ledger.verify()
    edit(tmp_path / "tunewheel.db", statement)
    with pytest.raises(WorkspaceError, match=sentence):
        store.ledger.verify()


def test_what_was_stored_is_there_when_opened_again(tmp_path: Path) -> None:
    first = Store.in_file(tmp_path / "tunewheel.db")
    entry = first.ledger.append("note", {"text": "stays"})
    first.close()
    assert list(Store.in_file(tmp_path / "tunewheel.db").ledger.entries()) == [entry]
