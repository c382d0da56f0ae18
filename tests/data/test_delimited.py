"""CSV and TSV: what survives, what is left out by number, what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from tunewheel.data import Table, read
from tunewheel.errors import ReadError


@pytest.fixture
def table(tmp_path: Path):
    def make(text: str, name: str = "reviews.csv", **how: str) -> Table:
        path = tmp_path / name
        path.write_bytes(text.encode())
        return read(path, **how)

    return make


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_mark_between_fields_is_found(table, mark: str):
    found = table(f'text{mark}label\nreally good{mark}yes\n"bad{mark} even"{mark}no\n')
    assert found.columns == ["text", "label"] and found.column("text") == ["really good", f"bad{mark} even"]


def test_commas_in_semicolon_files_and_semicolons_in_comma_files_do_not_mislead(table):
    assert table("text;label\na, b, c;x\nd, e, f;y\n").row(1) == {"text": "d, e, f", "label": "y"}
    assert table("text,label\na; b,x\nc; d,y\n").row(0) == {"text": "a; b", "label": "x"}


def test_line_breaks_quotes_and_line_separators_inside_fields_survive(table):
    found = table('text,label\r\n"two\nlines, ""quoted""",a\r\n"one\u2028line\x85",b\r\nplain "mid" quotes,c\r\n')
    assert [row["text"] for row in found.rows()] == ['two\nlines, "quoted"', "one\u2028line\x85", 'plain "mid" quotes']
    assert [found.number(i) for i in range(3)] == [2, 3, 4]


def test_backslash_quotes_are_understood(table):
    found = table('text,label\n"he said \\"no, never\\"",a\n"fine, thanks",b\n')
    assert found.row(0)["text"] == 'he said "no, never"' and "escaped quotes" in found.notes[0]


def test_a_lone_quote_in_a_tab_separated_file_is_a_character(table):
    found = table('text\tlabel\n"so called friend\tbad\n5" screen\tgood\nfine\tgood\n', "reviews.tsv")
    assert [row["text"] for row in found.rows()] == ['"so called friend', '5" screen', "fine"]


def test_quoted_fields_in_a_tab_separated_file_are_unquoted(table):
    assert table('text\tlabel\n"a\tb"\tx\n"c ""d"""\ty\n"e"\tz\n', "reviews.tsv").row(1)["text"] == 'c "d"'


def test_ragged_rows_are_left_out_with_their_numbers(table):
    found = table("text,label\ngood,yes\nbad\n\nwell, well,no\nfine,yes\nnice,yes,,\n")
    assert [row["text"] for row in found.rows()] == ["good", "fine", "nice"]
    assert [found.number(i) for i in range(3)] == [2, 6, 7]
    assert [problem.where for problem in found.problems] == ["reviews.csv row 3", "reviews.csv row 5"]
    assert "1 field where the header has 2" in found.problems[0].what


def test_an_unclosed_quote_is_an_error_that_says_where_it_opens(table):
    with pytest.raises(ReadError, match=r"row 4: a quote .* \(line 5\) and is never closed"):
        table('text,label\n"two\nlines",a\nb,b\n"never,c\n' + "more,d\n" * 40)


def test_an_unclosed_quote_in_a_long_file_is_found_before_memory_is_full(table, monkeypatch):
    for module in ("readers.dialect", "readers.delimited"):
        monkeypatch.setattr(f"tunewheel.data.{module}.LINE_LIMIT", 10_000)
    with pytest.raises(ReadError, match=r"row 3: a field .* longer than .* never closed"):
        table('text,label\nok,a\n"never,c\n' + "more of the same,d\n" * 4000)


def test_doubled_names_in_the_header_are_reported_all_at_once(table):
    with pytest.raises(ReadError) as caught:
        table("text,label,text,label\na,b,c,d\n")
    assert [problem.what for problem in caught.value.problems] == [
        "the header names 'text' 2 times (columns 1 and 3).",
        "the header names 'label' 2 times (columns 2 and 4).",
    ]


def test_columns_without_a_name_are_called_by_their_place(table):
    found = table(",text,label,\n0,a b,x,\n1,c d,y,\n")
    assert found.columns == ["column 1", "text", "label", "column 4"]
    assert any("'column 1', 'column 4'" in note for note in found.notes)


@pytest.mark.parametrize(
    "text",
    [
        "I loved it,good\nI hated it,bad\nReally nice,good\nAwful food,bad\n",
        "17,some text\n18,other text\n",
        "The staff were friendly and the room was clean,pos\nNever going back there again to be honest,neg\n",
    ],
)
def test_a_file_without_a_header_keeps_its_first_row_and_says_so(table, text: str):
    found = table(text)
    assert found.columns == ["column 1", "column 2"]
    assert len(found) == text.count("\n") and found.number(0) == 1
    assert any("first row looks like data" in note for note in found.notes)


def test_a_header_that_comes_again_is_still_a_header(table):
    assert table("text,label\na b,x\ntext,label\nc d,y\ntext,label\n").columns == ["text", "label"]


def test_a_file_of_one_column_keeps_its_commas(table):
    found = table("text\nHello, world\nBye, bye, world\n")
    assert found.columns == ["text"] and found.row(1) == {"text": "Bye, bye, world"}
    assert "one column" in found.notes[0]


def test_plain_lines_in_a_text_file_keep_their_commas(table):
    found = table("What a day, really, it was so very long\nFine\nWell, well\n", "lines.txt")
    assert found.column("column 1") == ["What a day, really, it was so very long", "Fine", "Well, well"]


def test_excels_sep_line_is_obeyed_and_not_a_row(table):
    found = table("sep=;\ntext;label\na, b;x\n")
    assert found.row(0) == {"text": "a, b", "label": "x"} and found.number(0) == 2


def test_old_mac_line_ends_and_a_missing_last_one_are_read(table):
    assert len(table("text,label\ra b,x\rc d,y")) == 2


def test_a_zero_byte_costs_its_row(table):
    found = table("text,label\na\0b,x\nc d,y\ne f,x\n")
    assert len(found) == 2 and "row 2: the row holds a zero byte" in str(found.problems[0])


def test_values_are_kept_as_they_are_written(table):
    assert table("text,label\n  spaced  ,007\nx y,NaN\n").column("label") == ["007", "NaN"]
    assert table("text,label\n  spaced  ,007\nx y,\n").row(0)["text"] == "  spaced  "


def test_too_many_columns_are_refused(table):
    with pytest.raises(ReadError, match="3,000 fields"):
        table(",".join(f"c{i}" for i in range(3000)) + "\n")
