"""What the contracts ask of a store, and things to put in it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Protocol

from ...feedback.journal import Journal
from ...registry import Ledger, RolloutStore, SealStore, TokenStore, Version, VersionStore, utc_now


class AnyStore(Protocol):
    """What the contract asks of a store."""

    versions: VersionStore
    rollout: RolloutStore
    ledger: Ledger
    seals: SealStore
    tokens: TokenStore
    journal: Journal


def draft_version(versions: VersionStore, **changes: Any) -> Version:
    """A version with a reserved id that is not added yet."""
    ident = versions.reserve()
    plain = Version(
        id=ident,
        name="reviews",
        task="text_classification",
        kind="module",
        created=utc_now(),
        folder=f"versions/{ident}",
    )
    return replace(plain, **changes)
