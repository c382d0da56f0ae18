from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest
from postgres_server import Server
from sqlalchemy import text

from tunewheel.backends import Store
from tunewheel.backends import database as rooms
from tunewheel.backends.counting import writing
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


def test_a_reader_sees_one_state_of_everything(database_url: str) -> None:
    opened = Database(database_url)
    with opened.writing() as connection:
        connection.execute(text("CREATE TABLE notes (body TEXT)"))
    with opened.reading() as reader:
        assert reader.execute(text("SELECT count(*) FROM notes")).scalar() == 0
        with opened.writing() as writer:
            writer.execute(text("INSERT INTO notes VALUES ('x')"))
        assert reader.execute(text("SELECT count(*) FROM notes")).scalar() == 0
    with opened.reading() as reader:
        assert reader.execute(text("SELECT count(*) FROM notes")).scalar() == 1
    opened.close()


def test_who_waits_too_long_for_a_row_is_told_so(postgres: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "PATIENCE_SECONDS", 1)
    with postgres.schema() as url:
        hasty, holder = Store(url), Database(url)
        with writing(holder), pytest.raises(Busy, match="another process holds the database"):
            hasty.ledger.append("note", {})
        hasty.ledger.append("note", {})
        hasty.close()
        holder.close()


def test_a_user_without_a_schema_is_told_what_to_ask_for(postgres: Server) -> None:
    postgres.run("CREATE USER guest PASSWORD 'please'")
    guest = postgres.url.replace(f"tunewheel:{postgres.password}", "guest:please")
    with pytest.raises(WorkspaceError, match="permission denied for schema public. Give the user a database") as caught:
        Store(guest)
    assert "CREATE TABLE" not in str(caught.value)
    with pytest.raises(WorkspaceError, match="no schema has been selected"):
        Store(f"{guest}?options=-csearch_path%3Dnowhere")


def test_a_wrong_password_is_told_and_not_shown(postgres: Server) -> None:
    with pytest.raises(WorkspaceError, match="password authentication failed") as caught:
        Store(postgres.url.replace(postgres.password, "wrongword"))
    assert "wrongword" not in str(caught.value)


def test_a_database_that_cannot_hold_every_text_is_refused(postgres: Server) -> None:
    postgres.run("CREATE DATABASE old ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    with pytest.raises(WorkspaceError, match="encoding LATIN1"):
        Store(postgres.url.removesuffix("postgres") + "old")


def test_a_server_that_was_restarted_is_found_again(postgres: Server) -> None:
    with postgres.schema() as url:
        store = Store(url)
        store.ledger.append("note", {})
        postgres.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        store.ledger.append("note", {})
        assert len(store.ledger.entries()) == 2
        store.close()


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_child_process_has_connections_of_its_own(postgres: Server) -> None:
    with postgres.schema() as url:
        store = Store(url)
        store.ledger.append("parent", {})
        child = os.fork()
        if child == 0:
            os._exit(_append(store, "child"))
        store.ledger.append("parent", {})
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        store.ledger.append("parent", {})
        assert sorted(entry.kind for entry in store.ledger.entries()) == ["child", "parent", "parent", "parent"]
        store.ledger.verify()
        store.close()


def _append(store: Store, kind: str) -> int:
    try:
        store.ledger.append(kind, {})
        return 0
    except BaseException:
        return 1
