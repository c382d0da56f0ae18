"""Rows to examples; pictures that a table names are read from beside it, and from nowhere else."""

import io
from pathlib import Path

import pytest
from PIL import Image

from tunewheel.errors import DataError
from tunewheel.records import Source
from tunewheel.tasks.image_classification import ImageClassification
from tunewheel.tasks.text_classification import TextClassification
from tunewheel.workflows.gather import gather, open_table, with_pictures

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
