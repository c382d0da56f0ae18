"""From the bytes of a picture file to pixels: PNG, JPEG, WebP, GIF, BMP and TIFF, whatever their colours."""

from __future__ import annotations

import io
import warnings

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from ...errors import DataError, Problem
from ...records import Picture

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM")
# A file of a few kilobytes can claim any size: refuse before its pixels are decoded.
MOST_PIXELS = 50_000_000
Pixels = NDArray[np.uint8]


def decode(picture: Picture) -> Image.Image:
    """The picture as an upright image of mode "L" (grey) or "RGB".

    Of an animation the first frame; what is transparent lies on white; 16-bit grey is scaled to its range.
    Raises `DataError` naming the picture.
    """
    try:
        with warnings.catch_warnings():
            # Our own limit is stricter than the one that Pillow warns about; a cut file is an error anyway.
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(picture.data), formats=FORMATS) as opened:
                _check_size(opened, picture)
                opened.draft("RGB", (512, 512))
                opened.load()
                return _plain(ImageOps.exif_transpose(opened))
    except _UNREADABLE as error:
        raise DataError.of([unreadable(picture, error)]) from None


# What Pillow raises for bytes that are damaged, cut short or no picture at all.
_UNREADABLE = (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError)


def unreadable(picture: Picture, error: Exception) -> Problem:
    """What to tell about a picture that cannot be decoded."""
    unknown = isinstance(error, UnidentifiedImageError)
    what = "it is not a picture of a known format" if unknown else f"the picture cannot be decoded ({error})"
    return Problem(f"{what}.", picture.name or "picture", f"Known: {', '.join(FORMATS)}.")


def _check_size(image: Image.Image, picture: Picture) -> None:
    if image.width * image.height > MOST_PIXELS:
        raise DataError(
            f"the picture has {image.width} x {image.height} pixels; {MOST_PIXELS:,} may be.",
            where=picture.name or "picture",
            mend="Make it smaller.",
        )


def _plain(image: Image.Image) -> Image.Image:
    """Any mode as "L" or "RGB"."""
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return _scaled(image)
    if image.mode == "1":
        return image.convert("L")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(ground, image).convert("RGB")
    return image if image.mode in ("L", "RGB") else image.convert("RGB")


def _scaled(image: Image.Image) -> Image.Image:
    """Grey of 16 bits and more as 8 bits: by 257 where it is 16-bit, by its own largest value where it is not."""
    values = np.asarray(image, dtype=np.float64)
    # 8-bit values in a wide file stay as they are.
    most = 255.0 if values.max(initial=0) <= 255 else 65535.0 if values.max() <= 65535 else float(values.max())
    return Image.fromarray(np.clip(values * 255.0 / most, 0, 255).round().astype(np.uint8))
