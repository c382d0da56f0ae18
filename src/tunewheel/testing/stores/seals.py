"""What a keeper of seals must do."""

from __future__ import annotations

import pytest

from ...errors import WorkspaceError
from ...registry import Seal, utc_now
from .store import AnyStore


class SealContract:
    """What a `SealStore` must do."""

    def test_the_first_seal_of_a_name_stays(self, store: AnyStore) -> None:
        first, second = Seal("reviews", "1" * 64, utc_now()), Seal("reviews", "2" * 64, utc_now())
        assert store.seals.sealed("reviews") is None
        assert store.seals.seal(first) == first
        assert store.seals.seal(second) == first
        assert store.seals.sealed("reviews") == first
        assert [entry.kind for entry in store.ledger.entries()] == ["test frozen"]

    @pytest.mark.parametrize("name", ["../x", "/x", "", "a\0", "a/b"])
    def test_a_seal_has_a_plain_name(self, store: AnyStore, name: str) -> None:
        with pytest.raises(WorkspaceError):
            store.seals.seal(Seal(name, "1" * 64, utc_now()))
