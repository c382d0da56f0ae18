"""Reading a PyTorch state dict without unpickling it.

A `.pth` file is a pickle, and loading a pickle runs what it says. Here the pickle's instructions are only read:
the few that a dict of tensors needs are followed on a stack of plain values, anything else is refused, and no name
in the file is ever looked up or called. Both layouts of torch.save are read: the zip archive of today and the
stream of pickles of before (PyTorch 1.5 and older).
"""

from __future__ import annotations

import math
import pickletools
import struct
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelDamaged
from ..archives import DEFAULT_LIMIT

LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
LEGACY_PROTOCOL = 1001
MOST_INSTRUCTIONS = 5_000_000
KINDS = {
    "DoubleStorage": "<f8",
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "<i1",
    "ByteStorage": "<u1",
    "BoolStorage": "?",
}
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
    struct.error,
    zipfile.BadZipFile,
)
Tensors = dict[str, NDArray[np.generic]]


@dataclass(frozen=True, slots=True)
class _Global:
    """A name that the pickle mentions: compared, never imported."""

    name: str


@dataclass(frozen=True, slots=True)
class _Storage:
    kind: str
    key: str
    count: int


@dataclass(frozen=True, slots=True)
class _View:
    """A tensor as a window on a storage; offset, shape and strides count elements."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


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
    if _follow(stream) != LEGACY_MAGIC or _follow(stream) != LEGACY_PROTOCOL:
        raise ValueError("unknown format")
    _follow(stream)
    views = _views(_follow(stream))
    expected = {view.storage.key: view.storage for view in views.values()}
    storages: dict[str, NDArray[np.generic]] = {}
    for key in _follow(stream):
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
            views = _views(_follow(stream))
        storages: dict[str, NDArray[np.generic]] = {}
        for storage in {view.storage for view in views.values()}:
            with archive.open(f"{folder}data/{storage.key}") as stream:
                storages[storage.key] = _storage(storage, storage.count, stream)
    return {name: _array(view, storages) for name, view in views.items()}


def _views(value: Any) -> dict[str, _View]:
    plain = isinstance(value, Mapping) and all(isinstance(k, str) and isinstance(v, _View) for k, v in value.items())
    if not plain:
        raise ValueError("the file holds something else than tensors by name")
    return dict(value)


def _storage(storage: _Storage, count: int, stream: IO[bytes]) -> NDArray[np.generic]:
    if count != storage.count:
        raise ValueError(f"storage {storage.key} has {count} elements instead of {storage.count}")
    kind = np.dtype(KINDS[storage.kind])
    if count * kind.itemsize > DEFAULT_LIMIT:
        raise ValueError(f"storage {storage.key} is larger than {DEFAULT_LIMIT / 1e6:,.0f} MB")
    data = stream.read(count * kind.itemsize)
    if len(data) != count * kind.itemsize:
        raise EOFError(f"storage {storage.key} is cut off")
    return np.frombuffer(data, kind)


def _array(view: _View, storages: Mapping[str, NDArray[np.generic]]) -> NDArray[np.generic]:
    storage = storages[view.storage.key]
    steps = [stride * storage.itemsize for stride in view.strides]
    window = np.lib.stride_tricks.as_strided(storage[view.offset :], view.shape, steps, writeable=False)
    return np.ascontiguousarray(window).reshape(view.shape)


def _make_tensor(storage: Any, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: Any) -> _View:
    """What torch._utils._rebuild_tensor_v2 would do, after checking that the window lies inside its storage."""
    numbers: tuple[Any, ...] = (offset, *shape, *strides)  # the file may hold anything here
    if not isinstance(storage, _Storage) or not all(type(number) is int and number >= 0 for number in numbers):
        raise ValueError("a tensor with impossible sizes")
    last = offset + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True))
    size: int = math.prod(int(length) for length in shape)
    if size > storage.count or (size and last >= storage.count):
        raise ValueError("a tensor larger than its storage")
    return _View(storage, offset, tuple(shape), tuple(strides))


# The only names whose "calls" are understood, and what stands for the call.
CALLS: dict[str, Callable[..., Any]] = {
    "collections OrderedDict": dict,
    "torch._utils _rebuild_tensor_v2": _make_tensor,
    "torch._utils _rebuild_parameter": lambda tensor, *_: tensor,
}


def _follow(stream: IO[bytes]) -> Any:
    """The value that one pickle in `stream` describes, made of plain values, `_Storage`s and `_View`s."""
    machine = _Machine()
    for number, (instruction, argument, _position) in enumerate(pickletools.genops(stream)):
        if number > MOST_INSTRUCTIONS:
            raise ValueError("too many instructions")
        if instruction.name == "STOP":
            break
        machine.step(instruction.name, argument)
    return machine.stack.pop()


CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
LITERALS = {"BINUNICODE", "SHORT_BINUNICODE", "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT"}
IGNORED = {"PROTO", "FRAME"}


class _Machine:
    """The stack and the memo of a pickle, for the instructions of a state dict and no others."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}
        self.marks: list[int] = []  # where on the stack a tuple or a run of items begins

    def step(self, name: str, argument: Any) -> None:
        if name in LITERALS:
            self.stack.append(argument)
        elif name in CONSTANTS:
            self.stack.append(CONSTANTS[name])
        elif name not in IGNORED:
            action = getattr(self, f"do_{name.lower()}", None)
            if action is None:
                raise ValueError(f"the pickle instruction {name} is not needed for tensors and is refused")
            action(argument)

    def do_mark(self, _: Any) -> None:
        self.marks.append(len(self.stack))

    def do_global(self, name: str) -> None:
        kind = name.removeprefix("torch ")
        if name not in CALLS and kind not in KINDS:
            raise ValueError(f"'{name}' is not needed for tensors and is refused")
        self.stack.append(_Global(name))

    def do_binput(self, index: int) -> None:
        self.memo[index] = self.stack[-1]

    do_long_binput = do_binput

    def do_memoize(self, _: Any) -> None:
        self.memo[len(self.memo)] = self.stack[-1]

    def do_binget(self, index: int) -> None:
        self.stack.append(self.memo[index])

    do_long_binget = do_binget

    def do_empty_dict(self, _: Any) -> None:
        self.stack.append({})

    def do_empty_list(self, _: Any) -> None:
        self.stack.append([])

    def do_empty_tuple(self, _: Any) -> None:
        self.stack.append(())

    def do_tuple(self, _: Any) -> None:
        self.stack.append(tuple(self._since_mark()))

    def do_tuple1(self, _: Any) -> None:
        self._tuple_of(1)

    def do_tuple2(self, _: Any) -> None:
        self._tuple_of(2)

    def do_tuple3(self, _: Any) -> None:
        self._tuple_of(3)

    def do_append(self, _: Any) -> None:
        item = self.stack.pop()
        self._container(list).append(item)

    def do_appends(self, _: Any) -> None:
        items = self._since_mark()
        self._container(list).extend(items)

    def do_setitem(self, _: Any) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self._container(dict)[key] = value

    def do_setitems(self, _: Any) -> None:
        items = self._since_mark()
        self._container(dict).update(zip(items[::2], items[1::2], strict=True))

    def do_reduce(self, _: Any) -> None:
        arguments, called = self.stack.pop(), self.stack.pop()
        self.stack.append(CALLS[called.name](*arguments))

    def do_build(self, _: Any) -> None:
        # A state dict carries `_metadata` (version numbers of its modules), which the tensors do not need.
        self.stack.pop()
        self._container(dict)

    def do_binpersid(self, _: Any) -> None:
        tag, kind, key, _device, count, *_ = self.stack.pop()
        known = isinstance(kind, _Global) and kind.name.removeprefix("torch ") in KINDS
        if tag != "storage" or not known or type(count) is not int or count < 0:
            raise ValueError("unknown kind of storage")
        self.stack.append(_Storage(kind.name.removeprefix("torch "), str(key), count))

    def _tuple_of(self, size: int) -> None:
        items = self.stack[-size:]
        del self.stack[-size:]
        self.stack.append(tuple(items))

    def _container(self, kind: type) -> Any:
        if type(self.stack[-1]) is not kind:
            raise ValueError(f"expected a {kind.__name__}")
        return self.stack[-1]

    def _since_mark(self) -> list[Any]:
        place = self.marks.pop()
        items = self.stack[place:]
        del self.stack[place:]
        return items
