import io
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tunewheel.tasks.image_classification import ImageClassification
from tunewheel.testing.contracts import TaskContract

SHAPES = ("disc", "square", "cross")


def _drawn(number: int, colour: bool) -> bytes:
    """A light shape on a dark ground with some noise."""
    chance = np.random.default_rng(number)
    pixels = chance.integers(0, 60, (24, 24, 3) if colour else (24, 24), dtype=np.uint8)
    picture = Image.fromarray(pixels)
    draw, light = ImageDraw.Draw(picture), (240, 200, 120) if colour else 230
    x, y = chance.integers(2, 6, 2).tolist()
    match SHAPES[number % 3]:
        case "disc":
            draw.ellipse((x, y, x + 14, y + 14), fill=light)
        case "square":
            draw.rectangle((x, y, x + 14, y + 14), outline=light, width=3)
        case _:
            draw.line((x, y, x + 14, y + 14), fill=light, width=3)
            draw.line((x + 14, y, x, y + 14), fill=light, width=3)
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()


class PictureContract(TaskContract):
    task_class = ImageClassification
    settings: ClassVar = {"shift": 0.0, "flip": False}
    training: ClassVar = {"epochs": 60, "learning_rate": 1e-2, "head_learning_rate": 1e-2, "batch_units": 64}

    @pytest.fixture(scope="class")
    @classmethod
    def folder(cls, tiny_pictures: Path) -> Path:
        return tiny_pictures


class TestGreyPictures(PictureContract):
    @classmethod
    def rows(cls) -> list[dict[str, Any]]:
        return [{"image": _drawn(number, colour=False), "label": SHAPES[number % 3]} for number in range(30)]


class TestColouredPictures(PictureContract):
    @classmethod
    def rows(cls) -> list[dict[str, Any]]:
        return [{"image": _drawn(number, colour=True), "label": SHAPES[number % 3]} for number in range(30)]
