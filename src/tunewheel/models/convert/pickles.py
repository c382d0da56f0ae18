"""Following the instructions of a pickle that describes tensors, without ever doing what a pickle may ask for.

The few instructions that a dict of tensors needs are followed on a stack of plain values, anything else is refused,
and no name in the pickle is ever looked up or called.
"""

from __future__ import annotations

import math
import pickletools
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any

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


@dataclass(frozen=True, slots=True)
class _Global:
    """A name that the pickle mentions: compared, never imported."""

    name: str


@dataclass(frozen=True, slots=True)
class Storage:
    """A run of `count` numbers of one kind that the file holds under `key`."""

    kind: str
    key: str
    count: int


@dataclass(frozen=True, slots=True)
class View:
    """A tensor as a window on a storage; offset, shape and strides count elements."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def _make_tensor(storage: Any, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: Any) -> View:
    """What torch._utils._rebuild_tensor_v2 would do, after checking that the window lies inside its storage."""
    numbers: tuple[Any, ...] = (offset, *shape, *strides)  # the file may hold anything here
    if not isinstance(storage, Storage) or not all(type(number) is int and number >= 0 for number in numbers):
        raise ValueError("a tensor with impossible sizes")
    last = offset + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True))
    size: int = math.prod(int(length) for length in shape)
    if size > storage.count or (size and last >= storage.count):
        raise ValueError("a tensor larger than its storage")
    return View(storage, offset, tuple(shape), tuple(strides))


# The only names whose "calls" are understood, and what stands for the call.
CALLS: dict[str, Callable[..., Any]] = {
    "collections OrderedDict": dict,
    "torch._utils _rebuild_tensor_v2": _make_tensor,
    "torch._utils _rebuild_parameter": lambda tensor, *_: tensor,
}


def follow(stream: IO[bytes]) -> Any:
    """The value that one pickle in `stream` describes, made of plain values, `Storage`s and `View`s."""
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
        self.stack.append(Storage(kind.name.removeprefix("torch "), str(key), count))

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
