"""Tokens in the database. Obeys `registry.tokens.TokenStore`."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, insert, select

from ..errors import WorkspaceError
from ..registry.names import checked_slug
from ..registry.tokens import Token, checked_scope
from .counting import writing
from .database import Database
from .ledger import enter
from .tables import tokens


class SqlTokens:
    """Rows of one table, and an entry of the ledger for each change."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, token: Token) -> None:
        checked_slug(token.name, "name of a token")
        with writing(self._database) as connection:
            if connection.execute(select(tokens).where(tokens.c.name == token.name)).one_or_none() is not None:
                raise WorkspaceError(f"there is a token '{token.name}'.", mend="Revoke it first, or name another.")
            connection.execute(insert(tokens).values(**vars(token)))
            enter(connection, "token added", {"name": token.name, "scope": token.scope})

    def list(self) -> Sequence[Token]:
        with self._database.reading() as connection:
            rows = connection.execute(select(tokens).order_by(tokens.c.created, tokens.c.name)).all()
        return [Token(row.name, checked_scope(row.scope), row.sha256, row.created) for row in rows]

    def revoke(self, name: str) -> None:
        with writing(self._database) as connection:
            gone = connection.execute(delete(tokens).where(tokens.c.name == name)).rowcount
            if not gone:
                raise WorkspaceError(
                    f"there is no token '{name}'.", mend="`tunewheel tokens list` shows what there is."
                )
            enter(connection, "token revoked", {"name": name})
