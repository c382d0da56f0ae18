"""Between files: test or validation rows that were also trained on, and labels that nobody teaches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ...records import Example
from ..duplicates import exact_example_groups
from ..splits import Indices, overlap
from ..targets import labels_of
from .finding import Finding, counted, file_of, row_numbers, shown


def check_leaks(train: Sequence[Example], other: Sequence[Example], part: str) -> tuple[list[Finding], Indices]:
    """Findings about `other` (the "test" or "validation" `part`) and the indices of its rows that occur in train."""
    leaked = overlap(train, other)
    return [*_leaked(train, other, leaked, part), *_untaught(train, other, part)], leaked


def _leaked(train: Sequence[Example], other: Sequence[Example], leaked: Indices, part: str) -> Iterator[Finding]:
    if len(leaked):
        groups = exact_example_groups([*train, *other])
        exact = np.isin(groups[len(train) :][leaked], groups[: len(train)]).sum()
        message = (
            f"{counted(len(leaked), 'row')} of the {len(other):,} {part} rows also occur in train "
            f"({exact:,} the same, {len(leaked) - exact:,} nearly): scores on them flatter the model"
            f"{'; tune tells them with and without.' if part == 'test' else '.'}"
        )
        details = [f"{part} row {other[i].source.row}: {shown(other[i])}" for i in leaked[:20].tolist()]
        rows = row_numbers(other, leaked.tolist())
        command = _mend(train, other, part)
        yield Finding.about(f"{part}-in-train", "warning", message, rows, command=command, details=details)


def _mend(train: Sequence[Example], other: Sequence[Example], part: str) -> str:
    """Test rows are only ever counted apart. Both parts may come from one file, which a column divides."""
    file, beside = file_of(train), file_of(other)
    if part == "validation":
        return f"Delete them from {beside}."
    return f"tunewheel tune {file}" if file == beside else f"tunewheel tune {file} --test {beside}"


def _untaught(train: Sequence[Example], other: Sequence[Example], part: str) -> Iterator[Finding]:
    taught = {label for example in train for label in labels_of(example)}
    strange = [i for i, example in enumerate(other) if taught and set(labels_of(example)) - taught]
    if strange:
        names = sorted({label for i in strange for label in labels_of(other[i])} - taught)
        listed = ", ".join(map(repr, names[:10])) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
        has = counted(len(strange), f"{part} row has", f"{part} rows have")
        message = f"{has} a label that train never shows ({listed})."
        command = f"Correct the labels of {file_of(other)}, or add such rows to {file_of(train)}."
        rows = row_numbers(other, strange)
        yield Finding.about(f"{part}-labels-unknown", "warning", message, rows, command=command)
