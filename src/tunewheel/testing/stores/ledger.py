"""What a keeper of the ledger must do, and what the other stores must enter in it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from ...errors import VersionMissing
from .store import AnyStore, draft_version


class LedgerContract:
    """What a `Ledger` must do, and what the other stores must enter in it."""

    def test_entries_are_chained_and_come_back_in_order(self, store: AnyStore) -> None:
        assert store.ledger.last() == 0
        first = store.ledger.append("note", {"text": "第一", "share": 0.1, "odd": float("nan")})
        second = store.ledger.append("note", {})
        assert list(store.ledger.entries()) == [first, second]
        assert (first.number, second.previous) == (1, first.sha256)
        assert first.facts == {"text": "第一", "share": 0.1, "odd": None}
        assert store.ledger.last() == 2
        store.ledger.verify()

    def test_entries_of_one_kind_come_back_without_the_others(self, store: AnyStore) -> None:
        first, _, last = (store.ledger.append(kind, {}) for kind in ("note", "turn", "note"))
        assert list(store.ledger.entries("note")) == [first, last]
        assert not store.ledger.entries("nothing of the kind")

    def test_threads_append_to_one_chain(self, store: AnyStore) -> None:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda number: store.ledger.append("note", {"number": number}), range(24)))
        assert [entry.number for entry in store.ledger.entries()] == list(range(1, 25))
        store.ledger.verify()

    def test_every_change_of_versions_is_entered(self, store: AnyStore) -> None:
        version = store.versions.add(draft_version(store.versions, scores={"accuracy": 0.5}))
        store.versions.set_alias("live", version.id, reason="better by 2 points")
        registered, alias = store.ledger.entries()
        assert (registered.kind, registered.facts["scores"]) == ("registered", {"accuracy": 0.5})
        assert alias.facts == {"alias": "live", "version": "v0001", "before": None, "reason": "better by 2 points"}

    def test_a_change_that_fails_is_not_entered(self, store: AnyStore) -> None:
        with pytest.raises(VersionMissing):
            store.versions.set_alias("live", "v0001")
        assert not store.ledger.entries()
