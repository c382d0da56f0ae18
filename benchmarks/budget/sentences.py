"""A large labelled file: halves of real sentences recombined, with a few duplicates and near-duplicates, as in life."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ..sets import csv_rows

Row = tuple[str, str]
Halves = Mapping[str, tuple[Sequence[str], Sequence[str]]]
FEWEST_WORDS = 4
TWINS, COPIES = 0.02, 0.005
REMEMBERED = 1000


def halves(rows: Sequence[Row]) -> Halves:
    """By label the first and the second halves of its texts."""
    found: dict[str, tuple[list[str], list[str]]] = {}
    for text, label in rows:
        words = text.split()
        if len(words) >= FEWEST_WORDS:
            firsts, seconds = found.setdefault(label, ([], []))
            firsts.append(" ".join(words[: len(words) // 2]))
            seconds.append(" ".join(words[len(words) // 2 :]))
    return found


def recombined(found: Halves, rows: int, seed: int) -> Iterator[Row]:
    """So many rows: a first and a second half of one label; now and then a row again, as it was or with a word more."""
    generator = random.Random(seed)
    labels = sorted(found)
    shares = [len(found[label][0]) for label in labels]
    lately: list[Row] = []
    for number in range(rows):
        drawn = generator.random()
        if lately and drawn < TWINS:
            text, label = generator.choice(lately)
            yield (text if drawn < COPIES else f"{text} indeed"), label
            continue
        label = generator.choices(labels, shares)[0]
        firsts, seconds = found[label]
        fresh = f"{generator.choice(firsts)} {generator.choice(seconds)}", label
        lately[number % REMEMBERED : number % REMEMBERED + 1] = [fresh]
        yield fresh


def write_large(source: Path, target: Path, rows: int, seed: int = 0) -> Path:
    """`rows` rows made of those of the CSV file `source`, as a CSV file with `text` and `label`."""
    found = halves([(row["text"], row["label"]) for row in csv_rows(source)])
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        writer.writerows(recombined(found, rows, seed))
    return target
