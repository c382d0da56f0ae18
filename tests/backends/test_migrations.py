from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256

import pytest
from sqlalchemy import inspect, text

from tunewheel.backends import Store
from tunewheel.backends.database import Database
from tunewheel.backends.ledger import SqlLedger
from tunewheel.backends.lines import line
from tunewheel.backends.migrations import MIGRATIONS, migrate
from tunewheel.backends.seals import SqlSeals
from tunewheel.backends.tables import metadata
from tunewheel.backends.tokens import SqlTokens
from tunewheel.backends.versions import SqlVersions
from tunewheel.errors import WorkspaceError
from tunewheel.registry import Seal, Token, digest, utc_now
from tunewheel.testing.stores import draft_version
from tunewheel.testing.stores.journal import answered, spoken

# Whoever changes a released migration leaves the databases that have it behind.
RELEASED = {
    1: "2e6e39b165bd4ef1",
    2: "51fb5037f09d35a9",
}


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    yield opened
    opened.close()


def test_the_migrated_tables_are_the_ones_that_queries_see(database: Database) -> None:
    migrate(database)
    with database.reading() as connection:
        found = inspect(connection)
        assert set(found.get_table_names()) == {*metadata.tables, "schema"}
        for name, table in metadata.tables.items():
            columns = {column["name"]: (kind(column["type"]), column["nullable"]) for column in found.get_columns(name)}
            assert columns == {column.name: (str(column.type), column.nullable) for column in table.columns}
            assert found.get_pk_constraint(name)["constrained_columns"] == [c.name for c in table.primary_key]
            assert len(found.get_foreign_keys(name)) == len(table.foreign_key_constraints)
            indexes = {
                index["name"]: index["column_names"]
                for index in found.get_indexes(name)
                if not index.get("duplicates_constraint")
            }
            assert indexes == {index.name: [column.name for column in index.columns] for index in table.indexes}


def kind(found: object) -> str:
    """The name of a type; PostgreSQL calls a FLOAT by another name."""
    return {"DOUBLE PRECISION": "FLOAT"}.get(str(found), str(found))


@pytest.mark.parametrize("schema", RELEASED)
def test_a_released_migration_stays_as_it_is(schema: int) -> None:
    words = " ".join("\n".join(MIGRATIONS[schema - 1]).split())
    assert sha256(words.encode()).hexdigest()[:16] == RELEASED[schema]


@pytest.mark.parametrize("schema", RELEASED)
def test_a_database_of_every_release_goes_on_with_all_that_is_in_it(database: Database, schema: int) -> None:
    migrate(database, MIGRATIONS[:schema])
    versions, ledger, tokens = SqlVersions(database), SqlLedger(database), SqlTokens(database)
    added = [versions.add(draft_version(versions, scores={"accuracy": share})) for share in (0.5, 0.75)]
    versions.set_alias("candidate", "v0002")  # not "live": that looks at a table of today's
    SqlSeals(database).seal(Seal("reviews", "1" * 64, utc_now()))
    if schema >= 2:
        tokens.add(Token("shop", "predict", digest("secret"), utc_now()))
    entries = ledger.entries()

    store = Store(database.url)
    assert list(store.versions.list()) == added
    assert store.versions.aliases() == {"candidate": "v0002"}
    assert store.seals.sealed("reviews") is not None
    assert [token.name for token in store.tokens.list()] == ["shop"] * (schema >= 2)
    assert store.ledger.entries() == entries
    store.ledger.append("note", {})
    store.ledger.verify()
    assert store.versions.reserve() == "v0003"
    assert store.journal.say([spoken(1)]) == 1
    store.close()


def test_answers_that_were_kept_with_probabilities_are_there_without_them(database: Database) -> None:
    migrate(database, MIGRATIONS[:4])
    kept = answered(1)
    columns = {**line(kept), "probabilities": '{"cards":0.9}'}
    names = ", ".join(f'"{name}"' for name in columns)
    with database.writing() as connection:
        connection.execute(
            text(f"INSERT INTO asked ({names}) VALUES ({', '.join(f':{name}' for name in columns)})"), columns
        )
    store = Store(database.url)
    assert list(store.journal.asked()) == [kept]
    assert store.journal.keep([kept]) == 0
    store.close()


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


def test_processes_that_start_at_once_migrate_once(database: Database) -> None:
    url = database.url.render_as_string(hide_password=False)
    script = f"from tunewheel.backends import Store; Store({url!r}).ledger.append('hello', {{}})"
    started = [subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.PIPE) for _ in range(4)]
    errors = [process.communicate(timeout=60)[1].decode() for process in started]
    assert errors == [""] * 4
    with database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM ledger")).scalar() == 4
