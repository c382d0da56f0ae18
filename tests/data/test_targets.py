"""Labels of examples as numbers, and the label that each is balanced by."""

from __future__ import annotations

from tunewheel.data.targets import LabelTable
from tunewheel.records import Example, Words

TARGETS = ["b", ("a", "b"), None, {"c": 0.7, "a": 0.3}, (), "b", ("c", "a")]


def test_labels_are_numbered_in_alphabetical_order() -> None:
    table = LabelTable.of([Example("x", target) for target in TARGETS])
    assert list(table.names) == ["a", "b", "c"]
    assert table.counts.tolist() == [1, 2, 0, 1, 0, 1, 2]
    assert [table.names[number] for number in table.numbers] == ["b", "a", "b", "c", "b", "c", "a"]


def test_an_example_is_balanced_by_its_rarest_label_and_of_equals_by_the_first() -> None:
    strata = LabelTable.of([Example("x", target) for target in TARGETS]).strata()
    assert strata.tolist() == [1, 0, -1, 2, -1, 1, 0]


def test_words_are_balanced_by_their_entities() -> None:
    words = Words("Ada in Rome", ((0, 3), (4, 6), (7, 11)))
    table = LabelTable.of([Example(words, ("B-PER", "O", "B-LOC")), Example(words, ("O", "O", "O"))])
    assert (list(table.names), table.strata().tolist()) == (["LOC", "PER"], [0, -1])


def test_nothing_has_no_strata() -> None:
    assert LabelTable.of([]).strata().tolist() == []
    assert LabelTable.of([Example("x")]).strata().tolist() == [-1]
