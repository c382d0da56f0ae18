"""Access: who may ask a server, how the connection is kept private, and where what was asked is noted."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ..registry import Token, digest


class Keyring:
    """The tokens that open a server. They can be changed while it runs; of secrets it knows the hashes only."""

    def __init__(self, tokens: Iterable[Token], fixed: Iterable[Token] = ()) -> None:
        self._fixed = tuple(fixed)
        self._by_digest: dict[str, Token] = {}
        self.change(tokens)

    def change(self, tokens: Iterable[Token]) -> None:
        """Let these be the tokens from now on, beside those that are `fixed`."""
        self._by_digest = {token.sha256: token for token in (*tokens, *self._fixed)}

    def find(self, secret: str) -> Token | None:
        """The token of this secret. Looked up by its hash, which tells nobody anything by the time it takes."""
        return self._by_digest.get(digest(secret))


@lru_cache(256)
def is_loopback(host: str) -> bool:
    """Whether only this machine can reach `host`: the number of a loopback address, or the one name that nobody else
    can point somewhere."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@dataclass(frozen=True)
class Tls:
    """A certificate chain and its private key, as PEM files."""

    certificate: Path
    key: Path


@dataclass(frozen=True)
class Access:
    """`keyring` None: nobody is asked for a token. `loopback`: only local names are answered. `log`: the file in which
    requests are noted, without their contents."""

    keyring: Keyring | None = None
    loopback: bool = True
    tls: Tls | None = None
    log: Path | None = None
