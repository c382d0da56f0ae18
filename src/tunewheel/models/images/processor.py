"""ImageProcessor: pictures to dense arrays of pixels of one size, the same in training and in serving."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...errors import DataError, ModelDamaged, Problem
from ...records import Batch, Picture
from .decode import decode

SETTINGS = "processor.json"
SAMPLE = 200
RESAMPLE = {
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
}


@dataclass(frozen=True)
class ImageProcessor:
    """Decodes, makes square (squeezed, so that nothing is cut off) and stacks pictures.

    `size` is the side in pixels, kept between `smallest` and `largest`, which belong to the body; `grey` says
    that one channel carries everything. `resample` is "box", "bilinear" or "bicubic".
    """

    size: int
    smallest: int = 1
    largest: int = 1024
    grey: bool = False
    resample: str = "bilinear"

    def encode(self, contents: Sequence[Picture]) -> Batch:
        """`pixels` (B, C, size, size) uint8, C 1 where `grey` and else 3. Raises `DataError` naming every bad one."""
        pixels = np.empty((len(contents), 1 if self.grey else 3, self.size, self.size), dtype=np.uint8)
        problems: list[Problem] = []
        for place, picture in enumerate(contents):
            try:
                pixels[place] = self._pixels(picture)
            except DataError as error:
                problems.extend(error.problems)
        if problems:
            raise DataError.of(problems)
        return Batch({"pixels": pixels})

    def fitted(self, side: int, grey: bool) -> ImageProcessor:
        """This processor for pictures of `side` pixels, within the limits of its body."""
        return replace(self, size=min(max(side, self.smallest), self.largest), grey=grey)

    def save(self, folder: Path) -> None:
        """Write `processor.json` into `folder`."""
        (folder / SETTINGS).write_text(json.dumps(asdict(self), indent=1), "utf-8")

    @classmethod
    def load(cls, folder: Path) -> ImageProcessor:
        """From `processor.json` in `folder`. Raises `ModelDamaged`."""
        try:
            made = cls(**json.loads((folder / SETTINGS).read_text("utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise ModelDamaged(f"{SETTINGS} cannot be read ({error}).", where=str(folder)) from None
        if made.resample not in RESAMPLE or not 1 <= made.smallest <= made.size <= made.largest <= 1024:
            raise ModelDamaged(f"{SETTINGS} makes no sense.", where=str(folder))
        return made

    def _pixels(self, picture: Picture) -> NDArray[np.uint8]:
        image = decode(picture).convert("L" if self.grey else "RGB")
        if image.size != (self.size, self.size):
            image = image.resize((self.size, self.size), RESAMPLE[self.resample])
        values = np.asarray(image, dtype=np.uint8)
        return values[None] if self.grey else values.transpose(2, 0, 1)


def typical(pictures: Sequence[Picture]) -> tuple[int, bool]:
    """The median of the shorter sides in pixels, and whether no picture has colour, of `SAMPLE` spread pictures.

    Raises `DataError` naming every one of them that cannot be decoded.
    """
    step = max(len(pictures) // SAMPLE, 1)
    images: list[Image.Image] = []
    problems: list[Problem] = []
    for picture in pictures[::step]:
        try:
            images.append(decode(picture))
        except DataError as error:
            problems.extend(error.problems)
    if problems:
        raise DataError.of(problems)
    side = int(median(min(image.size) for image in images))
    return side, all(_is_grey(image) for image in images)


def _is_grey(image: Image.Image) -> bool:
    if image.mode == "L":
        return True
    # Grey pictures are often stored in colour; a photograph's JPEG noise stays within a few levels.
    red, green, blue = (np.asarray(band, dtype=np.int16) for band in image.split())
    return bool(max(np.abs(red - green).max(), np.abs(green - blue).max()) <= 8)
