"""The report in short, for the terminal: the table, the sentences, the weakest slice, the path of the page."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ..compare import points
from ..report import Report, Standing, spelled
from . import words


def short(report: Report, path: str = "") -> RenderableType:
    """The short form as something rich can print. Names from data are printed as text, never as markup or commands."""
    judgement = report.judgement
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name, right in (("model", False), (spelled(judgement.metric), True), ("95 % interval", True)):
        table.add_column(name, justify="right" if right else "left", no_wrap=right)
    for name in ("train", "predict", "size"):
        table.add_column(name, justify="right", no_wrap=True)
    for line in judgement.standings:
        table.add_row(*_cells(line, judgement.metric), style="bold" if line.name == judgement.main else "")
    return Group(table, Text(), *_sentences(report, path))


def _cells(line: Standing, metric: str) -> list[Text]:
    spread = line.intervals[metric]
    cells = [
        line.name if line.role == "after" else f"{line.name} ({line.role})",
        words.score(line.scores[metric], metric),
        f"{words.score(spread.low, metric)} to {words.score(spread.high, metric)}",
        words.seconds(line.train_seconds),
        words.seconds(line.predict_seconds),
        words.size(line.size_bytes),
    ]
    return [Text(_printable(cell)) for cell in cells]


def _sentences(report: Report, path: str) -> Iterator[Text]:
    judgement = report.judgement
    yield Text(_printable(judgement.headline), style="bold")
    for comparison in judgement.comparisons:
        yield Text(_printable(comparison.sentence[:1].upper() + comparison.sentence[1:] + "."))
    if judgement.leak is not None:
        inflated, real = next((with_, without) for n, with_, without in judgement.leak.scores if n == judgement.main)
        rows = f"{len(judgement.leak.positions):,} test rows are also in training"
        yield Text(f"{rows}: {points(inflated)} with them, {points(real)} without.")
    if report.weaknesses.slices:
        worst = report.weaknesses.slices[0]
        gap = f"{points(worst.score.value)} on {worst.rows:,} rows, {points(worst.difference.value)} against the rest"
        yield Text(_printable(f"Weakest slice: {worst.name} ({gap})."))
    if path:
        yield Text(f"Report: {_printable(path)}")


def _printable(text: str) -> str:
    """Without control characters: a label must not be able to move the cursor or colour the screen."""
    return "".join(letter if unicodedata.category(letter)[0] != "C" else " " for letter in text)
