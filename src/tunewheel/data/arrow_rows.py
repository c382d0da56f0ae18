"""Rows as Arrow batches: kept in memory while they are few, in a memory-mapped file on disk when they are many."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from ..errors import ReadError
from .spill import Spill

NUMBER = "tunewheel:number"
SPILL_BYTES = 64 * 2**20
_INT64 = 2**63
_TYPES: dict[str, Any] = {
    "null": pa.null(),
    "bool": pa.bool_(),
    "int": pa.int64(),
    "float": pa.float64(),
    "str": pa.string(),
    "bytes": pa.binary(),
    "words": pa.list_(pa.string()),
    "json": pa.string(),
}


class ArrowRows:
    """Record batches that can be addressed by row. Columns of mixed or nested values are kept as JSON text."""

    def __init__(self, batches: Sequence[Any], schema: Any, spill: Spill | None = None) -> None:
        self._batches = [batch for batch in batches if batch.num_rows]
        self._schema = schema
        self._ends: list[int] = []
        for batch in self._batches:
            self._ends.append(batch.num_rows + (self._ends[-1] if self._ends else 0))
        self._spill = spill  # the folder goes with these rows

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    @property
    def columns(self) -> list[str]:
        return [name for name in self._schema.names if name != NUMBER]

    @property
    def arrow(self) -> Any:
        """The same as a `pyarrow.Table`, row numbers included."""
        return pa.Table.from_batches(self._batches, self._schema)

    def number(self, index: int) -> int:
        """Row number of the file, or the position from 1 where the file has none of its own."""
        if NUMBER not in self._schema.names:
            return index + 1
        batch, within = self._locate(index)
        return int(self._batches[batch].column(NUMBER)[within].as_py())

    def numbers(self, indices: Sequence[int] | None = None) -> Iterator[int]:
        """Row numbers in order, or those of the rows at `indices`."""
        if indices is not None:
            yield from map(self.number, indices)
        elif NUMBER not in self._schema.names:
            yield from range(1, len(self) + 1)
        else:
            for batch in self._batches:
                yield from batch.column(NUMBER).to_pylist()

    def rows(self, indices: Sequence[int] | None = None) -> Iterator[dict[str, Any]]:
        """Rows in order, or those at `indices`, a few batches' worth of memory at a time."""
        if indices is None:
            for batch in self._batches:
                yield from self._decoded(batch)
            return
        for first in range(0, len(indices), 1024):
            yield from self._taken(indices[first : first + 1024])

    def _taken(self, indices: Sequence[int]) -> list[dict[str, Any]]:
        by_batch: dict[int, list[tuple[int, int]]] = {}
        for place, index in enumerate(indices):
            batch, within = self._locate(index)
            by_batch.setdefault(batch, []).append((place, within))
        found: list[dict[str, Any]] = [{} for _ in indices]
        for batch, wanted in by_batch.items():
            rows = self._decoded(self._batches[batch].take(pa.array([within for _, within in wanted])))
            for (place, _), row in zip(wanted, rows, strict=True):
                found[place] = row
        return found

    def column(self, name: str, indices: Sequence[int] | None = None) -> list[Any]:
        """Values of one column, in order. Raises `KeyError`."""
        if name not in self.columns:
            raise KeyError(name)
        if indices is None:
            field = self._schema.field(name)
            return [value for batch in self._batches for value in _values(batch.column(name), field)]
        slim = ArrowRows([batch.select([name]) for batch in self._batches], pa.schema([self._schema.field(name)]))
        return [row[name] for row in slim.rows(indices)]

    def _locate(self, index: int) -> tuple[int, int]:
        if not 0 <= index < len(self):
            raise IndexError(f"row {index} of {len(self)}")
        batch = bisect_right(self._ends, index)
        return batch, index - (self._ends[batch - 1] if batch else 0)

    def _decoded(self, batch: Any) -> list[dict[str, Any]]:
        columns = {
            field.name: _values(batch.column(field.name), field) for field in batch.schema if field.name != NUMBER
        }
        names = list(columns)
        return [dict(zip(names, values, strict=True)) for values in zip(*columns.values(), strict=True)]


class Gatherer:
    """Takes rows in chunks and makes `ArrowRows` of them, moving to disk beyond `SPILL_BYTES`.

    A column whose values turn out to be of several types becomes a JSON column, also for the rows before.
    """

    def __init__(self, cache: Path | None = None) -> None:
        self._cache = cache
        self._kinds: dict[str, str] = {}
        self._parts: list[Any] = []
        self._bytes = 0
        self._spill: Spill | None = None
        self._written: list[Path] = []
        self.replaced = 0

    def add(self, numbers: Sequence[int], rows: Sequence[dict[str, Any]]) -> None:
        """Append rows with their row numbers."""
        self._kinds = _merged(self._kinds, _kinds(rows))
        arrays = [pa.array(numbers, pa.int64())]
        for name, kind in self._kinds.items():
            arrays.append(self._array([row.get(name) for row in rows], kind))
        self._keep(pa.record_batch(arrays, schema=_schema(self._kinds)))

    def add_batch(self, batch: Any) -> None:
        """Append a batch that is Arrow already; all must have one schema. Rows are numbered from 1."""
        self._keep(batch)

    def finish(self, schema: Any = None) -> ArrowRows:
        """All rows, with the widest kind of each column."""
        schema = schema or _schema(self._kinds)
        if self._spill is None:
            return ArrowRows([_widened(batch, schema) for batch in self._parts], schema)
        self._move()
        batches = [batch for part in self._written for batch in self._wide(part, schema)]
        return ArrowRows(batches, schema, self._spill)

    def _keep(self, batch: Any) -> None:
        self._parts.append(batch)
        self._bytes += batch.nbytes
        if self._bytes > SPILL_BYTES:
            self._move()

    def _move(self) -> None:
        """What is in memory moves to the disk, as one more file."""
        if not self._parts:
            return
        try:
            self._spill = self._spill or Spill(self._cache)
            path = self._spill.path / f"part-{len(self._written):06d}.arrow"
            schema = self._parts[-1].schema  # kinds only become wider
            _write(path, schema, (_widened(batch, schema) for batch in self._parts))
        except OSError as error:
            raise _no_room(self._spill.path if self._spill else self._cache, error) from None
        self._written.append(path)
        self._parts, self._bytes = [], 0

    def _wide(self, part: Path, schema: Any) -> list[Any]:
        """The batches of a file with the columns and kinds of `schema`; it is written again where they were others, so
        that the rows never lie on the disk twice."""
        batches = _mapped(part)
        if all(batch.schema.equals(schema, check_metadata=True) for batch in batches):
            return batches
        wide = part.with_suffix(".wide")
        try:
            _write(wide, schema, (_widened(batch, schema) for batch in batches))
            wide.replace(part)
        except OSError as error:
            raise _no_room(part.parent, error) from None
        return _mapped(part)

    def _array(self, values: list[Any], kind: str) -> Any:
        try:
            return _array(values, kind)
        except UnicodeEncodeError:  # half of a surrogate pair cannot be written as UTF-8
            self.replaced += 1
            return _array([_without_surrogates(value) for value in values], kind)


def _values(column: Any, field: Any) -> list[Any]:
    values = _shared_texts(column) if pa.types.is_string(column.type) else column.to_pylist()
    if (field.metadata or {}).get(b"kind") == b"json":
        return [None if value is None else json.loads(value) for value in values]
    return values


def _shared_texts(column: Any) -> list[Any]:
    """The texts of a column; those that repeat within it (labels, groups) are one object each, to spare memory."""
    coded = column.dictionary_encode()
    texts = coded.dictionary.to_pylist()
    if len(texts) * 2 > len(column):
        values: list[Any] = column.to_pylist()
        return values
    return [None if place is None else texts[place] for place in coded.indices.to_pylist()]


def _kinds(rows: Sequence[dict[str, Any]]) -> dict[str, str]:
    kinds: dict[str, str] = {}
    for row in rows:
        for name, value in row.items():
            kind = _kind(value)
            if kinds.get(name) != kind:
                kinds[name] = _wider(kinds.get(name, "null"), kind)
    return kinds


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return "str"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int" if -_INT64 <= value < _INT64 else "json"
    if isinstance(value, list):
        return "words" if value and all(isinstance(item, str) for item in value) else "empty" if not value else "json"
    return {float: "float", bytes: "bytes"}.get(type(value), "json")


def _wider(left: str, right: str) -> str:
    """The kind that holds the values of both. An empty list is a list of words until something else is seen."""
    if left == right or right == "null":
        return left
    if left == "null":
        return right
    return "words" if {left, right} == {"empty", "words"} else "json"


def _merged(known: dict[str, str], new: dict[str, str]) -> dict[str, str]:
    kinds = dict(known)
    for name, kind in new.items():
        kinds[name] = _wider(kinds.get(name, "null"), kind)
    return kinds


def _schema(kinds: dict[str, str]) -> Any:
    fields = [pa.field(NUMBER, pa.int64())]
    for name, kind in kinds.items():
        stored = "words" if kind == "empty" else kind
        fields.append(pa.field(name, _TYPES[stored], metadata={"kind": stored}))
    return pa.schema(fields)


def _array(values: list[Any], kind: str) -> Any:
    if kind == "json":
        values = [None if value is None else json.dumps(value, ensure_ascii=False) for value in values]
    return pa.array(values, _TYPES["words" if kind == "empty" else kind])


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {_without_surrogates(name): _without_surrogates(item) for name, item in value.items()}
    return value.encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else value


def _widened(batch: Any, schema: Any) -> Any:
    """A batch with the columns and kinds of `schema`."""
    if batch.schema.equals(schema, check_metadata=True):
        return batch
    return pa.record_batch([_widened_column(batch, field) for field in schema], schema=schema)


def _widened_column(batch: Any, field: Any) -> Any:
    position = batch.schema.get_field_index(field.name)
    if position < 0:
        return pa.nulls(batch.num_rows, field.type)
    old = batch.schema.field(position)
    if old.equals(field, check_metadata=True) or (old.type == field.type and not field.metadata):
        return batch.column(position)
    return _array(_values(batch.column(position), old), field.metadata[b"kind"].decode())


def _write(path: Path, schema: Any, batches: Iterable[Any]) -> None:
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)


def _mapped(path: Path) -> list[Any]:
    with pa.memory_map(str(path), "r") as file:  # the batches hold the memory; a large table would need many open files
        reader = pa.ipc.open_file(file)
        get: Callable[[int], Any] = reader.get_batch
        return [get(number) for number in range(reader.num_record_batches)]


def _no_room(place: Path | None, error: OSError) -> ReadError:
    what = f"the rows are too many for memory, and the disk refuses them: {error.strerror or error}."
    return ReadError(what, where=str(place or "temporary folder"), mend="Make room there, then start again.")
