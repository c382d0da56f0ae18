"""The rows that streams are made of: all files of a data set joined, each text once, with the segment it belongs to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..sets import csv_rows, shared
from . import vectors

Ints = NDArray[np.int64]
OUT_OF_SCOPE = "NO_NODES_DETECTED"
BOTS = ("curekart", "powerplay11", "sofmattress")


@dataclass(frozen=True)
class Pool:
    """Texts, their vectors (N, H) from the frozen body, the numbers of their labels (N,), their segments (N,)."""

    texts: list[str]
    labels: Ints
    names: tuple[str, ...]
    segments: NDArray[np.str_]
    vectors: NDArray[np.float32] = field(repr=False)

    def in_segment(self, name: str) -> Ints:
        """Positions of the rows of one segment."""
        return np.flatnonzero(self.segments == name)


def absent(name: str) -> str:
    """Why the pool cannot be had here; empty when all its files are there."""
    missing = [str(path) for path in FILES[name]() if not path.is_file()]
    return (
        f"not run: there is no {missing[0]}; name the folder of the shared data in TUNEWHEEL_SHARED" if missing else ""
    )


def pool(name: str) -> Pool:
    """The pool of a stream, by its name."""
    rows = {}
    for path in FILES[name]():
        for row in csv_rows(path):
            rows.setdefault(row["text"].strip(), (row["label"], SEGMENT[name](path, row)))
    rows.pop("", None)
    return of(list(rows), [label for label, _ in rows.values()], [segment for _, segment in rows.values()], name)


def of(texts: list[str], labels: list[str], segments: list[str], name: str) -> Pool:
    """A pool of these rows; the late half of a bot's or set's classes may be marked by `mark_late`."""
    names = tuple(sorted(set(labels)))
    places = {label: number for number, label in enumerate(names)}
    marked = mark_late(labels, segments) if name == "hint3" else segments
    numbers = np.array([places[label] for label in labels], dtype=np.int64)
    return Pool(texts, numbers, names, np.array(marked), vectors.embedded(texts))


def mark_late(labels: list[str], segments: list[str]) -> list[str]:
    """Segments with "/late" behind those rows whose class appears late: every second class of each, most frequent
    first, so that both halves weigh alike. Rows that are out of scope are there from the beginning."""
    late = set()
    for segment in set(segments):
        counted = Counter(label for label, of in zip(labels, segments, strict=True) if of == segment)
        counted.pop(OUT_OF_SCOPE, None)
        ranked = sorted(counted, key=lambda label: (-counted[label], label))
        late |= {(segment, label) for label in ranked[1::2]}
    return [
        f"{segment}/late" if (segment, label) in late else segment
        for label, segment in zip(labels, segments, strict=True)
    ]


def _files(folder: str, *names: str) -> Callable[[], list[Path]]:
    return lambda: [shared() / folder / f"{name}.csv" for name in names]


def _bots() -> list[Path]:
    return [shared() / f"intent/hint3_{bot}_en" / name for bot in BOTS for name in ("train.csv", "test.csv")]


FILES: Mapping[str, Callable[[], list[Path]]] = {
    "vader": _files("sentiment/vader_ratings_4domains_en", "train", "dev", "test"),
    "hint3": _bots,
    "clinc150": _files("intent/clinc150_oos_en", "train", "dev", "test"),
    "banking77": _files("intent/banking77_en", "train", "test"),
}
SEGMENT: Mapping[str, Callable[[Path, Mapping[str, str]], str]] = {
    "vader": lambda path, row: row["domain"],
    "hint3": lambda path, row: path.parent.name.split("_")[1],
    "clinc150": lambda path, row: row["domain"],
    "banking77": lambda path, row: "all",
}
