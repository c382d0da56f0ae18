import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from memory_journal import asked, said

from tunewheel.feedback import resolve as room
from tunewheel.feedback.resolve import resolve
from tunewheel.records import content_key


def only(resolved):
    """The one row, with nothing waiting."""
    assert not resolved.suspects
    (row,) = resolved.rows
    return row


def test_the_newest_label_of_a_person_replaces_the_older_ones():
    resolved = resolve([said("hello", "fees", number=1), said("hello", "cards", number=2)])
    row = only(resolved)
    assert (row.label, row.votes, row.said) == ("cards", 1, (2,))
    assert resolved.dropped == {room.REPLACED: 1}


def test_newest_is_told_by_the_time_it_was_said_not_by_when_it_arrived():
    late = said("hello", "fees", number=2, at="2026-01-01T00:00:00Z")
    assert only(resolve([said("hello", "cards", number=1), late])).label == "cards"


def test_the_majority_of_several_people_wins_and_only_who_agreed_is_named():
    voices = [
        said("hi", "cards", "a", 1, asked="1"),
        said("hi", "fees", "b", 2, asked="2"),
        said("hi", "cards", "c", 3),
    ]
    resolved = resolve(voices)
    row = only(resolved)
    assert (row.label, row.votes, row.ids, row.said) == ("cards", 2, ("1",), (1, 3))
    assert resolved.dropped == {room.OUTVOTED: 1}


def test_a_tie_leads_with_the_newest_label_and_waits():
    resolved = resolve([said("hi", "cards", "a", 1), said("hi", "fees", "b", 2)])
    assert not resolved.rows
    (suspect,) = resolved.suspects
    assert suspect.leading == "fees" and dict(suspect.labels) == {"cards": 1, "fees": 1}
    assert "as many people" in suspect.reason and resolved.dropped == {room.SUSPECT: 2}


def test_an_audit_outranks_any_number_of_people():
    voices = [said("hi", "cards", who, n) for n, who in enumerate("abc", 1)]
    resolved = resolve([said("hi", "fees", "judge", 1, origin="audit"), *voices])
    assert only(resolved).label == "fees" and only(resolved).origin == "audit"
    assert resolved.dropped == {room.OVERRULED: 3}


def test_a_thumb_up_is_a_vote_for_the_answer_but_a_label_counts_more():
    answers = {"a-hi": asked("hi", "cards")}
    up = said("hi", True, "a", 1, kind="thumb", asked="a-hi")
    row = only(resolve([up], answers))
    assert (row.label, row.kind, row.ids) == ("cards", "thumb", ("a-hi",))
    resolved = resolve([up, said("hi", "fees", "b", 2)], answers)
    assert only(resolved).label == "fees" and resolved.dropped == {room.WEAKER: 1}


def test_a_thumb_down_alone_makes_the_row_wait():
    answers = {"a-hi": asked("hi", "cards")}
    down = said("hi", False, "a", 1, kind="thumb", asked="a-hi")
    (suspect,) = resolve([down], answers).suspects
    assert suspect.leading is None and "nobody said what is right" in suspect.reason
    up = said("hi", True, "b", 2, kind="thumb", asked="a-hi")
    (suspect,) = resolve([down, up], answers).suspects
    assert "disagree" in suspect.reason


def test_thumbs_up_for_different_answers_are_a_tie():
    answers = {"1": asked("hi", "cards", "1"), "2": asked("hi", "fees", "2")}
    thumbs = [said("hi", True, "ab"[n], n + 1, kind="thumb", asked=str(n + 1)) for n in range(2)]
    assert resolve(thumbs, answers).suspects and not resolve(thumbs, answers).rows


def test_frozen_rows_never_become_training_rows_and_are_marked():
    resolved = resolve([said("judge", "cards", number=1), said("hi", "fees", number=2)], frozen={content_key("judge")})
    assert only(resolved).row == {"text": "hi"}
    assert resolved.frozen == [1] and resolved.dropped == {room.FROZEN: 1}


def test_comments_and_rows_that_were_not_kept_are_counted():
    resolved = resolve([said("hi", "nice", kind="text"), said("gone", "cards", row={}, number=2)])
    assert not resolved.rows and resolved.dropped == {room.COMMENT: 1, room.NO_ROW: 1}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (["a", "b"], ["b", "a"]),
        (
            [{"start": 0, "end": 2, "label": "PER"}, {"start": 4, "end": 6, "label": "LOC"}],
            [{"label": "LOC", "start": 4, "end": 6}, {"start": 0, "end": 2, "label": "PER"}],
        ),
    ],
    ids=["labels", "spans"],
)
def test_several_labels_and_spans_agree_in_any_order(one, other):
    assert only(resolve([said("hi", one, "a", 1), said("hi", other, "b", 2)])).votes == 2


VOICES = st.lists(
    st.tuples(st.sampled_from("xyz"), st.sampled_from(["cards", "fees"]), st.sampled_from("abcd"), st.booleans())
)


@given(VOICES)
def test_everything_said_is_behind_a_row_or_counted_and_order_of_arrival_does_not_matter(voices):
    all_said = [
        said(text, label, who, n, origin="audit" if audit else "api")
        for n, (text, label, who, audit) in enumerate(voices, 1)
    ]
    resolved = resolve(all_said)
    behind = list(itertools.chain.from_iterable(row.said for row in resolved.rows))
    assert len(behind) + sum(resolved.dropped.values()) == len(all_said)
    assert len(set(behind)) == len(behind)
    turned = resolve(reversed(all_said))
    assert {row.key: row.label for row in turned.rows} == {row.key: row.label for row in resolved.rows}
    assert {one.key for one in turned.suspects} == {one.key for one in resolved.suspects}
