from typing import Any

import pytest

from tunewheel.records import Example, Picture, Source, Words
from tunewheel.workflows.rows.frozen import as_example, as_row, labels_of
from tunewheel.workspace import Workspace

EXAMPLES = {
    "one label": Example("第一行\nand\u2028more", "卡", Source("a.csv", 3), {"shop": "north", "stars": 4}),
    "several labels": Example("x", ("a", "b"), Source("a.csv", 4)),
    "no label of several": Example("x", (), Source("a.csv", 4)),
    "shares": Example("x", {"a": 0.25, "b": 0.75}, Source("a.csv", 5)),
    "words": Example(Words("Anna  我", ((0, 4), (6, 7))), ("B-PER", "O"), Source("a.conll", 1)),
    "picture": Example(Picture(b"\x89PNG\0\xff", "a.png"), "cat", Source("a.parquet", 1)),
}


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_an_example_comes_back_from_the_workspace_as_it_was(example: Example, tmp_path) -> None:
    with Workspace.open(tmp_path / "w") as workspace:
        frozen = workspace.freeze_test("reviews", [as_row(example)], [example.key], {})
        found = as_example(frozen.rows()[0])
    assert found == example
    assert found.key == example.key


def test_columns_that_no_slice_can_use_are_left_behind() -> None:
    columns: dict[str, Any] = {"short": "x", "long": "x" * 201, "list": [1], "bytes": b"1", "yes": True}
    assert as_example(as_row(Example("a", "b", Source(), columns))).columns == {"short": "x", "yes": True}


def test_labels_are_found_in_every_kind_of_target() -> None:
    targets = ["a", ("b", "c"), {"d": 1.0}, None, ()]
    assert labels_of([Example("x", target) for target in targets]) == {"a", "b", "c", "d"}
