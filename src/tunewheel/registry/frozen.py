"""What a store must remember of frozen test sets, so that nobody can swap one unseen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Seal:
    """A frozen test set as the store knows it: `sha256` is the hash of its description file, `created` is UTC."""

    name: str
    sha256: str
    created: str


class SealStore(Protocol):
    """Where the seals are kept. The first seal under a name stays for ever."""

    def seal(self, seal: Seal) -> Seal:
        """Keep a seal; ledger entry "test frozen". When the name is sealed already, nothing changes.

        Returns the seal that holds from now on.
        """

    def sealed(self, name: str) -> Seal | None:
        """The seal of this name, or None."""
