from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from tunewheel.backends.database import Database
from tunewheel.backends.migrations import MIGRATIONS, migrate
from tunewheel.backends.tables import metadata
from tunewheel.errors import WorkspaceError


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(f"sqlite:///{tmp_path / 'tunewheel.db'}")


def test_the_migrated_tables_are_the_ones_that_queries_see(database: Database) -> None:
    migrate(database)
    with database.reading() as connection:
        found = inspect(connection)
        assert set(found.get_table_names()) == {*metadata.tables, "schema"}
        for name, table in metadata.tables.items():
            columns = {column["name"]: (str(column["type"]), column["nullable"]) for column in found.get_columns(name)}
            assert columns == {column.name: (str(column.type), column.nullable) for column in table.columns}
            assert found.get_pk_constraint(name)["constrained_columns"] == [c.name for c in table.primary_key]
            assert len(found.get_foreign_keys(name)) == len(table.foreign_key_constraints)


def test_migrating_again_changes_nothing(database: Database) -> None:
    migrate(database)
    migrate(database)
    with database.reading() as connection:
        assert connection.execute(text('SELECT version FROM "schema"')).scalars().all() == [len(MIGRATIONS)]


def test_an_older_schema_gets_only_what_it_lacks(database: Database) -> None:
    migrate(database)
    migrate(database, [*MIGRATIONS, ["CREATE TABLE later (body TEXT)", "INSERT INTO later VALUES ('x')"]])
    with database.reading() as connection:
        assert connection.execute(text("SELECT body FROM later")).scalars().all() == ["x"]


def test_a_migration_that_fails_leaves_the_old_schema(database: Database) -> None:
    migrate(database)
    with pytest.raises(WorkspaceError):
        migrate(database, [*MIGRATIONS, ["CREATE TABLE later (body TEXT)", "INSERT INTO nowhere VALUES (1)"]])
    with database.reading() as connection:
        assert not inspect(connection).has_table("later")
        assert connection.execute(text('SELECT version FROM "schema"')).scalar() == len(MIGRATIONS)


def test_a_newer_schema_is_refused_with_what_to_do(database: Database) -> None:
    migrate(database, [*MIGRATIONS, []])
    with pytest.raises(WorkspaceError, match="pip install -U tunewheel"):
        migrate(database)


def test_processes_that_start_at_once_migrate_once(tmp_path: Path) -> None:
    script = (
        f"from tunewheel.backends import Store; Store('sqlite:///{tmp_path / 'x.db'}').ledger.append('hello', {{}})"
    )
    started = [subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.PIPE) for _ in range(4)]
    errors = [process.communicate(timeout=60)[1].decode() for process in started]
    assert errors == [""] * 4
    with Database(f"sqlite:///{tmp_path / 'x.db'}").reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM ledger")).scalar() == 4
