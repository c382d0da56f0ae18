"""A plan as a table for people, or as one JSON object for programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .console import print_json, remarks, results, say
from .progress import duration
from .tables import add_row, plain_table

Summary = Mapping[str, Any]
FITS = {"whole": "fits", "cut": "cut", "no": "no", "": ""}


def show_plan(plan: Summary, *, as_json: bool) -> None:
    """One line a way, what fits, and advice; with `as_json` on stderr, and the JSON on stdout."""
    console = remarks() if as_json else results()
    console.print(_ways(plan))
    lines = [f"{way['model']}, {way['moves']}: {way['why']}." for way in plan["ways"] if _unfit(way)]
    lines += [f"{body['model']} ({body['download_mb']} MB): {body['why']}." for body in plan["absent"]]
    for line in lines:
        say(console, line, "dim")
    say(console, plan["advice"], "bold")
    if as_json:
        print_json(plan)


def _unfit(way: Summary) -> bool:
    """Whether there is something to explain."""
    return bool(way["why"]) and way["fits"] != "whole"


def _ways(plan: Summary) -> Any:
    columns = ["time", "memory", "disk", f"{plan['metric'].replace('_', ' ')} (validation)"]
    columns += ["cost"] if plan["price_an_hour"] is not None else []
    columns += [duration(plan["budget_seconds"])] if plan["budget_seconds"] else []
    made = plain_table("model", "what moves", *columns, numbers=len(columns))
    if plan["floor"]:
        time, score = duration(plan["floor"]["seconds"]), _score(plan["floor"]["score"])
        add_row(made, [plan["floor"]["name"], "", time, "-", "-", score, *[""] * (len(columns) - 4)])
    for way in plan["ways"]:
        add_row(made, [way["model"], way["moves"], *_cells(way, plan)])
    return made


def _cells(way: Summary, plan: Summary) -> list[str]:
    """The numbers of one way."""
    if way["seconds"] is None:
        return ["-"] * 4
    cells = [duration(way["seconds"]), f"{way['memory_mb']:,} MB", f"{way['disk_mb']:,} MB", _score(way["score"])]
    cells += [f"{way['money']:.2f}"] if plan["price_an_hour"] is not None else []
    return [*cells, *([FITS[way["fits"]]] if plan["budget_seconds"] else [])]


def _score(score: Any) -> str:
    from ..workflows.planning.ways import about

    return "-" if score is None else about(score)
