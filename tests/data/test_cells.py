"""Cells: labels, words and spans in the ways people write them."""

from __future__ import annotations

import pytest

from tunewheel.data.cells import is_spans, is_tags, read_labels, read_spans, read_words
from tunewheel.data.labels import count_labels, label_writing
from tunewheel.errors import LabelError, SpanError
from tunewheel.records import Span

NAN = float("nan")


@pytest.mark.parametrize(
    ("cell", "separator", "labels"),
    [
        (" good ", None, ["good"]),
        ("a|b| c", "|", ["a", "b", "c"]),
        (["a", "b"], None, ["a", "b"]),
        ('["a", "b"]', None, ["a", "b"]),
        ("['a', 'b']", None, ["a", "b"]),
        (3.0, None, ["3"]),
        (3, None, ["3"]),
        (True, None, ["True"]),
        (None, None, []),
        (NAN, None, []),
        ("", None, []),
        ([], None, []),
        ("[not a list", None, ["[not a list"]),
    ],
)
def test_labels_of_a_cell(cell: object, separator: str | None, labels: list[str]):
    assert read_labels(cell, separator) == labels


def test_an_object_is_no_label():
    with pytest.raises(LabelError, match="object"):
        read_labels({"name": "good"})


@pytest.mark.parametrize("cell", [["New", "York"], "New York", '["New", "York"]', "['New', 'York']"])
def test_words_of_a_cell(cell: object):
    assert read_words(cell) == ["New", "York"]


@pytest.mark.parametrize(
    "cell",
    [
        [{"start": 0, "end": 4, "label": "PER"}],
        [[0, 4, "PER"]],
        {"entities": [[0, 4, "PER"]]},
        [{"name": "PER", "span": [0, 4], "value": None}],
        [{"start_offset": 0, "end_offset": 4, "label": "PER"}],
        [{"offset": 0, "length": 4, "type": "PER"}],
        [{"start": 0.0, "end": 4.0, "labels": ["PER"], "text": "Anna"}],
        '[{"start": 0, "end": 4, "label": "PER"}]',
    ],
)
def test_spans_of_a_cell_in_all_their_spellings(cell: object):
    assert read_spans(cell) == [Span(0, 4, "PER")]


def test_no_spans_are_none_and_nonsense_is_refused_with_the_right_spelling():
    assert read_spans(None) == read_spans([]) == read_spans("") == read_spans(NAN) == []
    for nonsense in ("Anna", 7, [{"start": 0, "label": "PER"}], [["PER", 0, 4]], [True]):
        assert not is_spans(nonsense)
        with pytest.raises(SpanError, match='"start": 0'):
            read_spans(nonsense)


def test_tags_are_told_from_words():
    assert is_tags(["O", "B-PER"]) and is_tags("O O B-PER") and not is_tags(["O", "Anna"]) and not is_tags([])


@pytest.mark.parametrize(
    ("values", "writing"),
    [
        (["good", "bad", "good"], (False, None)),
        (["a|b", "a", "b", "a|b"], (True, "|")),
        (["food; price", "price", "food", "staff; food"], (True, ";")),
        (["a,b", "a", "b,c", "c", "b"], (True, ",")),
        (["价格；服务", "价格", "服务"], (True, "；")),
        (["Paris, France", "Lyon, France", "Paris, France"], (False, None)),
        (["Arts, crafts", "Toys, games"], (False, None)),
        ([["a"], ["b"]], (False, None)),
        ([["a"], []], (True, None)),
        (['["a", "b"]', '["a"]'], (True, None)),
        ([None, NAN, ""], (False, None)),
    ],
)
def test_how_several_labels_are_written(values: list[object], writing: tuple[bool, str | None]):
    assert label_writing(values) == writing


def test_labels_are_counted_within_their_cells():
    assert count_labels(["a|b", "a", "b", None]) == 2
    assert count_labels([["a", "c"], ["b"], []]) == 3
