"""Character spans onto words: nothing is dropped in silence."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tunewheel.data.spans import align, split_words, tags_to_spans
from tunewheel.records import Span

TEXT = "Anna lives in New York, USA."


def _align(text: str, *spans: tuple[int, int, str]):
    return align(text, split_words(text), [Span(*span) for span in spans])


def _entities(aligned) -> list[tuple[str, str]]:
    bounds, text = aligned.words.bounds, aligned.words.text
    spans = tags_to_spans(aligned.tags)
    return [(text[bounds[start][0] : bounds[end - 1][1]], label) for start, end, label in spans]


def test_exact_spans_become_tags_without_a_word():
    aligned = _align(TEXT, (0, 4, "PER"), (14, 22, "LOC"), (24, 27, "LOC"))
    assert _entities(aligned) == [("Anna", "PER"), ("New York", "LOC"), ("USA", "LOC")]
    assert aligned.problems == []


def test_a_space_or_comma_too_much_is_trimmed_and_said():
    aligned = _align(TEXT, (0, 5, "PER"), (13, 23, "LOC"))
    assert _entities(aligned) == [("Anna", "PER"), ("New York", "LOC")]
    assert [problem.where for problem in aligned.problems] == ["characters 0-5", "characters 13-23"]
    assert "trimmed to 'Anna'" in str(aligned.problems[0]) and "characters 0 to 4" in str(aligned.problems[0])


def test_marks_that_belong_to_a_name_are_not_trimmed():
    assert _align("Yahoo! and Acme Inc. won", (0, 6, "ORG"), (11, 20, "ORG")).problems == []
    assert _entities(_align("A comma, here", (7, 8, "PUNCT"))) == [(",", "PUNCT")]


def test_a_word_that_a_span_cuts_is_split_there():
    aligned = _align("l'homme de Neandertal-Museum", (2, 7, "PER"), (11, 21, "LOC"))
    assert _entities(aligned) == [("homme", "PER"), ("Neandertal", "LOC")]
    assert aligned.words.words() == ["l'", "homme", "de", "Neandertal", "-", "Museum"]
    assert 'cuts the word "l\'homme"' in aligned.problems[0].what


def test_chinese_spans_need_no_splitting():
    aligned = _align("我在北京大学读书", (2, 6, "ORG"))
    assert aligned.tags == ["O", "O", "B-ORG", "I-ORG", "I-ORG", "I-ORG", "O", "O"]
    assert aligned.problems == []


def test_spans_that_cannot_be_used_are_named_with_advice():
    aligned = _align(TEXT, (90, 99, "PER"), (3, 3, "PER"), (4, 5, "PER"), (5, 10, " "), (-2, 4, "PER"))
    assert set(aligned.tags) == {"O"}
    said = [problem.what for problem in aligned.problems]
    for part in ("outside the text, which has 28", "is empty", "only spaces", "no label", "outside"):
        assert any(part in what for what in said), part
    assert all(problem.mend and problem.where.startswith("characters") for problem in aligned.problems)


def test_of_overlapping_spans_the_longer_stays_and_the_other_is_named():
    aligned = _align("the New York Times", (4, 12, "LOC"), (4, 18, "ORG"))
    assert _entities(aligned) == [("New York Times", "ORG")]
    assert "'New York' (LOC) overlaps 'New York Times' (ORG)" in aligned.problems[0].what


def test_a_span_given_twice_counts_once():
    aligned = _align(TEXT, (0, 4, "PER"), (0, 4, "PER"))
    assert _entities(aligned) == [("Anna", "PER")]
    assert "twice" in aligned.problems[0].what


@settings(deadline=None)
@given(st.text("ab ,.我'", max_size=25), st.lists(st.tuples(st.integers(-2, 27), st.integers(-2, 27)), max_size=5))
def test_every_span_becomes_an_entity_or_a_problem(text: str, offsets: list[tuple[int, int]]):
    aligned = _align(text, *[(start, end, f"L{i}") for i, (start, end) in enumerate(offsets)])
    found = {label for _, _, label in tags_to_spans(aligned.tags)}
    told = " ".join(problem.what for problem in aligned.problems)
    assert all(f"L{i}" in found or f"(L{i})" in told for i in range(len(offsets)))
    assert len(aligned.tags) == len(aligned.words)
