"""A file of answers: where it may be, and what its rows look like as CSV or JSONL."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

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


class AnswersFormat:
    """CSV or JSONL by the ending of `target`: the bytes that begin the file, and the bytes of lines."""

    def __init__(self, target: Path, columns: Sequence[str]) -> None:
        self.name = target.suffix.lower().removeprefix(".")
        self._columns = list(columns)
        self._added = [_fresh(name, columns) for name in ADDED]

    def beginning(self) -> bytes:
        """The header of a CSV file; nothing for JSONL."""
        # With a byte order mark, or spreadsheets show Chinese as debris.
        return _csv([[*self._columns, *self._added]]).encode("utf-8-sig") if self.name == "csv" else b""

    def lines(self, lines: Sequence[Line]) -> bytes:
        """The lines, in order."""
        text = _csv(map(self._cells, lines)) if self.name == "csv" else "".join(map(self._json, lines))
        return text.encode("utf-8")

    def _cells(self, line: Line) -> list[Any]:
        return [_cell(value) for value in (*(line.row.get(column) for column in self._columns), *line.added)]

    def _json(self, line: Line) -> str:
        row = {name: value for name, value in line.row.items() if not isinstance(value, bytes)}
        answer = {name: value for name, value in zip(self._added, line.added, strict=True) if value not in (None, "")}
        return json.dumps({**row, **answer}, ensure_ascii=False, default=str) + "\n"


def _fresh(name: str, columns: Sequence[str]) -> str:
    """`name`, or a name like it that the file does not have yet."""
    while name in columns:
        name = f"tunewheel_{name}"
    return name


def _csv(rows: Any) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _cell(value: Any) -> Any:
    """Text for a cell: lists and objects as JSON, the bytes of a picture not at all."""
    if isinstance(value, bytes):
        return ""
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, (list, dict)) else value
