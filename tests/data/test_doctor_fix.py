"""The cleaned copy: what is mended, what is told, and what is never touched."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tunewheel.data import Table, read
from tunewheel.data.doctor import examine, fix
from tunewheel.errors import DataError
from tunewheel.records import Example, Source

ROLES = {"text": "text", "label": "label"}
ROWS = [
    ("id", "text", "label"),
    ("1", "The first card, please", "card"),
    ("2", "The first card, please ", "Card "),
    ("3", "", "card"),
    ("4", "Un cafÃ© crÃ¨me", "food"),
    ("5", "Is it open,\nor not?", "food"),
    ("6", "is it open or not", "card"),
    ("7", "什么时候到？", "card"),
    ("8", "The price of it?", "card"),
    ("9", "The soup was cold", "food"),
]


@pytest.fixture
def original(tmp_path: Path) -> Path:
    path = tmp_path / "reviews.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(ROWS)
    return path


def table_and_examples(path: Path) -> tuple[Table, list[Example]]:
    table = read(path)
    rows = enumerate(table.rows())
    return table, [Example(r["text"] or "", r["label"], Source(path.name, table.number(i))) for i, r in rows]


def fixed(path: Path, destination: Path, format: str = "csv", **more: object) -> list[str]:
    table, examples = table_and_examples(path)
    diagnosis = examine(examples, task="text_classification", probe=False)
    return fix(table, diagnosis, destination, format, columns=ROLES, **more)  # type: ignore[arg-type]


def test_the_copy_is_clean_and_conflicts_stay(original: Path, tmp_path: Path) -> None:
    before = original.read_bytes()
    fixed(original, tmp_path / "clean.csv")
    with (tmp_path / "clean.csv").open(encoding="utf-8", newline="") as file:
        rows = [tuple(row) for row in csv.reader(file)]
    assert [row[0] for row in rows] == ["id", "1", "4", "5", "6", "7", "8", "9"]
    assert rows[2] == ("4", "Un café crème", "food")
    assert rows[3][1] == "Is it open,\nor not?"
    assert original.read_bytes() == before


def test_everything_done_is_told_with_row_numbers(original: Path, tmp_path: Path) -> None:
    table = read(original)
    number = {str(row["id"]): table.number(index) for index, row in enumerate(table.rows())}
    told = fixed(original, tmp_path / "clean.csv")
    assert f"Dropped 1 row ({number['2']}): repeats an earlier row." in told
    assert f"Dropped 1 row ({number['3']}): empty." in told
    assert f"Undid a wrong encoding in 1 row ({number['4']})." in told
    assert told[-1] == f"7 rows written to {tmp_path / 'clean.csv'}."


def test_variants_of_labels_are_written_alike(original: Path, tmp_path: Path) -> None:
    text = original.read_text(encoding="utf-8").replace("The soup was cold,food", "The soup was cold, FOOD")
    original.write_text(text, encoding="utf-8", newline="")
    told = fixed(original, tmp_path / "clean.jsonl", "jsonl")
    rows = [json.loads(line) for line in (tmp_path / "clean.jsonl").read_text(encoding="utf-8").split("\n")[:-1]]
    assert rows[-1]["label"] == "food"
    assert any("as 'food' in 1 row" in sentence for sentence in told)


def test_test_rows_are_written_as_they_are(original: Path, tmp_path: Path) -> None:
    """Whatever the repairs say of them."""
    number = {str(row["id"]): read(original).number(index) for index, row in enumerate(read(original).rows())}
    told = fixed(original, tmp_path / "clean.csv", test_rows=[number["2"], number["3"], number["4"]])
    before, after = (list(read(path).rows()) for path in (original, tmp_path / "clean.csv"))
    assert after == before
    assert "3 test rows are left as in the original." in told


def test_a_copy_with_tabs_is_read_again(original: Path, tmp_path: Path) -> None:
    fixed(original, tmp_path / "clean.tsv", "tsv")
    fixed(original, tmp_path / "clean.csv")
    assert "\t" in (tmp_path / "clean.tsv").read_text(encoding="utf-8").splitlines()[0]
    assert list(read(tmp_path / "clean.tsv").rows()) == list(read(tmp_path / "clean.csv").rows())


def test_the_copy_of_a_clean_copy_changes_nothing(original: Path, tmp_path: Path) -> None:
    fixed(original, tmp_path / "clean.csv")
    told = fixed(tmp_path / "clean.csv", tmp_path / "again.csv")
    assert told[0] == "Nothing had to be changed."
    assert (tmp_path / "again.csv").read_bytes() == (tmp_path / "clean.csv").read_bytes()


def test_the_original_the_test_file_and_any_other_file_are_safe(original: Path, tmp_path: Path) -> None:
    (tmp_path / "link.csv").symlink_to(original)
    (tmp_path / "other.csv").write_text("mine")
    for name in ("reviews.csv", "link.csv", "other.csv"):
        with pytest.raises(DataError, match=r"may not replace|exists already"):
            fixed(original, tmp_path / name)
    with pytest.raises(DataError, match="may not replace"):
        fixed(original, tmp_path / "test.csv", protected=[tmp_path / "test.csv"])
    assert (tmp_path / "other.csv").read_text() == "mine"
    assert read(original).fingerprint


def test_a_table_of_bytes_is_refused_and_leaves_no_file(original: Path, tmp_path: Path) -> None:
    table, examples = table_and_examples(original)
    diagnosis = examine(examples, task="text_classification", probe=False)

    class Pictures(Table):
        def rows(self):  # type: ignore[no-untyped-def]
            return iter([{"id": b"\x89PNG", "text": "x", "label": "y"}])

    table.__class__ = Pictures
    for format in ("csv", "jsonl"):
        with pytest.raises(DataError, match="pictures"):
            fix(table, diagnosis, tmp_path / "clean", format, columns=ROLES)  # type: ignore[arg-type]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["reviews.csv"]
