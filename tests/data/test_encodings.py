"""Encodings: short Chinese and Western files are told apart, and always in the same way."""

from __future__ import annotations

from pathlib import Path

import pytest

from tunewheel.data import read
from tunewheel.data.encodings import checked, detect, detect_bytes
from tunewheel.errors import ReadError

CHINESE = "文本,标签\n酒店房间小，床太小了。,负面\n服务很好，下次还来,正面\n"
TRADITIONAL = "文本,標籤\n飯店房間很小，床也太小了。,負面\n服務很好，下次還會再來這裡住,正面\n早餐簡直太差了,負面\n"
GERMAN = "text;label\nDas Zimmer war schön groß;gut\nFür den Preis völlig übertrieben;schlecht\n"
FRENCH = "text,label\nL’hôtel était très agréable – déjà réservé…,bon\nça coûte 30 €,mauvais\n"


@pytest.mark.parametrize(
    ("text", "encoding", "found"),
    [
        ("text,label\nplain,good\n", "ascii", "utf-8"),
        (CHINESE, "utf-8", "utf-8"),
        (CHINESE, "utf-8-sig", "utf-8-sig"),
        (CHINESE, "gb18030", "gb18030"),
        ("text,label\n很好,正面\n", "gbk", "gb18030"),
        ("好,1\n", "gbk", "gb18030"),
        ("text,label\nthe 酒店 was fine,good\nall in English here,bad\n", "gbk", "gb18030"),
        (TRADITIONAL, "big5", "big5hkscs"),
        (GERMAN, "cp1252", "cp1252"),
        (FRENCH, "cp1252", "cp1252"),
        ("text,label\nna\u00efve,good\n", "cp1252", "cp1252"),
        (CHINESE, "utf-16", "utf-16"),
        (CHINESE, "utf-16-le", "utf-16-le"),
        (CHINESE, "utf-16-be", "utf-16-be"),
        (GERMAN, "utf-16-le", "utf-16-le"),
        (GERMAN, "utf-16-be", "utf-16-be"),
        ("текст,метка\nОчень хороший отель и вкусный завтрак,да\nУжасно и дорого,нет\n", "cp1251", "cp1251"),
    ],
)
def test_the_encoding_of_a_short_file_is_found(text: str, encoding: str, found: str, tmp_path: Path):
    path = tmp_path / "reviews.csv"
    path.write_bytes(text.encode(encoding))
    assert detect(path) == found
    assert [detect(path) for _ in range(3)] == [found] * 3


def test_chinese_that_begins_after_a_megabyte_of_english_is_found(tmp_path: Path):
    path = tmp_path / "reviews.csv"
    path.write_bytes(b"text,label\n" + b"plain English words,good\n" * 50_000 + CHINESE.encode("gbk"))
    table = read(path)
    assert table.encoding == "gb18030"
    assert table.row(len(table) - 1)["text"] == "服务很好，下次还来"


def test_a_sample_cut_within_a_character_changes_nothing():
    data = CHINESE.encode()
    assert {detect_bytes(data[:end]) for end in range(40, len(data))} == {"utf-8"}


def test_a_stray_zero_byte_does_not_make_a_text_utf16(tmp_path: Path):
    path = tmp_path / "reviews.csv"
    path.write_bytes(b"text,label\nthe facts\x00 are hid,good\n" + b"all is well here,bad\n" * 9)
    assert detect(path) == "utf-8"


def test_one_bad_byte_in_a_utf8_file_costs_one_row_and_is_named(tmp_path: Path):
    path = tmp_path / "reviews.csv"
    rows = [f"很好的酒店 {i},正面\n".encode() for i in range(300)]
    rows[200] = b"caf\xe9 here,bad\n"
    path.write_bytes("文本,标签\n".encode() + b"".join(rows))
    table = read(path)
    assert table.encoding == "utf-8" and len(table) == 299
    assert [str(problem.where) for problem in table.problems] == ["reviews.csv row 202"]
    assert "0xE9" in table.problems[0].what and "UTF-8" in table.problems[0].what


def test_a_bad_byte_far_into_a_json_list_is_named_by_its_offset(tmp_path: Path):
    path = tmp_path / "reviews.json"
    path.write_bytes(b"[" + '{"text": "很好"},\n'.encode() * 3000 + b'{"text": "\xff"}]')
    with pytest.raises(ReadError, match=r"byte 60,011 cannot be decoded as UTF-8.*--encoding"):
        read(path)


def test_a_named_encoding_is_obeyed_and_a_wrong_name_is_refused(tmp_path: Path):
    path = tmp_path / "reviews.csv"
    path.write_bytes("text,label\nすごく良い,good\nひどい宿,bad\n".encode("shift_jis"))
    assert read(path, encoding="shift_jis").row(0)["text"] == "すごく良い"
    assert checked("GBK") == checked("gb2312") == "gb18030"
    for name in ("utf-99", "hex", "a\0b"):
        with pytest.raises(ReadError, match="not the name of a text encoding"):
            read(path, encoding=name)


def test_notes_say_the_encoding_as_people_write_it(tmp_path: Path):
    path = tmp_path / "reviews.csv"
    path.write_bytes(CHINESE.replace(",", ";").replace("，", ",").encode("gbk"))
    assert read(path).notes == ["GB18030 text, ';' between fields, 2 columns"]
