"""Excel, Parquet and folders of pictures."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tunewheel.data import infer, read
from tunewheel.errors import ReadError

PNG = b"\x89PNG\r\n\x1a\n and so on"


def _workbook(path: Path, **sheets: list[list[Any]]) -> Path:
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(row)
    workbook.save(path)
    return path


def test_cells_of_a_workbook_are_texts_as_people_read_them(tmp_path: Path):
    row = ["两个词", 3.0, 2.5, True, datetime.date(2024, 5, 31), datetime.datetime(2024, 5, 31, 9, 30), None]
    path = _workbook(tmp_path / "a.xlsx", reviews=[["text", "a", "b", "c", "d", "e", "f"], row])
    found = read(path)
    assert list(found.row(0).values()) == ["两个词", "3", "2.5", "TRUE", "2024-05-31", "2024-05-31 09:30:00", ""]
    assert found.format == "xlsx" and found.number(0) == 2


def test_blank_rows_of_a_sheet_are_passed_over_but_counted(tmp_path: Path):
    rows = [["text", "label", None], ["a b", "x"], [None, None], ["c d", "y"], ["e f", "x", None, "stray"]]
    found = read(_workbook(tmp_path / "a.xlsx", reviews=rows))
    assert [(found.number(i), found.row(i)["text"]) for i in range(len(found))] == [(2, "a b"), (4, "c d"), (5, "e f")]
    assert found.columns == ["text", "label", "column 3", "column 4"]


def test_the_first_sheet_with_rows_is_read_and_others_are_named(tmp_path: Path):
    rows = [["text", "label"], ["a b", "x"]]
    path = _workbook(tmp_path / "a.xlsx", cover=[], reviews=rows, more=[["text", "label"], ["c d", "y"]])
    assert read(path).row(0)["text"] == "a b" and "'more' not read" in read(path).notes[1]
    assert read(path, sheet="more").row(0)["text"] == "c d"
    with pytest.raises(ReadError, match=r"no sheet 'less'.*'cover', 'reviews', 'more'"):
        read(path, sheet="less")


def test_a_workbook_called_csv_is_read_as_what_it_is(tmp_path: Path):
    path = _workbook(tmp_path / "a.xlsx", reviews=[["text", "label"], ["a b", "x"]])
    assert read(path.rename(tmp_path / "a.csv")).format == "xlsx"


def test_a_sheet_for_a_file_without_sheets_is_refused(tmp_path: Path):
    (tmp_path / "a.csv").write_text("text,label\na b,x\n")
    with pytest.raises(ReadError, match="only Excel files have sheets"):
        read(tmp_path / "a.csv", sheet="reviews")


def test_parquet_values_keep_their_types(tmp_path: Path):
    columns = {
        "text": ["a", "b"],
        "label": [1, None],
        "shares": [[0.5, 0.5], []],
        "when": [datetime.date(2024, 1, 2)] * 2,
    }
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    found = read(tmp_path / "a.parquet")
    assert {name: found.column(name) for name in found.columns} == columns
    assert found.number(1) == 2 and found.row(1) == {name: values[1] for name, values in columns.items()}


def test_hugging_face_pictures_and_label_names_are_understood(tmp_path: Path):
    features = {
        "image": {"_type": "Image"},
        "label": {"names": ["cat", "dog"], "_type": "ClassLabel"},
        "tags": {"feature": {"names": ["O", "B-PER"], "_type": "ClassLabel"}, "_type": "Sequence"},
    }
    pictures = [{"bytes": PNG, "path": "a.png"}, {"bytes": PNG + b"2", "path": None}]
    table = pa.table({"image": pictures, "label": [1, 0], "tags": [[0, 1], [0]]})
    metadata = {"huggingface": json.dumps({"info": {"features": features}})}
    pq.write_table(table.replace_schema_metadata(metadata), tmp_path / "a.parquet")
    found = read(tmp_path / "a.parquet")
    assert found.column("image") == [PNG, PNG + b"2"]
    assert found.column("label") == ["dog", "cat"] and found.column("tags") == [["O", "B-PER"], ["O"]]
    assert infer(found, label="label").task == "image_classification"


def test_a_parquet_file_without_rows_is_refused(tmp_path: Path):
    pq.write_table(pa.table({"text": pa.array([], pa.string())}), tmp_path / "a.parquet")
    with pytest.raises(ReadError, match="no rows"):
        read(tmp_path / "a.parquet")


def _pictures(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(PNG + name.encode())
    return root


def test_folders_of_pictures_are_rows_with_the_folder_as_label(tmp_path: Path):
    root = _pictures(tmp_path / "p", "cat/b.png", "cat/a.JPG", "dog/deep/c.webp", ".hidden/x.png", "dog/._c.png")
    found = read(root)
    assert found.format == "images"
    assert found.column("file") == ["cat/a.JPG", "cat/b.png", "dog/deep/c.webp"]
    assert found.row(2) == {"image": PNG + b"dog/deep/c.webp", "label": "dog", "file": "dog/deep/c.webp"}
    assert dict(infer(found).columns) == {"image": "image", "label": "label"}


def test_folders_of_splits_become_a_column(tmp_path: Path):
    found = read(_pictures(tmp_path / "p", "train/cat/a.png", "train/dog/b.png", "test/cat/c.png", "other/x/d.png"))
    assert found.column("split") == ["test", "train", "train"] and found.column("label") == ["cat", "cat", "dog"]
    assert infer(found).columns["split"] == "split" and any("'other' not read" in note for note in found.notes)


def test_links_and_files_that_are_no_pictures_are_left_out_and_named(tmp_path: Path):
    root = _pictures(tmp_path / "p", "cat/a.png", "cat/b.png", "dog/c.png")
    (root / "dog/fake.png").write_text("no picture")
    (tmp_path / "secret.png").write_bytes(PNG)
    (root / "dog/link.png").symlink_to(tmp_path / "secret.png")
    found = read(root)
    assert len(found) == 3
    said = [str(problem) for problem in found.problems]
    assert "dog/fake.png is not a picture" in said[0] and "dog/link.png is a link" in said[1]


def test_the_fingerprint_of_a_folder_follows_names_and_contents(tmp_path: Path):
    root = _pictures(tmp_path / "p", "cat/a.png", "dog/b.png")
    before = read(root).fingerprint
    assert read(root).fingerprint == before
    (root / "dog/b.png").rename(root / "dog/c.png")
    renamed = read(root).fingerprint
    (root / "dog/c.png").write_bytes(PNG)
    assert len({before, renamed, read(root).fingerprint}) == 3
