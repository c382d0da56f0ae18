"""Rows to examples; pictures that a table names are read from beside it, and from nowhere else."""

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tunewheel.errors import DataError
from tunewheel.records import Source
from tunewheel.tasks.image_classification import ImageClassification
from tunewheel.tasks.text_classification import TextClassification
from tunewheel.workflows.rows.gather import gather, names_a_file, open_table, with_pictures

IMAGES = ImageClassification(ImageClassification.Options(image="file"))


def png(level: int) -> bytes:
    stream = io.BytesIO()
    Image.new("L", (20, 20), level).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "secret.png").write_bytes(png(0))
    (tmp_path / "shop" / "shoes").mkdir(parents=True)
    (tmp_path / "shop" / "shoes" / "1.png").write_bytes(png(9))
    (tmp_path / "shop" / "link.png").symlink_to(tmp_path / "secret.png")
    return tmp_path / "shop"


def test_pictures_are_read_from_beside_their_table_and_missing_ones_are_named(shop: Path) -> None:
    (shop / "rows.csv").write_text("file,label\nshoes/1.png,a\n shoes/1.png ,b\nshoes/2.png,b\n")
    found = gather(open_table(shop / "rows.csv"), IMAGES)
    assert [example.content.data for example in found.examples] == [png(9)] * 2
    assert [example.text.strip() for example in found.examples] == ["shoes/1.png"] * 2
    assert "shoes/2.png" in str(found.problems[0]) and "rows.csv row 4" in str(found.problems[0])


@pytest.mark.parametrize("name", ["../secret.png", "/etc/passwd.png", "link.png"])
def test_a_path_out_of_the_tables_folder_is_refused(shop: Path, name: str) -> None:
    with pytest.raises(DataError, match="lies outside"):
        with_pictures({"file": name, "label": "a"}, IMAGES, shop, Source("rows.csv", 2))


def test_a_text_that_looks_like_a_file_stays_a_text(shop: Path) -> None:
    texts = TextClassification(TextClassification.Options(text="file"))
    row = {"file": "shoes/1.png", "label": "a"}
    assert with_pictures(row, texts, shop, Source()) is row


@pytest.mark.parametrize("damage", [lambda data: data[:-30], lambda data: data[:50] + bytes(20) + data[70:]])
def test_a_damaged_picture_is_a_row_that_cannot_be_read_and_stops_no_other(shop: Path, damage: Any) -> None:
    noise = Image.effect_noise((40, 40), 90)
    stream = io.BytesIO()
    noise.save(stream, "PNG")
    for number in range(6):
        good = stream.getvalue()
        (shop / "shoes" / f"{number}.png").write_bytes(damage(good) if number == 3 else good)
    (shop / "rows.csv").write_text("file,label\n" + "".join(f"shoes/{n}.png,{n % 2}\n" for n in range(6)))
    found = gather(open_table(shop / "rows.csv"), IMAGES)
    assert [example.text for example in found.examples] == [f"shoes/{n}.png" for n in range(6) if n != 3]
    (problem,) = found.problems
    assert problem.where == "rows.csv row 5 (shoes/3.png)" and "cannot be decoded" in problem.what


@pytest.mark.parametrize("text", ["revews.csv", "data/Reviews 2024.JSONL", "cat.png ", "umfrage.xlsx", "a.parquet"])
def test_what_ends_like_a_file_is_the_name_of_one(text: str) -> None:
    assert names_a_file(text)


@pytest.mark.parametrize("text", ["I sent it.", "see reviews.csv please", "https://example.org/a.csv", "", "csv"])
def test_what_does_not_end_like_a_file_is_a_text(text: str) -> None:
    assert not names_a_file(text)
