"""Numbered migrations, forward only: what turns the database of any older Tunewheel into today's.

A migration that was released is never edited; a change to the tables is a new one at the end.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import inspect, text

from ..errors import WorkspaceError
from .database import Database

_OF_AN_ANSWER = 'id, role, at, moment, version, "key", "row", answer, confidence'

MIGRATIONS: Sequence[Sequence[str]] = (
    (
        """CREATE TABLE counters (
            name TEXT NOT NULL,
            value INTEGER NOT NULL,
            CONSTRAINT pk_counters PRIMARY KEY (name))""",
        """CREATE TABLE versions (
            number INTEGER NOT NULL,
            name TEXT NOT NULL,
            task TEXT NOT NULL,
            kind TEXT NOT NULL,
            created TEXT NOT NULL,
            folder TEXT NOT NULL,
            status TEXT NOT NULL,
            scores TEXT NOT NULL,
            certificate TEXT NOT NULL,
            parent INTEGER,
            notes TEXT NOT NULL,
            CONSTRAINT pk_versions PRIMARY KEY (number),
            CONSTRAINT uq_versions_folder UNIQUE (folder),
            CONSTRAINT fk_versions_parent_versions FOREIGN KEY (parent) REFERENCES versions (number))""",
        """CREATE TABLE aliases (
            alias TEXT NOT NULL,
            version INTEGER NOT NULL,
            CONSTRAINT pk_aliases PRIMARY KEY (alias),
            CONSTRAINT fk_aliases_version_versions FOREIGN KEY (version) REFERENCES versions (number))""",
        """CREATE TABLE ledger (
            number INTEGER NOT NULL,
            at TEXT NOT NULL,
            kind TEXT NOT NULL,
            facts TEXT NOT NULL,
            previous TEXT NOT NULL,
            sha256 TEXT NOT NULL,
            CONSTRAINT pk_ledger PRIMARY KEY (number))""",
        """CREATE TABLE seals (
            name TEXT NOT NULL,
            sha256 TEXT NOT NULL,
            created TEXT NOT NULL,
            CONSTRAINT pk_seals PRIMARY KEY (name))""",
        "INSERT INTO counters (name, value) VALUES ('versions', 0), ('ledger', 0)",
    ),
    (
        """CREATE TABLE tokens (
            name TEXT NOT NULL,
            scope TEXT NOT NULL,
            sha256 TEXT NOT NULL,
            created TEXT NOT NULL,
            CONSTRAINT pk_tokens PRIMARY KEY (name))""",
    ),
    (
        """CREATE TABLE owners (
            workspace TEXT NOT NULL,
            CONSTRAINT pk_owners PRIMARY KEY (workspace))""",
        """CREATE TABLE asked (
            id TEXT NOT NULL,
            role TEXT NOT NULL,
            at TEXT NOT NULL,
            moment BIGINT NOT NULL,
            version TEXT NOT NULL,
            "key" TEXT NOT NULL,
            "row" TEXT NOT NULL,
            answer TEXT NOT NULL,
            confidence FLOAT NOT NULL,
            probabilities TEXT NOT NULL,
            CONSTRAINT pk_asked PRIMARY KEY (id, role))""",
        "CREATE INDEX ix_asked_moment ON asked (moment, id, role)",
        'CREATE INDEX ix_asked_key ON asked ("key")',
        """CREATE TABLE said (
            number INTEGER NOT NULL,
            at TEXT NOT NULL,
            who TEXT NOT NULL,
            origin TEXT NOT NULL,
            kind TEXT NOT NULL,
            value TEXT NOT NULL,
            asked TEXT NOT NULL,
            "key" TEXT NOT NULL,
            "row" TEXT NOT NULL,
            CONSTRAINT pk_said PRIMARY KEY (number))""",
        "CREATE INDEX ix_said_asked ON said (asked)",
        'CREATE INDEX ix_said_key ON said ("key")',
        """CREATE TABLE drawn (
            number INTEGER NOT NULL,
            at TEXT NOT NULL,
            audit TEXT NOT NULL,
            population INTEGER NOT NULL,
            asked TEXT NOT NULL,
            "key" TEXT NOT NULL,
            "row" TEXT NOT NULL,
            version TEXT NOT NULL,
            answer TEXT NOT NULL,
            confidence FLOAT NOT NULL,
            rival TEXT NOT NULL,
            rival_answer TEXT NOT NULL,
            probability FLOAT NOT NULL,
            why TEXT NOT NULL,
            CONSTRAINT pk_drawn PRIMARY KEY (number))""",
        "CREATE INDEX ix_drawn_audit ON drawn (audit)",
        "CREATE INDEX ix_drawn_asked ON drawn (asked)",
        'CREATE INDEX ix_drawn_key ON drawn ("key")',
        # Counters of their own: who keeps feedback does not hold up who decides, and the other way round.
        "INSERT INTO counters (name, value) VALUES ('said', 0), ('drawn', 0)",
    ),
    (
        """CREATE TABLE rollouts (
            entry INTEGER NOT NULL,
            mode TEXT NOT NULL,
            version INTEGER NOT NULL,
            share FLOAT NOT NULL,
            began TEXT NOT NULL,
            said INTEGER NOT NULL,
            limits TEXT NOT NULL,
            stopped TEXT NOT NULL,
            CONSTRAINT pk_rollouts PRIMARY KEY (entry),
            CONSTRAINT fk_rollouts_version_versions FOREIGN KEY (version) REFERENCES versions (number))""",
    ),
    # Answers without their probabilities, which nobody read. By copying: SQLite before 3.35 cannot drop a column.
    (
        f"CREATE TABLE kept AS SELECT {_OF_AN_ANSWER} FROM asked",
        "DROP TABLE asked",
        """CREATE TABLE asked (
            id TEXT NOT NULL,
            role TEXT NOT NULL,
            at TEXT NOT NULL,
            moment BIGINT NOT NULL,
            version TEXT NOT NULL,
            "key" TEXT NOT NULL,
            "row" TEXT NOT NULL,
            answer TEXT NOT NULL,
            confidence FLOAT NOT NULL,
            CONSTRAINT pk_asked PRIMARY KEY (id, role))""",
        f"INSERT INTO asked ({_OF_AN_ANSWER}) SELECT {_OF_AN_ANSWER} FROM kept",
        "DROP TABLE kept",
        "CREATE INDEX ix_asked_moment ON asked (moment, id, role)",
        'CREATE INDEX ix_asked_key ON asked ("key")',
    ),
    ("DROP INDEX ix_asked_key",),
)


def migrate(database: Database, migrations: Sequence[Sequence[str]] = MIGRATIONS) -> None:
    """Bring the database to the newest schema in one transaction. Safe when several processes start at once.

    Raises `WorkspaceError` when a newer Tunewheel made the schema.
    """
    with database.migrating() as connection:
        if not inspect(connection).has_table("schema"):
            connection.execute(text('CREATE TABLE "schema" (version INTEGER NOT NULL)'))
            connection.execute(text('INSERT INTO "schema" (version) VALUES (0)'))
        done = connection.execute(text('SELECT version FROM "schema"')).scalar_one()
        if done > len(migrations):
            raise _too_new(database, done, len(migrations))
        for statement in (statement for migration in migrations[done:] for statement in migration):
            connection.execute(text(statement))
        connection.execute(text('UPDATE "schema" SET version = :version'), {"version": len(migrations)})


def _too_new(database: Database, found: int, known: int) -> WorkspaceError:
    return WorkspaceError(
        f"the database has schema {found}, and this Tunewheel knows only up to {known}.",
        where=database.url.render_as_string(hide_password=True),
        mend="Upgrade with `pip install -U tunewheel`.",
    )
