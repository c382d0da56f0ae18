"""Flags that several commands share, described once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

DEFAULT_WORKSPACE = Path("tunewheel-workspace")

Workspace = Annotated[
    Path, typer.Option("--workspace", "-w", envvar="TUNEWHEEL_WORKSPACE", help="The team's folder.", metavar="FOLDER")
]
Version = Annotated[str, typer.Option("--version", "-v", help="A version id or alias.", metavar="VERSION")]
Engine = Annotated[
    str,
    typer.Option(
        "--engine",
        help="auto (the fastest near enough), torch, onnx-fp32, onnx-int8, onnx-int8-static.",
        metavar="NAME",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line of stdout.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but results and mistakes.")]
Sets = Annotated[
    list[str] | None,
    typer.Option("--set", help="Change one setting of the recipe, such as training.epochs=3.", metavar="NAME=VALUE"),
]

LeastSame = Annotated[
    float, typer.Option("--least-same", min=0, max=100, help="Per cent of answers that must stay as evaluated.")
]
MostLost = Annotated[float, typer.Option("--most-lost", min=0, max=100, help="Points that the score may lose.")]

Data = Annotated[Path | None, typer.Argument(help="File or folder with labelled rows.", metavar="DATA")]
Recipe = Annotated[
    Path | None, typer.Option("--recipe", "-r", help="Recipe to follow; without one it is chosen.", metavar="FILE")
]
Model = Annotated[
    str | None, typer.Option("--model", help="Body to fine-tune (see `tunewheel models`).", metavar="NAME")
]
Seed = Annotated[int | None, typer.Option("--seed", min=0, help="Seed of every random choice.", metavar="NUMBER")]
Budget = Annotated[
    str | None,
    typer.Option("--budget", help="How long it may take in all: 90s, 2m, 1h; quick, normal, thorough.", metavar="TIME"),
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with the run that was interrupted, as it was asked for.")]

Task = Annotated[
    str | None, typer.Option("--task", help="What the model shall do (see `tunewheel tasks`).", metavar="NAME")
]
Text = Annotated[str | None, typer.Option("--text", help="Column with the text.", metavar="COLUMN")]
Label = Annotated[str | None, typer.Option("--label", help="Column with the label.", metavar="COLUMN")]
Words = Annotated[str | None, typer.Option("--words", help="Column with the words of a sentence.", metavar="COLUMN")]
Tags = Annotated[str | None, typer.Option("--tags", help="Column with a tag for each word.", metavar="COLUMN")]
Spans = Annotated[str | None, typer.Option("--spans", help="Column with character spans.", metavar="COLUMN")]
Image = Annotated[str | None, typer.Option("--image", help="Column with the picture.", metavar="COLUMN")]
Format = Annotated[
    str | None, typer.Option("--format", help="How the file is written, when that cannot be told.", metavar="NAME")
]
Encoding = Annotated[
    str | None, typer.Option("--encoding", help="Character encoding, such as gb18030.", metavar="NAME")
]
Sheet = Annotated[str | None, typer.Option("--sheet", help="Sheet of an Excel file.", metavar="NAME")]
Split = Annotated[
    str | None, typer.Option("--split", help="How to divide: stratified, grouped or time.", metavar="METHOD")
]
Group = Annotated[
    str | None, typer.Option("--group", help="Column whose equal values stay on one side of a split.", metavar="COLUMN")
]
Time = Annotated[
    str | None, typer.Option("--time", help="Column with a date, to test on the newest.", metavar="COLUMN")
]
Validation = Annotated[Path | None, typer.Option("--validation", help="File with the validation rows.", metavar="FILE")]
Test = Annotated[Path | None, typer.Option("--test", help="File with the test rows.", metavar="FILE")]


def given(**flags: Any) -> dict[str, Any]:
    """The flags that were really given."""
    return {name: value for name, value in flags.items() if value is not None}
