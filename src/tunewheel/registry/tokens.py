"""Tokens: who may ask a server for what. Of a secret only its SHA-256 is kept."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, get_args

from ..errors import WorkspaceError

Scope = Literal["predict", "feedback", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
SECRET_BYTES = 32


@dataclass(frozen=True)
class Token:
    """A name, what it may do ("admin" may do everything), the SHA-256 of its secret, and when it was made (UTC)."""

    name: str
    scope: Scope
    sha256: str
    created: str = ""

    def allows(self, scope: Scope) -> bool:
        """Whether it may do what needs `scope`."""
        return self.scope in ("admin", scope)


class TokenStore(Protocol):
    """Where tokens are kept. Adding and revoking are entries of the ledger."""

    def add(self, token: Token) -> None:
        """Keep a token. Raises `WorkspaceError` when its name is taken."""

    def list(self) -> Sequence[Token]:
        """All tokens, oldest first."""

    def revoke(self, name: str) -> None:
        """Forget a token. Raises `WorkspaceError` when there is none of this name."""


def new_secret() -> str:
    """A secret that nobody can guess, in signs that a header can carry."""
    return f"tw_{secrets.token_urlsafe(SECRET_BYTES)}"


def digest(secret: str) -> str:
    """The SHA-256 of a secret. A slow hash would add nothing: secrets are random, not chosen by people."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def checked_scope(scope: str) -> Scope:
    """The scope, if there is one of this name. Raises `WorkspaceError`."""
    for known in SCOPES:
        if scope == known:
            return known
    raise WorkspaceError(f"there is no scope '{scope}'.", where="--scope", mend=f"There are {', '.join(SCOPES)}.")
