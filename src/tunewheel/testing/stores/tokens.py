"""What a keeper of tokens must do."""

from __future__ import annotations

import pytest

from ...errors import WorkspaceError
from ...registry import Token, digest, utc_now
from .store import AnyStore


class TokenContract:
    """What a `TokenStore` must do."""

    def test_tokens_come_back_as_they_were_added_and_never_with_a_secret(self, store: AnyStore) -> None:
        added = [Token("shop", "predict", digest("one"), "2026-01-01"), Token("ops", "admin", digest("two"), utc_now())]
        for token in added:
            store.tokens.add(token)
        assert list(store.tokens.list()) == added
        entries = store.ledger.entries()
        assert [entry.facts for entry in entries] == [
            {"name": "shop", "scope": "predict"},
            {"name": "ops", "scope": "admin"},
        ]
        store.ledger.verify()

    def test_a_name_is_taken_once_and_free_again_when_revoked(self, store: AnyStore) -> None:
        store.tokens.add(Token("shop", "predict", digest("one"), utc_now()))
        with pytest.raises(WorkspaceError, match="Revoke it first"):
            store.tokens.add(Token("shop", "admin", digest("two"), utc_now()))
        store.tokens.revoke("shop")
        assert not store.tokens.list()
        store.tokens.add(Token("shop", "admin", digest("two"), utc_now()))
        assert [entry.kind for entry in store.ledger.entries()] == ["token added", "token revoked", "token added"]

    def test_what_is_not_there_cannot_be_revoked(self, store: AnyStore) -> None:
        with pytest.raises(WorkspaceError, match="no token 'shop'"):
            store.tokens.revoke("shop")
        assert not store.ledger.entries()

    @pytest.mark.parametrize("name", ["", "--token", "a b", "a\n"])
    def test_a_token_has_a_plain_name(self, store: AnyStore, name: str) -> None:
        with pytest.raises(WorkspaceError):
            store.tokens.add(Token(name, "admin", digest("x"), utc_now()))
