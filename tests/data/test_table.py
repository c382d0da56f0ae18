"""Tables: rows, selections and numbers, in memory and on disk, and the same either way."""

from __future__ import annotations

import gc
import hashlib
import json
import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tunewheel.data import read
from tunewheel.errors import ColumnError, ReadError

COUNT = 9000


def _rows() -> list[dict[str, object]]:
    """Rows whose `value` changes its type half-way and whose `late` column begins late."""
    rows: list[dict[str, object]] = []
    for i in range(COUNT):
        row: dict[str, object] = {
            "text": f"text {i} 文",
            "value": i if i < COUNT // 2 else f"n{i}",
            "tags": ["O"] * (i % 3),
        }
        rows.append(row if i < 7000 else row | {"late": {"i": i}})
    return rows


def _full(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    return [{"late": None, **row} for row in rows]


@pytest.fixture(params=["memory", "disk"])
def large(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    if request.param == "disk":
        monkeypatch.setattr("tunewheel.data.arrow_rows.SPILL_BYTES", 100_000)
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in _rows()))
    cache = tmp_path / "cache"
    table = read(path, cache=cache)
    assert bool(list(cache.rglob("*.arrow"))) == (request.param == "disk") and not list(cache.rglob("*.wide"))
    return table


def test_rows_are_the_same_in_memory_and_on_disk(large):
    assert len(large) == COUNT
    assert list(large.rows()) == _full(_rows())
    assert large.row(COUNT - 1) == _full(_rows())[-1] and large.row(0) == _full(_rows())[0]
    assert large.column("value")[COUNT // 2 - 1 : COUNT // 2 + 1] == [COUNT // 2 - 1, f"n{COUNT // 2}"]
    assert large.number(4321) == 4322


def test_rows_come_with_their_numbers(large):
    assert [(number, row["text"]) for number, row in large.numbered()] == [
        (i + 1, row["text"]) for i, row in enumerate(_rows())
    ]
    part = large.select([8999, 3])
    assert list(part.numbered()) == [(9000, large.row(8999)), (4, large.row(3))]


def test_texts_that_repeat_are_one_object(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("text,label\n" + "".join(f"text {i},label {i % 3}\n" for i in range(30)) + "the end,\n")
    rows = list(read(path).rows())
    assert [row["label"] for row in rows] == [*(f"label {i % 3}" for i in range(30)), ""]
    assert len({id(row["label"]) for row in rows}) == 4


def test_selections_keep_order_repeats_and_row_numbers(large):
    chosen = random.Random(0).choices(range(COUNT), k=2500)
    part = large.select(chosen)
    assert [row["text"] for row in part.rows()] == [f"text {i} 文" for i in chosen] == part.column("text")
    assert part.number(7) == chosen[7] + 1 and part.row(7)["text"] == f"text {chosen[7]} 文"
    assert part.select([3, 1]).column("text") == [f"text {chosen[3]} 文", f"text {chosen[1]} 文"]
    assert part.fingerprint == large.fingerprint and len(large.select([])) == 0 and list(large.select([]).rows()) == []


def test_rows_outside_and_columns_unknown_are_refused(large):
    for index in (-1, COUNT):
        with pytest.raises(IndexError):
            large.row(index)
    with pytest.raises(ColumnError, match=r"no column 'txt'.*'text', 'value', 'tags', 'late'"):
        large.column("txt")


def test_files_on_disk_go_with_their_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tunewheel.data.arrow_rows.SPILL_BYTES", 1000)
    path = tmp_path / "rows.csv"
    path.write_text("text,label\n" + "some text,x\n" * 5000)
    table = read(path, cache=tmp_path / "cache")
    part = table.select([1, 2])
    del table
    gc.collect()
    assert list(tmp_path.glob("cache/*")) and part.row(0)["text"] == "some text"
    del part
    gc.collect()
    assert not list(tmp_path.glob("cache/*"))


def test_large_parquet_files_go_through_disk_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tunewheel.data.arrow_rows.SPILL_BYTES", 10_000)
    table = pa.table(
        {"text": [f"text {i}" for i in range(20_000)], "label": pa.array(["x", "y"] * 10_000).dictionary_encode()}
    )
    pq.write_table(table, tmp_path / "rows.parquet")
    found = read(tmp_path / "rows.parquet", cache=tmp_path / "cache")
    assert list(tmp_path.rglob("*.arrow"))
    assert found.column("label") == ["x", "y"] * 10_000 and found.row(19_999) == {"text": "text 19999", "label": "y"}


def test_the_fingerprint_is_the_sha256_of_the_file(tmp_path: Path):
    path = tmp_path / "rows.csv"
    path.write_text("text,label\na b,x\n")
    assert read(path).fingerprint == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("how", "match"),
    [
        ({"format": "xml"}, r"'xml' is no format.*csv, tsv"),
        ({"format": "parquet"}, "to be read as parquet, but it is text"),
        ({"format": "images"}, "pictures are read from a folder"),
    ],
)
def test_a_format_that_does_not_fit_is_refused(tmp_path: Path, how: dict[str, str], match: str):
    path = tmp_path / "rows.csv"
    path.write_text("text,label\na b,x\n")
    with pytest.raises(ReadError, match=match):
        read(path, **how)


def test_a_named_format_is_obeyed(tmp_path: Path):
    path = tmp_path / "rows.dat"
    path.write_text('{"text": "a", "label": "b"}\n{"text": "c", "label": "d"}\n')
    assert read(path).format == "jsonl" and read(path, format="csv").format == "csv"


def test_a_file_that_may_not_be_read_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "rows.csv"
    path.write_text("text,label\na b,x\n")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ReadError, match="may not read"):
        read(path)


def test_mostly_broken_files_list_the_first_twenty_and_count_the_rest(tmp_path: Path):
    path = tmp_path / "rows.csv"
    path.write_text("text,label\n" + "a,b,c\n" * 100 + "a,b\n")
    with pytest.raises(ReadError) as caught:
        read(path)
    said = str(caught.value).splitlines()
    assert "100 of 101 rows are broken." in said[0] and "and 80 more" in said[-1] and len(said) == 22
