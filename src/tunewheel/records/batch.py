"""Batch: encoded examples as named arrays, dense (one entry an example) or ragged (many)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.generic]


@dataclass(frozen=True)
class Batch:
    """Encoded examples, in order.

    `arrays[name]` is dense, shape (B, ...), unless `by[name]` names the dense count array that says how many
    entries each example has: then its shape is (sum of counts, ...) and the entries of one example are contiguous.
    Nothing is padded. A text batch holds `ids` (T,) by `tokens` (B,), `lengths` (W,) by `windows` (B,).
    """

    arrays: Mapping[str, Array]
    by: Mapping[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        dense = next((a for name, a in self.arrays.items() if name not in self.by), None)
        return 0 if dense is None else len(dense)

    def __getitem__(self, name: str) -> Array:
        return self.arrays[name]

    def __contains__(self, name: object) -> bool:
        return name in self.arrays

    def select(self, indices: Sequence[int] | Array) -> Batch:
        """The examples at `indices` (any order, repeats allowed) as a batch of their own."""
        chosen = np.asarray(indices, dtype=np.int64)
        gathered = {
            name: array[self._entries(self.by[name], chosen)] if name in self.by else array[chosen]
            for name, array in self.arrays.items()
        }
        return Batch(gathered, self.by)

    def _entries(self, counts_name: str, chosen: NDArray[np.int64]) -> NDArray[np.int64]:
        """Positions of all entries of the chosen examples in an array that is ragged by `counts_name`."""
        counts = self.arrays[counts_name].astype(np.int64)
        starts = np.cumsum(counts) - counts
        return ranges(starts[chosen], counts[chosen])

    def merged(self, other: Batch) -> Batch:
        """This batch with the arrays of `other` (same examples) beside its own."""
        return Batch({**self.arrays, **other.arrays}, {**self.by, **other.by})


def ranges(starts: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Concatenate `arange(start, start + count)` for each pair, without a Python loop."""
    total = int(counts.sum())
    before = np.cumsum(counts) - counts
    return np.repeat(starts - before, counts) + np.arange(total, dtype=np.int64)
