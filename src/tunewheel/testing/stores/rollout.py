"""What a keeper of the roll-out must do."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from ...errors import VersionMissing, WorkspaceError
from ...feedback.limits import GuardLimits
from ...registry import Rollout
from .journal import spoken
from .store import AnyStore, draft_version


class RolloutContract:
    """What a `RolloutStore` must do."""

    @pytest.fixture
    def served(self, store: AnyStore) -> AnyStore:
        """The store with v0001 to v0003 in it, the first of them live."""
        for _ in range(3):
            store.versions.add(draft_version(store.versions))
        store.versions.set_alias("live", "v0001")
        return store

    def test_a_rollout_is_kept_as_it_was_begun_and_entered_in_the_ledger(self, served: AnyStore) -> None:
        assert served.rollout.now() is None
        begun = served.rollout.begin("canary", "v0002", 0.1, "looks good", GuardLimits(differ=0.5))
        assert served.rollout.now() == begun
        assert (begun.mode, begun.version, begun.share, begun.stopped) == ("canary", "v0002", 0.1, "")
        assert (begun.limits.differ, begun.said, begun.at_work) == (0.5, 0, True)
        entry = served.ledger.entries()[-1]
        assert (entry.number, entry.kind) == (begun.entry, "canary")
        assert entry.facts == {"version": "v0002", "share": 0.1, "against": "v0001", "reason": "looks good"}
        served.ledger.verify()

    def test_a_rollout_knows_what_people_had_said_before(self, served: AnyStore) -> None:
        served.journal.say([spoken(1), spoken(2)])
        assert served.rollout.begin("canary", "v0002", 0.1).said == 2

    def test_a_rollout_takes_the_place_of_the_one_before(self, served: AnyStore) -> None:
        served.versions.set_alias("candidate", "v0003")
        served.rollout.begin("shadow", "v0002", 1.0)
        second = served.rollout.begin("canary", "candidate", 0.5)
        assert served.rollout.now() == second
        assert second.version == "v0003"

    def test_what_a_guard_stopped_stays_with_a_share_of_nothing_and_its_evidence(self, served: AnyStore) -> None:
        begun = served.rollout.begin("canary", "v0002", 0.25)
        assert served.rollout.stop(begun.entry, "too many errors", {"e_value": 1234.5})
        stopped = served.rollout.now()
        assert stopped is not None
        assert (stopped.share, stopped.stopped, stopped.at_work) == (0.0, "too many errors", False)
        entry = served.ledger.entries()[-1]
        assert entry.kind == "canary"
        assert entry.facts["evidence"] == {"e_value": 1234.5}
        assert (entry.facts["share"], entry.facts["before"]) == (0.0, 0.25)

    def test_of_many_that_stop_it_one_does_and_another_rollout_is_left_alone(self, served: AnyStore) -> None:
        begun = served.rollout.begin("canary", "v0002", 0.25)
        with ThreadPoolExecutor(4) as pool:
            assert sum(pool.map(lambda _: served.rollout.stop(begun.entry, "slow"), range(4))) == 1
        newer = served.rollout.begin("canary", "v0003", 0.5)
        assert not served.rollout.stop(begun.entry, "slow")
        assert served.rollout.now() == newer

    def test_a_rollout_ends_by_its_mode(self, served: AnyStore) -> None:
        begun = served.rollout.begin("shadow", "v0002", 1.0)
        with pytest.raises(WorkspaceError, match=r"no canary: there is a shadow \(v0002\)"):
            served.rollout.end("canary")
        assert served.rollout.end("shadow", "seen enough") == begun
        assert served.rollout.now() is None
        assert served.ledger.entries()[-1].facts["reason"] == "seen enough"
        with pytest.raises(WorkspaceError, match="nothing works beside"):
            served.rollout.end("shadow")

    def test_it_is_over_when_another_version_goes_live(self, served: AnyStore) -> None:
        served.rollout.begin("canary", "v0002", 0.25)
        served.versions.set_alias("candidate", "v0002")
        served.versions.set_alias("live", "v0001")
        assert served.rollout.now() is not None
        served.versions.set_alias("live", "v0002")
        assert served.rollout.now() is None
        assert served.ledger.entries()[-1].facts["reason"] == "v0002 went live"
        served.ledger.verify()

    @pytest.mark.parametrize("share", [0.0, -0.1, 1.5, float("nan")])
    def test_a_share_is_a_share(self, served: AnyStore, share: float) -> None:
        with pytest.raises(WorkspaceError, match="no share"):
            served.rollout.begin("canary", "v0002", share)
        assert served.rollout.now() is None

    def test_a_canary_leaves_something_to_the_live_version(self, served: AnyStore) -> None:
        with pytest.raises(WorkspaceError, match="nothing beside it"):
            served.rollout.begin("canary", "v0002", 1.0)

    def test_a_version_is_not_rolled_out_beside_itself_nor_beside_nothing(self, served: AnyStore) -> None:
        entries = len(served.ledger.entries())
        with pytest.raises(WorkspaceError, match="v0001 is live itself"):
            served.rollout.begin("canary", "live", 0.1)
        with pytest.raises(VersionMissing, match="no version or alias"):
            served.rollout.begin("canary", "v0009", 0.1)
        assert len(served.ledger.entries()) == entries

    def test_where_nothing_is_live_there_is_nothing_to_stand_beside(self, store: AnyStore) -> None:
        store.versions.add(draft_version(store.versions))
        with pytest.raises(VersionMissing, match="nothing is live"):
            store.rollout.begin("shadow", "v0001", 1.0)
        found: Rollout | None = store.rollout.now()
        assert found is None
