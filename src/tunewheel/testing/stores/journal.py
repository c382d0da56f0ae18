"""What a keeper of the journal must do."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from ...errors import WorkspaceError
from ...feedback.journal import Asked, Drawn, Journal, Said
from .store import AnyStore


def answered(number: int, **changes: Any) -> Asked:
    """The answer number so and so of a day: `a000`, one minute after the one before."""
    plain: dict[str, Any] = {
        "id": f"a{number:03d}",
        "at": f"2026-11-23T{number // 60:02d}:{number % 60:02d}:00Z",
        "version": "v0001",
        "key": f"key{number}",
        "row": {"text": f"row {number}"},
        "answer": "good",
        "confidence": 0.75,
    }
    return Asked(**plain | changes)


def spoken(number: int, **changes: Any) -> Said:
    """A label for the answer of this number."""
    plain: dict[str, Any] = {
        "at": "2026-11-24T08:00:00Z",
        "who": "ann",
        "origin": "api",
        "kind": "label",
        "value": "bad",
        "asked": f"a{number:03d}",
        "key": f"key{number}",
        "row": {"text": f"row {number}"},
    }
    return Said(**plain | changes)


def picked(number: int, **changes: Any) -> Drawn:
    """The answer of this number, drawn by an audit."""
    plain: dict[str, Any] = {
        "at": "2026-11-24T09:00:00Z",
        "audit": "audit-1",
        "population": 500,
        "asked": f"a{number:03d}",
        "key": f"key{number}",
        "row": {"text": f"row {number}"},
        "version": "v0001",
        "answer": "good",
        "confidence": 0.75,
        "probability": 0.08,
        "why": "random",
    }
    return Drawn(**plain | changes)


def ids(answers: Sequence[Asked]) -> list[str]:
    """The ids of answers."""
    return [answer.id for answer in answers]


class AskedContract:
    """What a `Journal` must do with answers."""

    @pytest.fixture
    def day(self, store: AnyStore) -> Journal:
        """A journal with the answers a000 to a009, kept in disorder."""
        store.journal.keep([answered(number) for number in (7, 3, 9, 0, 1)])
        store.journal.keep([answered(number) for number in (2, 8, 4, 6, 5)])
        return store.journal

    def test_an_answer_comes_back_as_it_was_kept(self, store: AnyStore) -> None:
        full = answered(
            1,
            row={
                "评论": "很好\0",
                "stars": 3,
                "share": 0.1 + 0.2,
                "none": None,
                "list": [True, "x"],
                "broken": "\ud800",
            },
            answer=[{"start": 0, "end": 2, "label": "人"}],
            confidence=1 / 3,
        )
        store.journal.keep([full, answered(2, row={}, answer="", role="canary")])
        first, second = store.journal.asked()
        assert first == full
        assert (second.row, second.answer, second.role) == ({}, "", "canary")
        assert list(first.row) == list(full.row)  # in the order of the columns

    def test_an_id_is_kept_once_in_each_role(self, day: Journal) -> None:
        assert day.keep([answered(3, answer="other"), answered(10), answered(10), answered(3, role="shadow")]) == 2
        assert day.find(["a003"])["a003"].answer == "good"
        assert day.counts()["asked"] == 12
        assert day.keep([]) == 0

    def test_answers_are_counted_as_they_are_read(self, day: Journal) -> None:
        for wanted in ({}, {"version": "v0002"}, {"role": "shadow"}, {"since": "2026-11-23T00:00:05Z", "role": "live"}):
            assert day.count(**wanted) == len(list(day.asked(**wanted)))  # type: ignore[arg-type]

    def test_answers_come_oldest_first(self, day: Journal) -> None:
        assert ids(list(day.asked())) == [f"a{number:03d}" for number in range(10)]

    def test_a_time_is_a_time_whatever_its_spelling(self, store: AnyStore) -> None:
        times = ["2026-11-23T10:00:00Z", "2026-11-23T10:00:00.5Z", "2026-11-23T11:00:01+01:00", "2026-11-23T10:00:02"]
        store.journal.keep([answered(number, at=at) for number, at in reversed(list(enumerate(times)))])
        assert [answer.at for answer in store.journal.asked()] == times
        assert ids(list(store.journal.asked(since="2026-11-23T12:00:00.600000+02:00"))) == ["a002", "a003"]
        assert ids(list(store.journal.asked(since="2026-11-23", until="2026-11-24"))) == [
            "a000",
            "a001",
            "a002",
            "a003",
        ]

    def test_a_stretch_begins_with_since_and_ends_before_until(self, day: Journal) -> None:
        stretch = day.asked(since="2026-11-23T00:02:00Z", until="2026-11-23T00:05:00.000000Z")
        assert ids(list(stretch)) == ["a002", "a003", "a004"]
        assert not list(day.asked(since="2027-01-01"))

    def test_answers_are_told_apart_by_version_and_role(self, day: Journal) -> None:
        day.keep([answered(20, version="v0002"), answered(1, version="v0002", role="shadow")])
        assert ids(list(day.asked(version="v0002"))) == ["a001", "a020"]
        assert ids(list(day.asked(version="v0002", role="shadow"))) == ["a001"]
        assert ids(list(day.asked(version="v0002", role="live"))) == ["a020"]

    def test_the_newest_come_oldest_first_too(self, day: Journal) -> None:
        assert ids(list(day.asked(most=3))) == ["a007", "a008", "a009"]
        assert ids(list(day.asked(until="2026-11-23T00:05:00Z", most=2))) == ["a003", "a004"]
        assert len(list(day.asked(most=99))) == 10
        assert not list(day.asked(most=0))
        assert not list(day.asked(version="v0009", most=5))

    def test_many_answers_of_one_moment_are_each_read_once(self, store: AnyStore) -> None:
        many = [answered(number, id=f"{number:05d}", at="2026-11-23T00:00:00Z") for number in range(4_500)]
        assert store.journal.keep(many) == 4_500
        assert ids(list(store.journal.asked())) == [f"{number:05d}" for number in range(4_500)]
        assert ids(list(store.journal.asked(most=2_500))) == [f"{number:05d}" for number in range(2_000, 4_500)]
        assert len(store.journal.find(f"{number:05d}" for number in range(4_500))) == 4_500

    def test_reading_holds_up_nobody(self, day: Journal) -> None:
        reading = day.asked()
        next(reading)
        assert day.keep([answered(30)]) == 1
        day.say([spoken(30)])

    def test_what_a_shadow_thought_is_not_found(self, day: Journal) -> None:
        day.keep([answered(40, role="canary"), answered(41, role="shadow")])
        assert set(day.find(["a001", "a040", "a041", "a099", "a\0", "'; DROP TABLE asked"])) == {"a001", "a040"}
        assert not day.find([])

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"id": "x" * 201}, "the id cannot be kept"),
            ({"id": "a\0b"}, "the id cannot be kept"),
            ({"key": "\ud800"}, "the key cannot be kept"),
            ({"at": "yesterday"}, "'yesterday' is no time"),
            ({"confidence": float("nan")}, "the confidence is no number"),
        ],
    )
    def test_what_cannot_be_kept_is_named_and_nothing_is_kept(
        self, day: Journal, changes: dict[str, Any], sentence: str
    ) -> None:
        with pytest.raises(WorkspaceError, match=sentence):
            day.keep([answered(50), answered(51, **changes)])
        assert day.counts()["asked"] == 10

    def test_threads_that_keep_the_same_answers_keep_each_once(self, store: AnyStore) -> None:
        def keep(start: int) -> int:
            return sum(store.journal.keep([answered((start + 7 * step) % 60)]) for step in range(60))

        with ThreadPoolExecutor(6) as pool:
            assert sum(pool.map(keep, range(6))) == 60
        assert store.journal.counts()["asked"] == 60

    def test_batches_in_opposite_orders_do_not_wait_for_each_other_for_ever(self, store: AnyStore) -> None:
        batch = [answered(number, id=f"{number:05d}", at="2026-11-23T00:00:00Z") for number in range(300)]
        with ThreadPoolExecutor(4) as pool:
            kept = pool.map(store.journal.keep, [batch, batch[::-1]] * 6)
            assert sum(kept) == 300


class SaidContract:
    """What a `Journal` must do with what people said."""

    def test_what_was_said_comes_back_numbered_in_order(self, store: AnyStore) -> None:
        thumb = spoken(2, kind="thumb", value=False, origin="audit", who="")
        text = spoken(3, kind="text", value="太慢了\0", asked="", row={"z": 1, "a": "\ud800"}, who="王")
        assert store.journal.say([spoken(1), thumb]) == 2
        assert store.journal.say([text]) == 3
        assert store.journal.say([]) == 3
        first, second, third = store.journal.said()
        assert first == replace(spoken(1), number=1)
        assert (second.number, second.value, second.origin) == (2, False, "audit")
        assert third == replace(text, number=3)

    def test_only_what_is_new_is_read(self, store: AnyStore) -> None:
        store.journal.say([spoken(1), spoken(2, kind="text", value="x"), spoken(3)])
        assert [each.number for each in store.journal.said(after=1)] == [2, 3]
        assert [each.number for each in store.journal.said(after=1, kind="label")] == [3]
        assert not list(store.journal.said(after=3))

    def test_what_was_said_is_read_without_its_rows_where_they_are_not_wanted(self, store: AnyStore) -> None:
        store.journal.say([spoken(1, value=["a", "好"]), spoken(2, kind="thumb", value=False)])
        assert [replace(each, row={}) for each in store.journal.said()] == list(store.journal.said(rows=False))
        assert [each.number for each in store.journal.said(kind="thumb", rows=False)] == [2]

    def test_many_are_said_and_read_in_order(self, store: AnyStore) -> None:
        assert store.journal.say([spoken(number, value=number) for number in range(4_500)]) == 4_500
        assert [each.value for each in store.journal.said()] == list(range(4_500))

    def test_a_batch_with_a_mistake_is_not_said_and_takes_no_number(self, store: AnyStore) -> None:
        with pytest.raises(WorkspaceError, match="the who cannot be kept") as caught:
            store.journal.say([spoken(1), spoken(2, who="a\0"), spoken(3, at="")])
        assert len(caught.value.problems) == 2
        assert store.journal.say([spoken(1)]) == 1

    def test_who_has_read_up_to_a_number_misses_nothing(self, store: AnyStore) -> None:
        def speak(who: int) -> None:
            for step in range(20):
                store.journal.say([spoken(step, who=str(who)), spoken(step, who=str(who))])

        seen: list[int] = []
        with ThreadPoolExecutor(4) as pool:
            speaking = [pool.submit(speak, who) for who in range(4)]
            while not all(each.done() for each in speaking):
                seen += [each.number for each in store.journal.said(after=seen[-1] if seen else 0)]
        for each in speaking:
            each.result()
        seen += [each.number for each in store.journal.said(after=seen[-1] if seen else 0)]
        assert seen == list(range(1, 161))


class DrawnContract:
    """What a `Journal` must do with what audits drew, and about forgetting."""

    def test_what_was_drawn_comes_back_by_audit(self, store: AnyStore) -> None:
        full = picked(
            1,
            rival="v0002",
            rival_answer=["a", "b"],
            answer=["a"],
            probability=1 / 7,
            why="disagreement",
            row={"字": 1},
        )
        assert store.journal.draw([full, picked(2)]) == 2
        assert store.journal.draw([picked(3, audit="audit-2")]) == 3
        assert [each.number for each in store.journal.drawn()] == [1, 2, 3]
        first, second = store.journal.drawn("audit-1")
        assert (first.rival_answer, first.probability, first.why) == (["a", "b"], 1 / 7, "disagreement")
        assert (second.rival, second.rival_answer, second.population) == ("", None, 500)
        assert not store.journal.drawn("audit-3")

    def test_said_and_drawn_are_numbered_apart(self, store: AnyStore) -> None:
        assert (store.journal.say([spoken(1)] * 3), store.journal.draw([picked(1)])) == (3, 1)
        assert store.journal.counts() == {"asked": 0, "said": 3, "drawn": 1}

    def test_what_is_old_is_forgotten_unless_somebody_spoke_of_it(self, store: AnyStore) -> None:
        store.journal.keep([answered(number) for number in range(6)])
        store.journal.say([spoken(1)])
        assert store.journal.forget("2026-11-23T00:04:00Z") == 3
        assert ids(list(store.journal.asked())) == ["a001", "a004", "a005"]
        assert store.journal.forget("2026-11-23T00:04:00Z") == 0
        with pytest.raises(WorkspaceError, match="'soon' is no time"):
            store.journal.forget("soon")

    def test_rows_that_audits_drew_are_forgotten_with_their_answers_and_stay_counted(self, store: AnyStore) -> None:
        store.journal.keep([answered(number) for number in range(4)])
        store.journal.draw([picked(number) for number in range(4)])
        store.journal.say([spoken(1)])
        assert store.journal.forget("2026-11-23T00:03:00Z") == 2
        drawn = store.journal.drawn()
        assert [bool(each.row) for each in drawn] == [False, True, False, True]
        assert [each.probability for each in drawn] == [picked(number).probability for number in range(4)]
        assert store.journal.counts()["drawn"] == 4

    def test_rows_of_answers_that_were_forgotten_before_go_with_the_next_forgetting(self, store: AnyStore) -> None:
        store.journal.draw([picked(1)])  # its answer is not there any more
        assert store.journal.forget("2026-11-23T00:00:00Z") == 0
        assert [each.row for each in store.journal.drawn()] == [{}]

    def test_a_row_is_erased_wherever_it_is(self, store: AnyStore) -> None:
        store.journal.keep([answered(1), answered(1, role="shadow"), answered(2)])
        store.journal.say([spoken(1), spoken(2)])
        store.journal.draw([picked(1), picked(2)])
        assert store.journal.erase("key1") == 4
        assert store.journal.erase("key1") == 0
        rows = [each.row for each in store.journal.asked()] + [each.row for each in store.journal.said()]
        rows += [each.row for each in store.journal.drawn()]
        assert [each.row for each in store.journal.drawn()] == [{}, {"text": "row 2"}]
        assert rows.count({}) == 4
        assert rows.count({"text": "row 2"}) == 3


class JournalContract(AskedContract, SaidContract, DrawnContract):
    """All that a `Journal` must do. Needs a fixture `store`."""
