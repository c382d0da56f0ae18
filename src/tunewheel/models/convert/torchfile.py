"""Reading a PyTorch state dict without unpickling it.

A `.pth` file is a pickle, and loading a pickle runs what it says: here it is only read. Both layouts of torch.save
are understood: the zip archive of today and the stream of pickles of before (PyTorch 1.5 and older).
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelDamaged
from ..archives import DEFAULT_LIMIT
from .pickles import KINDS, Storage, View, follow

LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
LEGACY_PROTOCOL = 1001
# What pickletools, zipfile and the stack below raise for a stream that is cut or makes no sense.
DAMAGE = (
    ValueError,
    IndexError,
    KeyError,
    TypeError,
    AttributeError,
    EOFError,
    MemoryError,
    OverflowError,
    RuntimeError,
    struct.error,
    zipfile.BadZipFile,
)
Tensors = dict[str, NDArray[np.generic]]


def read_state_dict(path: Path) -> Tensors:
    """The tensors of a state dict by name, copied. Raises `ModelDamaged` for anything but a plain state dict."""
    try:
        if zipfile.is_zipfile(path):
            return _read_zip(path)
        with path.open("rb") as stream:
            return _read_legacy(stream)
    except DAMAGE as error:
        raise ModelDamaged(f"it is not a PyTorch state dict ({error}).", where=path.name) from error


def _read_legacy(stream: IO[bytes]) -> Tensors:
    """Four pickles (a magic number, a version, the writer's type sizes, the state dict), the storages' keys, bytes."""
    if follow(stream) != LEGACY_MAGIC or follow(stream) != LEGACY_PROTOCOL:
        raise ValueError("unknown format")
    follow(stream)
    views = _views(follow(stream))
    expected = {view.storage.key: view.storage for view in views.values()}
    storages: dict[str, NDArray[np.generic]] = {}
    for key in follow(stream):
        (count,) = struct.unpack("<q", stream.read(8))
        storages[key] = _storage(expected[key], count, stream)
    return {name: _array(view, storages) for name, view in views.items()}


def _read_zip(path: Path) -> Tensors:
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.endswith("/data.pkl")]
        if len(names) != 1:
            raise ValueError("no data.pkl inside")
        folder = names[0].removesuffix("data.pkl")
        with archive.open(names[0]) as stream:
            views = _views(follow(stream))
        storages: dict[str, NDArray[np.generic]] = {}
        for storage in {view.storage for view in views.values()}:
            with archive.open(f"{folder}data/{storage.key}") as stream:
                storages[storage.key] = _storage(storage, storage.count, stream)
    return {name: _array(view, storages) for name, view in views.items()}


def _views(value: Any) -> dict[str, View]:
    plain = isinstance(value, Mapping) and all(isinstance(k, str) and isinstance(v, View) for k, v in value.items())
    if not plain:
        raise ValueError("the file holds something else than tensors by name")
    return dict(value)


def _storage(storage: Storage, count: int, stream: IO[bytes]) -> NDArray[np.generic]:
    if count != storage.count:
        raise ValueError(f"storage {storage.key} has {count} elements instead of {storage.count}")
    kind = np.dtype(KINDS[storage.kind])
    if count * kind.itemsize > DEFAULT_LIMIT:
        raise ValueError(f"storage {storage.key} is larger than {DEFAULT_LIMIT / 1e6:,.0f} MB")
    data = stream.read(count * kind.itemsize)
    if len(data) != count * kind.itemsize:
        raise EOFError(f"storage {storage.key} is cut off")
    return np.frombuffer(data, kind)


def _array(view: View, storages: Mapping[str, NDArray[np.generic]]) -> NDArray[np.generic]:
    storage = storages[view.storage.key]
    steps = [stride * storage.itemsize for stride in view.strides]
    window = np.lib.stride_tricks.as_strided(storage[view.offset :], view.shape, steps, writeable=False)
    return np.ascontiguousarray(window).reshape(view.shape)
