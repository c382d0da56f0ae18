"""Tag schemes: seqeval is the oracle for what is an entity."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval.metrics.sequence_labeling import get_entities
from seqeval.scheme import BILOU, IOB1, IOB2, IOBES, Entities

from tunewheel.data.tags import detect_scheme, is_tag, parse_tag, spans_to_tags, tags_to_spans, to_iob2
from tunewheel.errors import LabelError, SpanError

SAMES = {
    "IOB1": ["I-PER", "I-PER", "O", "I-LOC", "B-LOC", "O"],
    "IOB2": ["B-PER", "I-PER", "O", "B-LOC", "B-LOC", "O"],
    "BIOES": ["B-PER", "E-PER", "O", "S-LOC", "S-LOC", "O"],
    "BILOU": ["B-PER", "L-PER", "O", "U-LOC", "U-LOC", "O"],
}


@pytest.mark.parametrize("scheme", SAMES)
def test_every_scheme_is_detected_and_becomes_the_same_iob2(scheme: str):
    assert detect_scheme([SAMES[scheme]]) == scheme
    assert to_iob2(SAMES[scheme]) == SAMES["IOB2"]


@pytest.mark.parametrize(("scheme", "oracle"), [("IOB1", IOB1), ("IOB2", IOB2), ("BIOES", IOBES), ("BILOU", BILOU)])
def test_spans_are_those_of_seqeval(scheme: str, oracle: type):
    found = Entities([SAMES[scheme]], oracle).entities[0]
    assert tags_to_spans(SAMES[scheme]) == [(one.start, one.end, one.tag) for one in found]


def test_middle_tags_of_chinese_sets_are_read():
    tags = ["B-ORG", "M-ORG", "E-ORG", "S-PER", "O"]
    assert detect_scheme([tags]) == "BMES"
    assert to_iob2(tags) == ["B-ORG", "I-ORG", "I-ORG", "B-PER", "O"]


def test_two_entities_of_one_type_that_touch_stay_two():
    assert to_iob2(["E-PER", "I-PER"]) == ["B-PER", "B-PER"]
    assert tags_to_spans(["S-PER", "S-PER"]) == [(0, 1, "PER"), (1, 2, "PER")]


def test_iob2_with_a_slip_is_not_taken_for_iob1():
    assert detect_scheme([["B-PER", "O", "I-LOC"]]) == "IOB2"


@settings(deadline=None)
@given(st.lists(st.sampled_from(["O", "B-A", "I-A", "B-B", "I-B"]), max_size=15))
def test_any_iob_sequence_has_the_entities_of_seqeval(tags: list[str]):
    assert tags_to_spans(tags) == [(start, end + 1, label) for label, start, end in get_entities(tags)]


@settings(deadline=None)
@given(st.lists(st.sampled_from(["O", "B-A", "I-A", "B-B", "I-B", "S-A", "E-B"]), max_size=15))
def test_spans_and_tags_say_the_same(tags: list[str]):
    assert spans_to_tags(len(tags), tags_to_spans(tags)) == to_iob2(tags)


def test_labels_may_hold_dashes_but_need_a_prefix():
    assert parse_tag("B-work-of-art") == ("B", "work-of-art")
    assert [is_tag(value) for value in ("O", "S-X", "PER", "B-", "B- ", "", None, 3)] == [True, True] + [False] * 6


def test_an_unknown_tag_is_named_with_what_to_write():
    with pytest.raises(LabelError, match=r"'PERSON' is not a tag.*B-PER"):
        to_iob2(["O", "PERSON"])


@pytest.mark.parametrize("spans", [[(0, 2, "A"), (1, 3, "B")], [(0, 9, "A")], [(2, 2, "A")]])
def test_spans_that_overlap_or_leave_the_words_are_refused(spans: list[tuple[int, int, str]]):
    with pytest.raises(SpanError):
        spans_to_tags(4, spans)
