"""What the wheel found and decided, as short lines for people or as one JSON object for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .console import print_json, remarks, results, say
from .progress import duration
from .tables import add_row, plain_table

_LONGEST, _MOST_ROWS = 60, 20


def show_turn(turned: Any, *, as_json: bool) -> None:
    """What a turn came to."""
    console = remarks() if as_json else results()
    changed = f"{turned.live} went live instead of {turned.live_before}"
    went = changed if turned.promoted else f"{turned.live} stays live"
    waits = f", {turned.candidate} waits" if turned.candidate and turned.candidate != turned.live else ""
    say(console, f"Turn {turned.number}: {went}{waits} ({duration(turned.seconds)}).", "bold")
    if as_json:
        print_json(turned.to_json())


def show_status(status: Any, *, as_json: bool) -> None:
    """The standing of the live version, and advice."""
    if as_json:
        return print_json(status.to_json())
    console = results()
    since = status.since[:16].replace("T", " ")
    say(console, f"{status.version} ({status.name}) is live since {since} UTC; {status.requests:,} rows asked.", "bold")
    for line in _standing(status):
        say(console, line)
    for advice in status.advice:
        command = f"  {advice.command}" if advice.command else ""
        say(console, f"{advice.action}: {advice.why}.{command}", "bold")
    return None


def _standing(status: Any) -> Iterator[str]:
    evaluated = "not evaluated" if status.evaluated is None else f"evaluated {100 * status.evaluated:.1f}"
    yield f"{status.metric.replace('_', ' ')}: {evaluated}; live {_share(status.accuracy, 'unknown (no label)')}"
    if status.by_confidence:
        said = 100 * status.by_confidence.value
        yield f"  its own confidences say {said:.1f}, too much wherever the traffic has changed"
    if status.drift:
        yield f"drift: {status.drift.sentence}"
    if status.candidate:
        yield f"candidate: {status.candidate}; {status.decidable} rows labelled since it learnt"
    counted = f"{status.feedback} in all, {status.new_rows} rows new since the last training"
    yield f"feedback: {counted}; {status.waiting} drawn and not labelled"


def show_queue(queue: Any, written: Path | None, *, as_json: bool) -> None:
    """The rows to be labelled, and what that will tell."""
    if as_json:
        rows = [asdict(row) for row in queue.rows]
        worth = {"more": queue.more, "reach": queue.reach, "gain": queue.gain}
        return print_json({"rows": rows, "accuracy": queue.accuracy, **worth})
    console = results()
    table = plain_table("id", "why", "probability", "row", numbers=1)
    for row in queue.rows[:_MOST_ROWS]:
        text = " ".join(str(value) for value in row.row.values())
        add_row(table, [row.asked[:13], row.why, f"{row.probability:.3f}", text[:_LONGEST]])
    if queue.rows:
        console.print(table)
    more = f"{len(queue.rows)} rows wait for a label" + (f", written to {written}" if written else "")
    say(console, f"{more}. Live accuracy: {_share(queue.accuracy, 'no row is labelled yet')}.", "bold")
    if queue.reach is not None:
        say(console, _worth(queue))
    return None


def _worth(queue: Any) -> str:
    """What labelling so many more rows would tell, and what learning from them would bring."""
    known = queue.accuracy
    now = f" (now {50 * (known.high - known.low):.1f})" if known else ""
    tells = f"With {queue.more} more labelled the interval would reach {100 * queue.reach:.1f} points each way{now}"
    if queue.gain is None:
        return f"{tells}; what learning from them brings can be told after a turn has learnt from labelled rows."
    return f"{tells}; learning from them would bring about {100 * queue.gain:.1f} points, by what earlier turns gained."


def show_draw(audit: Any) -> None:
    """What was drawn, where something was asked for."""
    if not audit.drawn:
        say(remarks(), f"{audit.rows} requests since the last audit are too few: {audit.fewest} are needed.")


def show_labels(imported: Any, *, as_json: bool) -> None:
    """How many labels were taken in."""
    if as_json:
        return print_json({"labels": imported.kept, "known": imported.known, "unlabelled": imported.unlabelled})
    for problem in imported.doubts:
        say(remarks(), str(problem))
    return say(results(), f"{imported.kept} labels are kept. Next: tunewheel status, or tunewheel turn")


def show_comparison(compared: Any, *, as_json: bool) -> None:
    """Scores, verdict, and what was broken."""
    if as_json:
        return print_json(compared.to_json())
    console = results()
    scores = "  ".join(f"{name} {100 * score:.1f}" for name, score in compared.by_version.items())
    say(console, f"{compared.metric.replace('_', ' ')}: {scores}")
    say(console, compared.sentence, "bold")
    changed = [one for one in compared.forgetting.classes if one.mended != one.broken][:10]
    if changed:
        table = plain_table("class", "rows", "mended", "broken", numbers=3)
        for one in changed:
            add_row(table, [one.label[:_LONGEST], str(one.rows), str(one.mended), str(one.broken)])
        console.print(table)
    for row in compared.broken:
        say(console, f"  broken: {row.text[:_LONGEST]!r} is {row.right}", "dim")
    return None


def show_ledger(entries: Sequence[Any], *, as_json: bool) -> None:
    """One line an entry."""
    if as_json:
        return print_json({"entries": [asdict(entry) for entry in entries]})
    table = plain_table("entry", "when", "what", "facts")
    for entry in entries:
        add_row(table, [str(entry.number), entry.at[:19].replace("T", " "), entry.kind, _told(entry.facts)])
    results().print(table)
    return None


def _told(facts: Any) -> str:
    """The facts of an entry that fit a line."""
    short = {name: value for name, value in facts.items() if isinstance(value, str | int | float) and value != ""}
    return ", ".join(f"{name}: {value}" for name, value in short.items())[:160]


def _share(estimate: Any, nothing: str) -> str:
    if estimate is None:
        return nothing
    value, low, high = (100 * part for part in (estimate.value, estimate.low, estimate.high))
    return f"{value:.1f} [{low:.1f}, {high:.1f}] from {estimate.labels} labelled rows"
