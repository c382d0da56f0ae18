from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text

from tunewheel.backends import database as rooms
from tunewheel.backends.database import Database
from tunewheel.errors import Busy, WorkspaceError


@pytest.fixture
def database(tmp_path: Path) -> Database:
    opened = Database(f"sqlite:///{tmp_path / 'tunewheel.db'}")
    with opened.writing() as connection:
        connection.execute(text("CREATE TABLE notes (body TEXT)"))
    return opened


def test_sqlite_runs_with_wal_and_foreign_keys(database: Database) -> None:
    with database.reading() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
        assert connection.execute(text("PRAGMA busy_timeout")).scalar() == 30_000


def test_a_transaction_that_fails_leaves_nothing_not_even_a_table(database: Database) -> None:
    with pytest.raises(RuntimeError, match="halfway"), database.writing() as connection:
        connection.execute(text("CREATE TABLE more (body TEXT)"))
        connection.execute(text("INSERT INTO notes VALUES ('x')"))
        raise RuntimeError("halfway")
    with database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM notes")).scalar() == 0
        assert connection.execute(text("SELECT count(*) FROM sqlite_master WHERE name = 'more'")).scalar() == 0


def test_a_reader_is_not_held_up_by_a_writer(database: Database) -> None:
    with database.writing() as writer:
        writer.execute(text("INSERT INTO notes VALUES ('x')"))
        with database.reading() as reader:
            assert reader.execute(text("SELECT count(*) FROM notes")).scalar() == 0


def test_a_writer_that_waits_too_long_is_told_so(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "PATIENCE_SECONDS", 0.05)
    hasty = Database(database.url)
    with database.writing(), pytest.raises(Busy, match="another process holds the database"), hasty.writing():
        pass


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "tunewheel.db").write_text("this is a letter, not a database " * 100)
    letter = Database(f"sqlite:///{tmp_path / 'tunewheel.db'}")
    with pytest.raises(WorkspaceError, match=r"tunewheel.db: the database is damaged"), letter.reading():
        pass


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    lost = Database(f"sqlite:///{tmp_path}/nowhere/tunewheel.db")
    with pytest.raises(WorkspaceError, match=r"nowhere/tunewheel.db: .*: unable to open"), lost.reading():
        pass


def test_a_password_is_never_shown() -> None:
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    hidden = Database("postgresql+psycopg://ann:secret@127.0.0.1:1/none")
    with pytest.raises(WorkspaceError) as caught, hidden.reading():
        pass
    assert "secret" not in str(caught.value)


def test_no_connection_stays_open(database: Database, tmp_path: Path) -> None:
    with database.reading() as connection:
        connection.execute(text("SELECT 1"))
    plain = sqlite3.connect(tmp_path / "tunewheel.db")
    assert plain.execute("PRAGMA journal_mode=DELETE").fetchone() == ("delete",)  # needs to be alone
    plain.close()
