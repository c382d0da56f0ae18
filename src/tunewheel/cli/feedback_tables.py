"""What `feedback` shows: short lines for people, or one JSON object for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from .console import print_json, remarks, results, say, write
from .tables import add_row, plain_table

MOST_DOUBTS = 10
_LONGEST = 100


def show_imported(imported: Any, *, as_json: bool) -> None:
    """How many rows were new, and what became of the others."""
    if as_json:
        facts = {name: getattr(imported, name) for name in ("path", "kept", "known", "unlabelled", "frozen")}
        told = {name: [str(problem) for problem in getattr(imported, name)] for name in ("doubts", "left_out")}
        return print_json({**facts, **told})
    say(results(), f"{imported.path}: {_counted(imported.kept)} kept")
    others = {
        imported.known: "there already, or said twice in the file",
        imported.unlabelled: "without a label",
        len(imported.left_out): "left out",
    }
    for count, why in others.items():
        if count:
            say(results(), f"  {count:,} {why}")
    if imported.frozen:
        say(results(), f"  {imported.frozen:,} of those kept are frozen test rows, and never trained on")
    for problem in imported.left_out[:MOST_DOUBTS]:
        say(remarks(), f"left out: {problem}", style="yellow")
    return show_doubts(imported.doubts)


def show_doubts(doubts: Sequence[Any]) -> None:
    """What was taken and may be a mistake: each kind once, the most frequent first."""
    counts = Counter((doubt.what, doubt.mend) for doubt in doubts)
    for (what, mend), count in counts.most_common(MOST_DOUBTS):
        times = f"{count:,} times: " if count > 1 else ""
        say(remarks(), f"{times}{what} {mend}", style="yellow")
    if len(counts) > MOST_DOUBTS:
        say(remarks(), f"... and {len(counts) - MOST_DOUBTS:,} more.", style="yellow")


def show_exported(exported: Any) -> None:
    """The rows themselves where no file was named; what is not among them in any case."""
    from ..workflows.feedback_file import json_lines

    if exported.path is None:
        write(json_lines(exported.rows))
    else:
        say(results(), f"{exported.path}: {_counted(len(exported.rows))} to train on")
    console = remarks() if exported.path is None else results()
    _show_dropped(console, exported.resolved)


def show_suspects(resolved: Any, *, as_json: bool) -> None:
    """One line a row that waits."""
    if as_json:
        return print_json({"suspects": [asdict(one) for one in resolved.suspects], "dropped": resolved.dropped})
    if not resolved.suspects:
        return say(results(), "no row waits.")
    table = plain_table("row", "said", "why it waits", "id")
    for one in resolved.suspects:
        said = ", ".join(f"{_short(label)} ({count})" for label, count in one.labels) or "-"
        add_row(table, [_short(next(iter(one.row.values()))), said, one.reason, " ".join(one.ids)])
    results().print(table)
    return say(results(), "Say what is right: tunewheel feedback add ID LABEL")


def _show_dropped(console: Any, resolved: Any) -> None:
    dropped: Mapping[str, int] = resolved.dropped
    for reason, count in sorted(dropped.items(), key=lambda item: -item[1]):
        say(console, f"  {count:,} {'was' if count == 1 else 'were'} not used: {reason}")


def _counted(count: int) -> str:
    return f"{count:,} {'row' if count == 1 else 'rows'}"


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
