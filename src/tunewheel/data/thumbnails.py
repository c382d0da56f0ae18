"""Small copies of pictures: to compare them, to group near duplicates and to probe their labels."""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from ..records import Picture
from .minhash import Groups, Hashes, Pairs, first_members, linked_clusters, pair_chunks

SIDE = 16
# Decoding more pixels than this only to look at a picture is refused (a hostile file can claim any size).
MOST_PIXELS = 50_000_000
# Mean difference of two thumbnails, in grey levels of 255, up to which pictures count as the same.
SAME_WITHIN = 3.0

Thumbnail = NDArray[np.uint8]


def picture_size(picture: Picture) -> tuple[int, int] | None:
    """Width and height in pixels, read from the header; None when the bytes are no picture."""
    try:
        with _opened(picture) as image:
            return image.size
    except _UNREADABLE:
        return None


def thumbnail(picture: Picture) -> Thumbnail | None:
    """RGB copy (SIDE, SIDE, 3); None when the picture cannot be decoded or is larger than `MOST_PIXELS`."""
    try:
        with _opened(picture) as image:
            if image.width * image.height > MOST_PIXELS:
                return None
            small = image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BOX)
            return np.asarray(small, dtype=np.uint8)
    except _UNREADABLE:
        return None


# What Pillow raises for bytes that are damaged, cut short or no picture at all.
_UNREADABLE = (
    UnidentifiedImageError,
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    Image.DecompressionBombError,
)


def _opened(picture: Picture) -> Image.Image:
    with warnings.catch_warnings():
        # We hold our own, stricter limit before anything is decoded.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        return Image.open(io.BytesIO(picture.data))


def picture_bytes_groups(pictures: Sequence[Picture]) -> Groups:
    """Group id (N,): pictures with the same bytes share one."""
    digests = [hashlib.sha256(picture.data).hexdigest() for picture in pictures]
    return np.asarray(np.unique(np.array(digests, dtype=str), return_inverse=True)[1], dtype=np.int64)


def near_picture_groups(pictures: Sequence[Picture]) -> Groups:
    """Cluster id (N,): pictures that look the same (re-encoded, resized, slightly brighter) share one.

    Candidates share an average hash or a difference hash (Krawetz, "Looks like it", 2011) and are then
    compared pixel by pixel. Pictures that cannot be decoded are grouped by their bytes only.
    """
    exact = picture_bytes_groups(pictures)
    _, firsts, group = np.unique(exact, return_index=True, return_inverse=True)
    small = [thumbnail(pictures[i]) for i in firsts.tolist()]
    readable = np.array([i for i, image in enumerate(small) if image is not None], dtype=np.int64)
    cluster = np.arange(len(firsts), dtype=np.int64)
    if len(readable):
        pixels = np.stack([image for image in small if image is not None])
        linked = linked_clusters(_hashes(pixels), lambda pairs: _alike(pixels, pairs))
        cluster[readable] = readable[first_members(linked)]
    return cluster[group]


def _hashes(pixels: Thumbnail) -> Hashes:
    """Average hash and difference hash over 8 by 8 cells of brightness, cut into parts of 16 bits (N, 8): pictures
    whose hashes differ in up to three bits each still share a part."""
    grey = pixels.astype(np.float64).mean(axis=3)
    cells = grey.reshape(len(grey), 8, SIDE // 8, 8, SIDE // 8).mean(axis=(2, 4))
    brighter = cells.reshape(len(cells), 64) > cells.mean(axis=(1, 2))[:, None]
    rising = (np.roll(cells, -1, axis=2) > cells).reshape(len(cells), 64)
    parts = [np.packbits(bits, axis=1).view(np.uint16) for bits in (brighter, rising)]
    return np.concatenate(parts, axis=1).astype(np.uint64)


def _alike(pixels: Thumbnail, pairs: Pairs) -> Pairs:
    kept = []
    for part in pair_chunks(pairs, 10_000):
        left, right = (pixels[part[:, side]].astype(np.int16) for side in (0, 1))
        kept.append(part[np.abs(left - right).mean(axis=(1, 2, 3)) <= SAME_WITHIN])
    return np.concatenate(kept)
