"""A file of answers (CSV or JSONL) that appears only when it is complete."""

from __future__ import annotations

import csv
import json
import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from ..errors import ServingError

ADDED = ("prediction", "confidence", "error")


@dataclass(frozen=True)
class Line:
    """A row of the file that was read, with its answer or with the sentence that says why there is none."""

    row: Mapping[str, Any]
    answer: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""

    @property
    def added(self) -> tuple[Any, Any, str]:
        """Prediction (a label, labels or entities), confidence, error."""
        kinds = ("label", "labels", "entities")
        prediction = next((self.answer[kind] for kind in kinds if kind in self.answer), None)
        return prediction, self.answer.get("confidence"), self.error


Write = Callable[[Sequence[Line]], None]


def checked_output(source: Path, output: str | Path | None) -> Path:
    """Where the answers go: `NAME.predictions.csv` beside the source unless said. Raises `ServingError`."""
    target = Path(output) if output else source.with_name(f"{source.stem}.predictions.csv")
    if target.suffix.lower() not in (".csv", ".jsonl"):
        raise ServingError("answers are written as .csv or .jsonl.", where=str(target), mend="Give it such an ending.")
    if target.resolve() == source.resolve():
        raise ServingError("the answers would replace the file that is read.", where=str(target), mend="Name another.")
    if target.is_dir() or not target.parent.is_dir():
        raise ServingError("the answers cannot be written here.", where=str(target), mend="Name a file in a folder.")
    return target


@contextmanager
def answers_file(target: Path, columns: Sequence[str]) -> Iterator[Write]:
    """A function that writes lines; what it wrote becomes `target` at the end, or vanishes when anything fails."""
    comma = target.suffix.lower() == ".csv"
    added = [_fresh(name, columns) for name in ADDED]
    temporary = target.with_name(f".{target.name}-{secrets.token_hex(4)}.partial")
    try:
        # With a byte order mark, or spreadsheets show Chinese as debris.
        with temporary.open("x", encoding="utf-8-sig" if comma else "utf-8", newline="") as file:
            yield _csv_writer(file, columns, added) if comma else _jsonl_writer(file, added)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _fresh(name: str, columns: Sequence[str]) -> str:
    """`name`, or a name like it that the file does not have yet."""
    while name in columns:
        name = f"tunewheel_{name}"
    return name


def _csv_writer(file: TextIO, columns: Sequence[str], added: Sequence[str]) -> Write:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([*columns, *added])

    def write(lines: Sequence[Line]) -> None:
        for line in lines:
            values = [*(line.row.get(column) for column in columns), *line.added]
            writer.writerow([_cell(value) for value in values])

    return write


def _jsonl_writer(file: TextIO, added: Sequence[str]) -> Write:
    def write(lines: Sequence[Line]) -> None:
        for line in lines:
            row = {name: value for name, value in line.row.items() if not isinstance(value, bytes)}
            answer = {name: value for name, value in zip(added, line.added, strict=True) if value not in (None, "")}
            file.write(json.dumps({**row, **answer}, ensure_ascii=False, default=str) + "\n")

    return write


def _cell(value: Any) -> Any:
    """Text for a cell: lists and objects as JSON, the bytes of a picture not at all."""
    if isinstance(value, bytes):
        return ""
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, (list, dict)) else value
