"""Parquet files: batches as they are, pictures as bytes, Hugging Face label numbers as their names."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from .reading import MOST_COLUMNS, Reading

_AGAIN = "Write or download the file again."
Change = Callable[[Any], Any]


def read_parquet(reading: Reading) -> Iterator[Any]:
    """Record batches of bounded size with one schema; at least one, so that an empty file keeps its columns."""
    reading.unit = "item"
    try:
        file = pq.ParquetFile(reading.path)
        yield from _batches(reading, file)
    except (pa.ArrowException, OSError) as error:
        first = str(error).splitlines()[0] if str(error) else "unknown"
        raise reading.error(f"the Parquet file is damaged or cut off ({first}).", _AGAIN) from None


def _batches(reading: Reading, file: Any) -> Iterator[Any]:
    schema = file.schema_arrow
    if not schema.names or len(schema.names) > MOST_COLUMNS or len(set(schema.names)) < len(schema.names):
        what = f"the file has {len(schema.names)} columns; 1 to {MOST_COLUMNS:,} with different names can be read."
        raise reading.error(what, "Write the columns that are needed.")
    reading.facts.append(f"Parquet, {len(schema.names)} columns")
    changes = _changes(reading, schema)
    rows = _rows_a_batch(file)
    for batch in file.iter_batches(batch_size=rows):
        batch.validate(full=True)
        yield _changed(batch, changes)


def _rows_a_batch(file: Any) -> int:
    """As many rows as take about 16 MB."""
    size: int = sum(file.metadata.row_group(i).total_byte_size for i in range(file.metadata.num_row_groups))
    rows: int = max(file.metadata.num_rows, 1)
    return max(1, min(8192, 16 * 2**20 * rows // max(size, 1)))


def _changes(reading: Reading, schema: Any) -> dict[str, Change]:
    """What must be done to which column."""
    changes: dict[str, Change] = {}
    features = _features(schema)
    for field in schema:
        names, listed = _class_names(features.get(field.name))
        if _is_picture(field.type):
            changes[field.name] = lambda column: pa.array([_bytes(value) for value in column.to_pylist()], pa.binary())
        elif names and (pa.types.is_integer(field.type) or listed):
            changes[field.name] = _naming(names, listed)
            reading.notes.append(f"numbers in {field.name!r} are replaced by their names ({names[0]}, ...)")
    return changes


def _changed(batch: Any, changes: Mapping[str, Change]) -> Any:
    if not changes:
        return batch
    columns = {
        name: changes[name](batch.column(name)) if name in changes else batch.column(name)
        for name in batch.schema.names
    }
    return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))


def _is_picture(kind: Any) -> bool:
    """Hugging Face's image: a struct of bytes and path."""
    if not pa.types.is_struct(kind):
        return False
    return {kind.field(i).name for i in range(kind.num_fields)} == {"bytes", "path"}


def _bytes(value: Any) -> bytes | None:
    found = value["bytes"] if value is not None else None
    return found if isinstance(found, bytes) else None


def _features(schema: Any) -> dict[str, Any]:
    """The features that the `datasets` library leaves in a file, by column."""
    try:
        found = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))["info"]["features"]
    except (ValueError, KeyError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}


def _class_names(feature: Any) -> tuple[list[str], bool]:
    """Names of a ClassLabel, and whether the column holds lists of them."""
    listed = isinstance(feature, list) or (isinstance(feature, dict) and "feature" in feature)
    inner = (feature[0] if isinstance(feature, list) else feature["feature"]) if listed and feature else feature
    names = inner.get("names") if isinstance(inner, dict) else None
    return ([str(name) for name in names], listed) if isinstance(names, list) else ([], False)


def _naming(names: list[str], listed: bool) -> Change:
    def name(value: Any) -> str | None:
        return names[value] if isinstance(value, int) and 0 <= value < len(names) else None

    def change(column: Any) -> Any:
        if listed:
            lists = [None if values is None else [name(value) for value in values] for values in column.to_pylist()]
            return pa.array(lists, pa.list_(pa.string()))
        return pa.array([name(value) for value in column.to_pylist()], pa.string())

    return change
