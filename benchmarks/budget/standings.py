"""Who stands where at a mark: the best rival, the difference to it, and the table of a contest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..bars import NOT_RUN, Found
from .contests import Contest, Metric
from .marks import Reading, cut_before, reading_at
from .plan import TUNEWHEEL, Job, systems
from .rival import RIVALS
from .scoring import interval, unpacked

Part = Mapping[str, Any]
NOBODY = ""
ROWS_LOST = "what each row counts was not kept: measure again"
LONGEST = 100


def titles() -> dict[str, str]:
    """Names for people."""
    return {NOBODY: "no rival", TUNEWHEEL: "Tunewheel", **{name: rival.title for name, rival in RIVALS.items()}}


def measured(part: Part | None) -> bool:
    """Whether there is something to read in it."""
    return part is not None and not why(part)


def why(part: Part | None) -> str:
    """Why there is nothing to read in a part; empty where there is."""
    if part is None:
        return NOT_RUN
    failed = f"failed: {part['failed']}" if "failed" in part else ""
    return failed or str(part.get("absent") or part.get("unavailable") or "")


def best_rival(of: Mapping[str, Part | None], mark: int, budget: int) -> tuple[str, Reading | None]:
    """The rival with the best score on the test rows at the mark; those that were stopped before it do not count."""
    best: tuple[str, Reading | None] = (NOBODY, None)
    for name, part in of.items():
        if part is None or not measured(part) or cut_before(part, mark):
            continue
        reading = reading_at(part, mark, budget)
        if reading and (best[1] is None or reading["score"] > best[1]["score"]):
            best = (name, reading)
    return best


def compared(
    metric: Metric, ours: Reading | None, theirs: Reading | None, rival: str, former: Found | None = None
) -> Found:
    """The difference, by which it holds when the upper end of its interval is not below 0. Where it is not known any
    more what each row counts, what was found of the same two readings before stands (`former`)."""
    if ours is None:
        held = theirs is not None
        note = f"no version yet; {rival} {100 * theirs['score']:.1f}" if theirs else "nobody has a model yet"
        return Found(None, False if held else None, note)
    told = f"{100 * ours['score']:.1f}"
    if theirs is None:
        return Found(ours["score"], True, f"{told}; no rival has a model yet")
    difference = ours["score"] - theirs["score"]
    if not {"rows"} <= ours.keys() & theirs.keys():
        same = former is not None and former.value == round(difference, 4) and former.note.startswith(told)
        return former if former and same else Found(round(difference, 4), None, f"{told}, {ROWS_LOST}")
    low, high = interval(metric, unpacked(ours["rows"]), unpacked(theirs["rows"]))
    bounds = f"{100 * difference:+.1f} [{100 * low:.1f}, {100 * high:.1f}]"
    return Found(round(difference, 4), high >= 0, f"{told}, {bounds} against {rival} {100 * theirs['score']:.1f}")


def unmeasured(of: Mapping[str, Part | None], mark: int) -> list[str]:
    """The rivals of which nothing is known at the mark, and why. One that cannot be run here is told in the table."""
    told = titles()
    notes = []
    for name, part in of.items():
        if part is None:
            notes.append(f"{told[name]} {NOT_RUN}")
        elif "failed" in part:
            notes.append(f"{told[name]} failed")
        elif measured(part) and cut_before(part, mark):
            notes.append(f"{told[name]} was stopped after {part['ended']:.0f} s")
    return notes


def table(parts: Mapping[str, Part], contest: Contest) -> str:
    """Scores in per cent, a line a system, a column a mark; a dot where there is nothing yet, a dash: not measured."""
    names = systems(contest)
    lines = [[f"{contest.name} ({contest.metric})", *(f"{mark} s" for mark in contest.marks), "end"]]
    for name in names:
        part = parts.get(Job(name, contest.name).part)
        lines.append([titles()[name], *(_cell(part, mark, contest) for mark in contest.marks), _end(part)])
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]) - 1)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(line, widths, strict=False)), line[-1]]) for line in lines
    )


def _cell(part: Part | None, mark: int, contest: Contest) -> str:
    if part is None or not measured(part) or cut_before(part, mark):
        return "-"
    reading = reading_at(part, mark, contest.budget)
    return f"{100 * reading['score']:.1f}" if reading else "."


def _end(part: Part | None) -> str:
    if part is None or not measured(part):
        return " ".join(why(part).split())[:LONGEST]
    stopped = f", {part['stopped']}" if "stopped" in part else ""
    return f"{100 * part['readings'][-1]['score']:.1f} after {part['ended']:.0f} s{stopped}"
