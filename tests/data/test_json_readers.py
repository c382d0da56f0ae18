"""JSON, JSON Lines, Label Studio and spaCy: the same rows whatever the layout."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tunewheel.data import Table, infer, read
from tunewheel.data.cells import read_spans
from tunewheel.errors import ReadError
from tunewheel.records import Span

ROWS = [{"text": "a b", "label": "x"}, {"text": "c d", "label": "y"}, {"text": "e f", "label": "x"}]
COLUMNS = {"text": ["a b", "c d", "e f"], "label": ["x", "y", "x"]}


@pytest.fixture
def table(tmp_path: Path):
    def make(content: Any, name: str = "reviews.json") -> Table:
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return read(path)

    return make


@pytest.mark.parametrize(
    "document",
    [
        ROWS,
        {"data": ROWS},
        {"version": "1.0", "rows": ROWS},
        COLUMNS,
        {"columns": ["text", "label"], "index": [0, 1, 2], "data": [list(row.values()) for row in ROWS]},
        {name: {str(i): value for i, value in enumerate(values)} for name, values in COLUMNS.items()},
        {"r1": ROWS[0], "r2": ROWS[1], "r3": ROWS[2]},
    ],
    ids=["list", "data", "one list", "columns", "split", "pandas columns", "pandas index"],
)
def test_every_layout_gives_the_same_rows(table, document: Any):
    found = table(document)
    assert list(found.rows()) == ROWS and found.format == "json"
    assert [found.number(i) for i in range(3)] == [1, 2, 3]
    assert list(table(json.dumps(document, indent=2)).rows()) == ROWS


def test_lists_by_split_become_a_column(table):
    found = table({"train": [["a b", "x"], ["c d", "y"]], "test": [["e f", "x"]], "about": "x"})
    assert found.column("split") == ["train", "train", "test"]
    assert found.row(0) == {"column 1": "a b", "column 2": "x", "split": "train"}


def test_json_lines_are_recognised_under_any_name(table):
    text = "".join(json.dumps(row) + "\n" for row in ROWS)
    for name in ("reviews.jsonl", "reviews.json", "reviews.csv", "reviews.txt"):
        assert list(table(text, name).rows()) == ROWS and table(text, name).format == "jsonl"
    assert table(json.dumps(ROWS), "reviews.csv").format == "json"


def test_a_csv_file_that_begins_with_a_bracket_stays_one(table):
    found = table("[tag] text,label\n[a] one,x\n[b] two,y\n", "reviews.csv")
    assert found.format == "csv" and len(found) == 2


def test_line_separators_inside_json_lines_survive(table):
    found = table('{"text": "one\u2028two\x85", "label": "x"}\n\n{"text": "three", "label": "y"}\n', "reviews.jsonl")
    assert found.column("text") == ["one\u2028two\x85", "three"]
    assert [found.number(i) for i in range(2)] == [1, 3]


def test_broken_lines_are_left_out_with_their_numbers(table):
    lines = [json.dumps(row) for row in ROWS * 2]
    lines[1], lines[3] = '{"text": "a b", "label"', "null"
    found = table("\n".join(lines), "reviews.jsonl")
    assert len(found) == 4
    assert [problem.where for problem in found.problems] == ["reviews.jsonl line 2", "reviews.jsonl line 4"]
    assert "not JSON" in found.problems[0].what and found.problems[0].mend


def test_a_mistake_in_a_document_is_named_by_item_and_line(table):
    with pytest.raises(ReadError, match=r"item 3: the item is not JSON.*\(line 4\)"):
        table('[\n{"text": "a"},\n{"text": "b"},\n{"text" "c"}\n]')
    with pytest.raises(ReadError, match=r"not JSON.* at line 2"):
        table('{"text": ["a"],\n"label" ["x"]}')
    with pytest.raises(ReadError, match="more text after"):
        table('[{"text": "a"}] and more')


def test_a_list_longer_than_the_buffer_is_read_item_by_item(table, monkeypatch):
    monkeypatch.setattr("tunewheel.data.readers.json_stream._CHUNK", 7)
    assert list(table(json.dumps(ROWS, indent=1)).rows()) == ROWS


def test_values_keep_their_types_even_where_a_column_mixes_them(table):
    values = [1, 2.5, "three", True, None, [1, "a"], {"deep": [1]}, [], 2**70]
    found = table([{"value": value, "row": i} for i, value in enumerate(values)])
    assert found.column("value") == values
    assert [type(value) for value in found.column("value")] == [type(value) for value in values]
    assert found.column("row") == list(range(len(values)))


def test_a_column_that_begins_late_is_empty_before(table):
    found = table([{"text": "a"}, {"text": "b", "label": ["x"]}, {"text": "c", "label": []}])
    assert found.column("label") == [None, ["x"], []]


def test_half_a_surrogate_pair_is_replaced_and_said(table):
    found = table('[{"text": "bad \\ud83d half", "more": {"a": "\\ud83d"}}]')
    assert found.row(0)["text"] == "bad ? half"
    assert any("U+FFFD" in note or "replaced" in note for note in found.notes)


def test_spacy_examples_with_entities_and_categories_are_read(table):
    spans = table([["Anna lives in Bonn", {"entities": [[0, 4, "PER"], [14, 18, "LOC"]]}]] * 3)
    assert read_spans(spans.row(0)["entities"]) == [Span(0, 4, "PER"), Span(14, 18, "LOC")]
    assert infer(spans).columns == {"spans": "entities", "text": "text"}
    cats = [{"text": f"text {i}", "cats": {"GOOD": i % 2, "BAD": 1 - i % 2}} for i in range(4)]
    assert table("".join(map(json.dumps, cats)).replace("}{", "}\n{"), "c.jsonl").column("label") == ["BAD", "GOOD"] * 2
    assert table([{"text": "a b", "cats": {"X": 1.0, "Y": 0.9}}]).column("label") == [["X", "Y"]]


def _task(text: str, *results: dict[str, Any], cancelled: bool = False) -> dict[str, Any]:
    annotation = {"result": [{"value": value} for value in results], "was_cancelled": cancelled}
    return {"id": 1, "data": {"text": text, "source": "web"}, "annotations": [annotation]}


def test_label_studio_choices_become_labels(table):
    found = table([_task("fine", {"choices": ["Good"]}), _task("so so", {"choices": ["Good", "Bad"]}), _task("no")])
    assert found.column("label") == ["Good", ["Good", "Bad"], None]
    assert found.column("text") == ["fine", "so so", "no"]


def test_label_studio_regions_become_character_spans_also_behind_an_emoji(table):
    region = {"start": 3, "end": 7, "text": "Anna", "labels": ["PER"]}
    found = table([_task("😀 Anna sings", region), _task("so Anna sings", region), _task("nobody")])
    spans = [read_spans(value) for value in found.column("spans")]
    assert spans == [[Span(2, 6, "PER")], [Span(3, 7, "PER")], []]
    assert infer(found).task == "token_classification"


def test_label_studio_tasks_that_nobody_finished_are_unlabelled_and_no_negatives(table):
    region = {"start": 0, "end": 4, "text": "Anna", "labels": ["PER"]}
    untouched = {"data": {"text": "Bob is new", "source": "web"}, "annotations": []}
    cancelled = _task("Ben sings", {"start": 0, "end": 3, "text": "Ben", "labels": ["PER"]}, cancelled=True)
    found = table([_task("Anna sings", region), untouched, cancelled, _task("nobody")])
    assert [None if value is None else len(value) for value in found.column("spans")] == [1, None, None, 0]


def test_a_label_studio_region_that_is_elsewhere_is_said(table):
    found = table([_task("Anna sings", {"start": 5, "end": 9, "text": "Anna", "labels": ["PER"]})] * 2)
    assert any("'Anna' is at characters 5-9, where the text reads 'sing'" in note for note in found.notes)
    assert len(table([_task("x y", {"choices": ["A"]}, cancelled=True)] * 2)) == 2


def test_an_object_with_thousands_of_names_is_refused(table):
    with pytest.raises(ReadError, match="3,000 names"):
        table([{f"user {i}": 1 for i in range(3000)}])
