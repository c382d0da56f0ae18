"""Pictures sent as base64: format and size are read from the header before anybody decodes a pixel."""

from __future__ import annotations

import base64
import binascii
import io
import warnings

from PIL import Image, UnidentifiedImageError

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")


def picture(encoded: object, max_pixels: int) -> bytes:
    """The bytes of a picture of a known format with at most `max_pixels`. Raises `ValueError` with a sentence."""
    if not isinstance(encoded, str):
        raise ValueError("the image is not a string. Send the file's bytes as base64.")
    try:
        data = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(
            "the image is not base64. Send the file's bytes as base64, without a 'data:' prefix."
        ) from None
    width, height = _size(data)
    if width * height > max_pixels:
        raise ValueError(f"the picture has {width} x {height} pixels and {max_pixels:,} may be. Send a smaller one.")
    return data


def pixels_of(data: bytes) -> int:
    """How many pixels a picture has, by its header; 0 where that cannot be read."""
    try:
        width, height = _size(data)
    except ValueError:
        return 0
    return width * height


def _size(data: bytes) -> tuple[int, int]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the limit is ours, see above
            with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
                return opened.size
    except Image.DecompressionBombError:
        raise ValueError("the picture has far too many pixels. Send a smaller one.") from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError):
        raise ValueError(f"the image is not a picture of a known format ({', '.join(FORMATS)}).") from None
