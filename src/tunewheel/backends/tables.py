"""The tables as queries see them; `migrations.py` is what makes them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, ForeignKey, Index, Integer, MetaData, Table, Text

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

counters = Table(
    "counters",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Integer, nullable=False),
)

# scores, certificate and facts are JSON texts: a hash over them must not depend on how a database stores JSON.
versions = Table(
    "versions",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("task", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("created", Text, nullable=False),
    Column("folder", Text, nullable=False, unique=True),
    Column("status", Text, nullable=False),
    Column("scores", Text, nullable=False),
    Column("certificate", Text, nullable=False),
    Column("parent", Integer, ForeignKey("versions.number")),
    Column("notes", Text, nullable=False),
)

aliases = Table(
    "aliases",
    metadata,
    Column("alias", Text, primary_key=True),
    Column("version", Integer, ForeignKey("versions.number"), nullable=False),
)

ledger = Table(
    "ledger",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("facts", Text, nullable=False),
    Column("previous", Text, nullable=False),
    Column("sha256", Text, nullable=False),
)

seals = Table(
    "seals",
    metadata,
    Column("name", Text, primary_key=True),
    Column("sha256", Text, nullable=False),
    Column("created", Text, nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    Column("name", Text, primary_key=True),
    Column("scope", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("created", Text, nullable=False),
)

# At most one: the workspace whose database this is.
owners = Table("owners", metadata, Column("workspace", Text, primary_key=True))

# `moment` is `at` as microseconds since 1970 (UTC): texts of times sort by the rules of a database's language.
# Thousands come in a minute: with ids that grow (see `feedback.identity`) they are put where the last ones are. An
# index of their content keys would touch a page for each, and only `erase` would ask it.
asked = Table(
    "asked",
    metadata,
    Column("id", Text, primary_key=True),
    Column("role", Text, primary_key=True),
    Column("at", Text, nullable=False),
    Column("moment", BigInteger, nullable=False),
    Column("version", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("row", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("confidence", Float, nullable=False),
)
Index("ix_asked_moment", asked.c.moment, asked.c.id, asked.c.role)

# No foreign key to an answer: it may have been forgotten, or come in a batch that is kept later.
said = Table(
    "said",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("asked", Text, nullable=False, index=True),
    Column("key", Text, nullable=False, index=True),
    Column("row", Text, nullable=False),
)

drawn = Table(
    "drawn",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", Text, nullable=False),
    Column("audit", Text, nullable=False, index=True),
    Column("population", Integer, nullable=False),
    Column("asked", Text, nullable=False, index=True),
    Column("key", Text, nullable=False, index=True),
    Column("row", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("rival", Text, nullable=False),
    Column("rival_answer", Text, nullable=False),
    Column("probability", Float, nullable=False),
    Column("why", Text, nullable=False),
)

# At most one: the version that works beside the live one, named by the ledger entry that began it.
rollouts = Table(
    "rollouts",
    metadata,
    Column("entry", Integer, primary_key=True, autoincrement=False),
    Column("mode", Text, nullable=False),
    Column("version", Integer, ForeignKey("versions.number"), nullable=False),
    Column("share", Float, nullable=False),
    Column("began", Text, nullable=False),
    Column("said", Integer, nullable=False),
    Column("limits", Text, nullable=False),
    Column("stopped", Text, nullable=False),
)
