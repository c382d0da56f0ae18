"""Few-shot files: so many rows of each class, drawn from a training file with a fixed seed."""

from __future__ import annotations

import csv
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..sets import csv_rows

LABEL = "label"
Rows = Sequence[Mapping[str, str]]


def draw(rows: Rows, each: int, seed: int) -> list[Mapping[str, str]]:
    """At most `each` rows of every class, the whole in an order that says nothing; the same for the same seed."""
    generator = random.Random(seed)
    by_label: dict[str, list[Mapping[str, str]]] = {}
    for row in rows:
        by_label.setdefault(row[LABEL], []).append(row)
    drawn = [row for _, found in sorted(by_label.items()) for row in generator.sample(found, min(each, len(found)))]
    generator.shuffle(drawn)
    return drawn


def write_few(path: Path, target: Path, each: int, seed: int) -> Path:
    """The drawn rows of the CSV file `path` as `target`, with its text and label columns only."""
    drawn = draw(csv_rows(path), each, seed)
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["text", LABEL], extrasaction="ignore")
        writer.writeheader()
        writer.writerows(drawn)
    return target
