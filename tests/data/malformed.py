"""Files that nobody can learn from: each maker writes one into a folder and returns its path.

`MAKERS` holds them all by name. Those in `LATER` are sound tables whose fault shows only when labels are learned;
all others must already be refused by `read` and `infer`.
"""

from __future__ import annotations

import gzip
import io
import json
import pickle
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

GIGABYTE = 2**30
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c4944415408d763f8ffff3f0005fe02fea735d3810000000049454e44ae426082"
)
TEXTS = ("The room was small and cold.", "Friendly staff, good food.", "Never again!", "We will come back soon.")
CHINESE = ("酒店房间小，床太小了。", "服务很好，下次还来。", "早餐简直太差了。", "地理位置不错。")

Maker = Callable[[Path], Path]


def _file(name: str, content: bytes | str) -> Maker:
    """A maker of a file with the given content."""

    def make(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return make


def _csv(rows: Sequence[Sequence[str]]) -> str:
    return "".join(",".join(f'"{cell}"' for cell in row) + "\n" for row in rows)


def _jsonl(rows: Sequence[Any]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _parquet() -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table({"text": list(TEXTS) * 50, "label": ["bad", "good"] * 100}), buffer)
    return buffer.getvalue()


def _workbook(rows: Sequence[Sequence[Any]]) -> bytes:
    buffer, workbook = io.BytesIO(), openpyxl.Workbook()
    for row in rows:
        workbook.active.append(list(row))
    workbook.save(buffer)
    return buffer.getvalue()


def _zip(names: Sequence[str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "something else")
    return buffer.getvalue()


def _sparse_gigabyte(folder: Path) -> Path:
    path = folder / "reviews.csv"
    with path.open("wb") as file:
        file.write(b"text,label\n")
        file.truncate(GIGABYTE)
    return path


def _sparse_after_rows(folder: Path) -> Path:
    """Enough sound rows that the first look sees nothing wrong; the endless line comes after them."""
    path = folder / "reviews.csv"
    with path.open("wb") as file:
        file.write(b"text,label\n" + b"Friendly staff and good food,good\n" * 12_000)
        file.truncate(GIGABYTE)
    return path


def _pictures(files: dict[str, bytes]) -> Maker:
    def make(folder: Path) -> Path:
        root = folder / "pictures"
        root.mkdir()
        for name, data in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(data)
        return root

    return make


def _missing(folder: Path) -> Path:
    (folder / "reviews.csv").write_text("text,label\n")
    return folder / "review.csv"


def _folder_called_csv(folder: Path) -> Path:
    path = folder / "reviews.csv"
    path.mkdir()
    return path


def _unreadable(folder: Path) -> Path:
    path = folder / "reviews.csv"
    path.touch()  # empty, too, so that root is refused as well
    path.chmod(0)
    return path


_HTML = "<!DOCTYPE html><html><body><table><tr><td>text</td><td>label</td></tr></table></body></html>"
_MIXED = [{"text": 5, "label": "a"}, {"text": ["x"], "label": 1}, {"text": {"a": 1}, "label": None}, {"text": True}]
_WORDS = [{"words": ["Anna", "lives", "in", "Bonn"], "tags": ["B-PER", "O", "O", "B-LOC"]}] * 8
_LATIN = "text;label\n" + "Das Zimmer war schön;gut\n" * 6

READING: dict[str, Maker] = {
    "empty_file": _file("reviews.csv", b""),
    "only_blank_lines": _file("reviews.csv", "\n\n  \n\n"),
    "header_without_rows": _file("reviews.csv", "text,label\n"),
    "one_gigabyte_line": _sparse_gigabyte,
    "one_gigabyte_line_after_rows": _sparse_after_rows,
    "line_of_seventeen_megabytes": _file("reviews.csv", b"text,label\n" + b"a" * (17 * 2**20) + b",good\n"),
    "duplicated_headers": _file("reviews.csv", "text,label,label\na text here,good,bad\nanother one,bad,good\n"),
    "duplicated_headers_in_excel": _file("reviews.xlsx", _workbook([["text", "label", "label"], ["a b", "x", "y"]])),
    "unclosed_quote": _file("reviews.csv", 'text,label\n"fine, really",good\n"never closed,bad\nlost,good\nlost,bad\n'),
    "mostly_ragged_rows": _file("reviews.csv", "text,label\n" + "one, two, three, good\n" * 5 + "fine,bad\n"),
    "null_bytes_in_every_row": _file("reviews.csv", b"text,label\n" + b"a tex\x00t with zero bytes in it,good\n" * 6),
    "binary_noise": _file("reviews.csv", bytes(range(256)) * 20),
    "png_called_csv": _file("reviews.csv", PNG),
    "pdf_called_csv": _file("reviews.csv", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n"),
    "gzip_called_csv": _file("reviews.csv", gzip.compress(b"text,label\na,b\n")),
    "pickle_called_csv": _file("reviews.csv", pickle.dumps([{"text": "a", "label": "b"}])),
    "html_called_csv": _file("reviews.csv", _HTML),
    "html_called_xlsx": _file("reviews.xlsx", _HTML),
    "old_excel_or_password": _file("reviews.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)),
    "excel_is_another_zip": _file("reviews.xlsx", _zip(["word/document.xml"])),
    "excel_with_an_empty_workbook_file": _file("reviews.xlsx", _zip(["xl/workbook.xml", "[Content_Types].xml"])),
    "excel_cut_off": _file("reviews.xlsx", _workbook([["text", "label"], ["a b", "x"]])[:2000]),
    "excel_without_rows": _file("reviews.xlsx", _workbook([])),
    "utf16_without_bom_odd_bytes": _file("reviews.csv", _csv([("text", "label")] * 9).encode("utf-16-le")[:-1]),
    "utf16_shifted_by_a_byte": _file("reviews.csv", b"x" + _csv([("text", "label")] * 9).encode("utf-16-le")),
    "utf16_with_half_a_pair": _file("reviews.csv", "text,label\nok,a\n".encode("utf-16") + b"\x3d\xd8a\0\n\0"),
    "utf8_mark_on_latin_text": _file("reviews.csv", b"\xef\xbb\xbf" + _LATIN.encode("cp1252")),
    "json_is_a_number": _file("reviews.json", "42"),
    "json_is_null": _file("reviews.json", "null"),
    "json_of_settings": _file("reviews.json", '{"name": "x", "options": {"a": [1, 2]}, "rows": 7}'),
    "json_broken_at_line_7": _file(
        "reviews.json", "[\n" + ',\n'.join(['{"text": "a b", "label": "x"}'] * 5) + ',\n{"text": "a, "label"}\n]'
    ),
    "json_cut_off": _file("reviews.json", '[{"text": "a b", "label": "x"}, {"text": "c d"'),
    "json_list_of_numbers": _file("reviews.json", "[1, 2, 3, 4]"),
    "json_columns_of_different_length": _file("reviews.json", '{"text": ["a b", "c d"], "label": ["x"]}'),
    "json_nested_rows": _file(
        "reviews.json", json.dumps([{"review": {"text": text}, "result": {"stars": 1}} for text in TEXTS])
    ),
    "json_bomb": _file("reviews.json", "[" * 200_000),
    "json_object_bomb": _file("reviews.json", '{"a":' * 200_000),
    "json_number_of_five_thousand_digits": _file("reviews.json", '{"text": ' + "7" * 5000 + "}"),
    "jsonl_bomb": _file("reviews.jsonl", "[" * 100_000 + "\n"),
    "jsonl_mostly_broken": _file("reviews.jsonl", '{"text": "a b", "label": "x"}\n' + '{"text": "a b", "label"\n' * 4),
    "parquet_cut_off": _file("reviews.parquet", _parquet()[:600]),
    "parquet_in_name_only": _file("reviews.parquet", b"PAR1" + b"nothing" * 20 + b"PAR1"),
    "conll_without_tags": _file("news.conll", "Anna NNP\nlives VBZ\n\nBonn NNP\n\n"),
    "conll_of_an_unknown_scheme": _file("news.conll", "Anna PERSON\nlives OUT\n\nBonn PLACE\n\n"),
    "conll_mostly_without_tag": _file("news.conll", "Anna B-PER\nsleeps O\n\n" + "lost\n\n" * 5),
    "conll_of_comments": _file("news.conll", "# nothing\n# but comments\n"),
    "tags_of_an_unknown_scheme": _file("news.jsonl", _jsonl([{"words": ["Anna"], "tags": ["PERSON"]}] * 4)),
    "tags_as_numbers": _file("news.jsonl", _jsonl([{"tokens": ["Anna", "lives"], "ner_tags": [1, 0]}] * 4)),
    "words_without_tags": _file("news.jsonl", _jsonl([{"words": ["Anna", "lives", "here"]}] * 4)),
    "spans_and_labels_both": _file(
        "news.jsonl", _jsonl([{"text": text, "label": "x", "spans": [[0, 2, "PER"]]} for text in TEXTS])
    ),
    "label_column_missing": _file("reviews.csv", _csv([("id", "text"), *[(f"r{i}", t) for i, t in enumerate(TEXTS)]])),
    "text_column_missing": _file("reviews.csv", "id,stars\n" + "".join(f"{i},{i % 3}\n" for i in range(20))),
    "two_columns_may_be_the_label": _file(
        "reviews.csv",
        _csv([("text", "colour", "shape"), *[(f"text number {i}", "rg"[i % 2], "oxs"[i % 3]) for i in range(12)]]),
    ),
    "all_texts_empty": _file("reviews.csv", "text,label\n" + ",good\n,bad\n" * 5),
    "mixed_types": _file("reviews.jsonl", _jsonl(_MIXED)),
    "folder_without_pictures": _pictures({"notes/readme.txt": b"nothing here"}),
    "folder_with_pictures_outside_labels": _pictures({"a.png": PNG, "b.png": PNG}),
    "folder_of_tables": _pictures({"train.csv": b"text,label\na b,x\n"}),
    "pictures_all_broken": _pictures({"cat/a.png": b"not a picture", "dog/b.png": b"", "dog/c.jpg": b"\0\1"}),
    "missing_file": _missing,
    "folder_called_csv": _folder_called_csv,
    "unreadable_permission": _unreadable,
}  # fmt: skip

LEARNING: dict[str, Maker] = {
    "one_class": _file("reviews.csv", _csv([("text", "label"), *[(text, "good") for text in TEXTS * 5]])),
    "nan_labels_everywhere": _file("reviews.csv", _csv([("text", "label"), *[(text, "nan") for text in TEXTS * 5]])),
    "empty_labels_everywhere": _file("reviews.csv", _csv([("text", "label"), *[(text, "") for text in TEXTS * 5]])),
    "null_labels_everywhere": _file("reviews.jsonl", _jsonl([{"text": text, "label": None} for text in TEXTS * 5])),
    "a_label_of_its_own_for_every_row": _file(
        "reviews.csv", _csv([("text", "label"), *[(f"{text} ({i})", f"label {i}") for i, text in enumerate(TEXTS * 5)]])
    ),
    "only_one_row": _file("reviews.csv", _csv([("text", "label"), (TEXTS[0], "bad")])),
    "only_two_rows": _file("reviews.csv", _csv([("text", "label"), (TEXTS[0], "bad"), (TEXTS[1], "good")])),
    "chinese_with_one_class": _file(
        "评论.csv", _csv([("文本", "标签"), *[(text, "正面") for text in CHINESE * 5]]).encode("gb18030")
    ),
    "spans_outside_every_text": _file(
        "news.jsonl",
        _jsonl([{"text": text, "spans": [{"start": 90, "end": 99, "label": "PER"}]} for text in TEXTS * 5]),
    ),
    "spans_that_are_empty": _file(
        "news.jsonl", _jsonl([{"text": text, "spans": [{"start": 3, "end": 3, "label": "PER"}]} for text in TEXTS * 5])
    ),
    "tags_longer_than_words": _file("news.jsonl", _jsonl([{**row, "tags": [*row["tags"], "O"]} for row in _WORDS])),
    "pictures_of_one_class": _pictures({f"cat/{i}.png": PNG for i in range(6)}),
    "pictures_cut_off": _pictures({f"{label}/{i}.png": PNG[:40] for label in ("cat", "dog") for i in range(6)}),
}

MAKERS: dict[str, Maker] = {**READING, **LEARNING}
LATER = frozenset(LEARNING)
