"""Rows as a Parquet file and back, value for value: Arrow types where they fit, JSON where a column is mixed."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

_AS_JSON = {b"tunewheel": b"json"}
_BYTES = "$bytes"


def write_rows(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write `rows` as Parquet. A value that a row lacks is written as null."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    arrays, fields = [], []
    for name in names:
        array, metadata = _array([row.get(name) for row in rows])
        arrays.append(array)
        fields.append(pa.field(name, array.type, metadata=metadata))
    pq.write_table(pa.Table.from_arrays(arrays, schema=pa.schema(fields)), path, compression="zstd")


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The rows that `write_rows` wrote; every row has every column."""
    # Not read_table: it is for whole datasets and would look at the folder around the file.
    table = pq.ParquetFile(path).read()
    columns = {}
    for column in table.schema:
        values = table.column(column.name).to_pylist()
        mixed = column.metadata == _AS_JSON
        columns[column.name] = [_loaded(value) for value in values] if mixed else values
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def content_sha256(rows: Iterable[Mapping[str, Any]]) -> str:
    """SHA-256 of what the rows say, whatever file they came from. A null says the same as no value."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(_dumped({name: value for name, value in row.items() if value is not None}).encode("utf-8"))
        digest.update(b"\n")
    return digest.hexdigest()


def _array(values: list[Any]) -> tuple[Any, Mapping[bytes, bytes] | None]:
    """The values as an Arrow array that gives back the same values, with the metadata that says how."""
    try:
        array = pa.array(values, from_pandas=False)
        # Compared as text, because in Python 1 == 1.0 == True.
        if _dumped(array.to_pylist()) == _dumped(values):
            return array, None
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        pass  # Arrow has no type for this column
    return pa.array([None if value is None else _dumped(value) for value in values], type=pa.string()), _AS_JSON


def _dumped(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_default)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _loaded(text: str | None) -> Any:
    return None if text is None else json.loads(text, object_hook=_hook)


def _default(value: Any) -> Any:
    """Bytes as base64; anything else that JSON has no word for (a date among texts) as its text."""
    return {_BYTES: base64.b64encode(value).decode("ascii")} if isinstance(value, bytes) else str(value)


def _hook(found: dict[str, Any]) -> Any:
    return base64.b64decode(found[_BYTES]) if found.keys() == {_BYTES} else found
