"""What a keeper of versions and aliases must do."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from ...errors import Busy, VersionMissing, WorkspaceError
from ...registry import VersionStore
from .store import AnyStore, draft_version


class VersionContract:
    """What a `VersionStore` must do."""

    def test_reserved_ids_count_upwards(self, store: AnyStore) -> None:
        assert [store.versions.reserve() for _ in range(3)] == ["v0001", "v0002", "v0003"]

    def test_threads_reserve_distinct_ids(self, store: AnyStore) -> None:
        with ThreadPoolExecutor(8) as pool:
            ids = list(pool.map(lambda _: store.versions.reserve(), range(24)))
        assert sorted(ids) == [f"v{number:04d}" for number in range(1, 25)]

    def test_a_version_comes_back_as_it_was_added(self, store: AnyStore) -> None:
        first = store.versions.add(draft_version(store.versions))
        full = draft_version(
            store.versions,
            name="评论 reviews",
            kind="floor",
            status="refused",
            scores={"accuracy": 0.1 + 0.2, "table": [1, None, "好"]},
            certificate={"rows": 10, "equal": 9},
            parent=first.id,
            notes="two\nlines, 两行",
        )
        store.versions.add(full)
        assert store.versions.get(full.id) == full

    def test_versions_are_listed_oldest_first_and_reserved_ids_are_not(self, store: AnyStore) -> None:
        added = [store.versions.add(draft_version(store.versions)) for _ in range(2)]
        store.versions.reserve()
        assert list(store.versions.list()) == added

    def test_an_id_is_taken_once(self, store: AnyStore) -> None:
        version = store.versions.add(draft_version(store.versions))
        with pytest.raises(WorkspaceError, match="v0001 is taken"):
            store.versions.add(replace(version, folder="versions/other"))

    def test_a_draft_is_removed_for_good_and_the_ledger_says_so(self, store: AnyStore) -> None:
        draft = store.versions.add(draft_version(store.versions, status="draft"))
        assert store.versions.remove(draft.id, "old") == draft
        with pytest.raises(VersionMissing):
            store.versions.get(draft.id)
        assert not store.versions.list()
        entry = store.ledger.entries()[-1]
        assert (entry.kind, entry.facts["version"], entry.facts["reason"]) == ("removed", draft.id, "old")
        assert store.versions.reserve() == "v0002"
        store.ledger.verify()

    def test_what_is_no_draft_or_in_use_is_not_removed(self, store: AnyStore) -> None:
        ready = store.versions.add(draft_version(store.versions))
        drafts = [store.versions.add(draft_version(store.versions, status="draft")) for _ in range(4)]
        store.versions.add(draft_version(store.versions, parent=drafts[3].id))
        for alias, version in (("live", drafts[0]), ("live", ready), ("candidate", drafts[1])):
            store.versions.set_alias(alias, version.id)
        store.rollout.begin("canary", drafts[2].id, 0.1)
        reasons = ("it is no draft", "it is previous", "it is candidate", "beside the live version", "tuned from it")
        for version, reason in zip([ready, *drafts], reasons, strict=True):
            with pytest.raises(WorkspaceError, match=reason):
                store.versions.remove(version.id)
        assert len(store.versions.list()) == 6
        with pytest.raises(VersionMissing):
            store.versions.remove("v0009")

    def test_an_unknown_parent_is_refused_and_nothing_is_added(self, store: AnyStore) -> None:
        with pytest.raises(VersionMissing):
            store.versions.add(draft_version(store.versions, parent="v0009"))
        assert not store.versions.list()
        assert not store.ledger.entries()

    @pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a\0b", "a\\b", "", " ", ".hidden", "x" * 201, "a\nb"])
    def test_a_name_that_is_a_path_or_broken_is_refused(self, store: AnyStore, name: str) -> None:
        with pytest.raises(WorkspaceError, match="cannot be used"):
            store.versions.add(draft_version(store.versions, name=name))

    @pytest.mark.parametrize("folder", ["../x", "/etc", "versions/../../x", "a\0b", "versions//x", ""])
    def test_a_folder_outside_the_workspace_is_refused(self, store: AnyStore, folder: str) -> None:
        with pytest.raises(WorkspaceError, match="cannot be used"):
            store.versions.add(draft_version(store.versions, folder=folder))

    @pytest.mark.parametrize("reference", ["v0003", "../v0001", "a\0b", "v99999999999", "", "Live"])
    def test_a_missing_version_is_answered_with_what_there_is(self, store: AnyStore, reference: str) -> None:
        store.versions.add(draft_version(store.versions))
        store.versions.set_alias("live", "v0001")
        with pytest.raises(VersionMissing, match=r"There are: live \(v0001\), v0001"):
            store.versions.get(reference)

    def test_the_closest_name_is_suggested(self, store: AnyStore) -> None:
        store.versions.add(draft_version(store.versions))
        with pytest.raises(VersionMissing, match="Did you mean v0001"):
            store.versions.get("v001")

    def test_an_empty_store_says_how_to_make_the_first_version(self, store: AnyStore) -> None:
        with pytest.raises(VersionMissing, match="tunewheel tune"):
            store.versions.get("live")


class AliasContract:
    """What a `VersionStore` must do about aliases."""

    @pytest.fixture
    def three(self, store: AnyStore) -> VersionStore:
        """The store's versions, with v0001 to v0003 in it."""
        for _ in range(3):
            store.versions.add(draft_version(store.versions))
        return store.versions

    def test_an_alias_stands_for_its_version(self, three: VersionStore) -> None:
        three.set_alias("candidate", "v0002")
        assert three.get("candidate").id == "v0002"

    def test_the_live_version_becomes_previous(self, three: VersionStore) -> None:
        three.set_alias("live", "v0001")
        three.set_alias("live", "v0002")
        assert three.aliases() == {"live": "v0002", "previous": "v0001"}

    def test_an_alias_can_be_set_through_another_alias(self, three: VersionStore) -> None:
        three.set_alias("candidate", "v0003")
        assert three.set_alias("live", "candidate").id == "v0003"

    def test_what_is_live_already_stays_and_previous_too(self, three: VersionStore) -> None:
        three.set_alias("live", "v0001")
        three.set_alias("live", "v0002")
        three.set_alias("live", "v0002")
        assert three.aliases() == {"live": "v0002", "previous": "v0001"}

    def test_an_alias_moves_only_from_where_it_is_expected(self, three: VersionStore) -> None:
        three.set_alias("live", "v0001")
        with pytest.raises(Busy, match="points to v0001 now, not to v0002"):
            three.set_alias("live", "v0003", expected="v0002")
        assert three.aliases() == {"live": "v0001"}
        three.set_alias("live", "v0003", expected="v0001")
        assert three.get("live").id == "v0003"

    def test_of_threads_that_expect_the_same_one_wins(self, three: VersionStore) -> None:
        three.set_alias("live", "v0001")

        def move(number: int) -> bool:
            try:
                three.set_alias("live", f"v000{number}", expected="v0001")
            except Busy:
                return False
            return True

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(move, (2, 3))) == [False, True]

    @pytest.mark.parametrize("alias", ["../x", "/x", "v0002", "", "a b", "a\0"])
    def test_an_alias_is_a_plain_word(self, three: VersionStore, alias: str) -> None:
        with pytest.raises(WorkspaceError):
            three.set_alias(alias, "v0001")
