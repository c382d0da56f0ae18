"""Packing: arrays as short strings in JSON, in steps so small that nothing depends on them."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def pack(values: ArrayLike, levels: int = 65_535) -> dict[str, Any]:
    """An array of any shape, its range divided into `levels` steps (at most 65,535)."""
    array = np.asarray(values, float)
    low, high = (float(array.min()), float(array.max())) if array.size else (0.0, 0.0)
    steps = np.round((array - low) / ((high - low) or 1) * levels)
    kind = "<u1" if levels < 256 else "<u2"
    data = base64.b64encode(zlib.compress(steps.astype(kind).tobytes(), 9)).decode()
    return {"shape": list(array.shape), "low": low, "high": high, "levels": levels, "data": data}


def unpack(packed: Mapping[str, Any]) -> NDArray[np.float64]:
    """The array again."""
    kind = "<u1" if packed["levels"] < 256 else "<u2"
    steps = np.frombuffer(zlib.decompress(base64.b64decode(packed["data"])), kind).reshape(packed["shape"])
    low, high = packed["low"], packed["high"]
    return np.asarray(steps * ((high - low) / packed["levels"]) + low, float)
