"""The bars of the wheel, judged from the parts that were measured so far. Pure; a bar is never left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ..bars import NOT_RUN, Bar, Found, with_tried
from .plan import ALWAYS, GATED, MOST_MINUTES, PARTS, STREAMS, part

Part = Mapping[str, Any]
Parts = Mapping[str, Part]
Rule = Callable[[Part], Found]
LEAST_SHARE, MOST_HARM, MOST_RMSE, MOST_ALARMS, MOST_DAYS = 0.7, 0.2, 2.0, 1.0, 2
# Bar by name: what was tried where it does not hold. It is added to the bar's note.
TRIED: Mapping[str, str] = {
    "share of the oracle's gain, hint3": (
        "tried: each turn's audited rows alone 0.44, those of all candidates since the last promotion as one bet 0.59, "
        "with four fifths of the level 0.63, one sign test on all of them at the level of each turn 0.71, the older "
        "ones at a lower weight 0.74; all rows on which the two disagree are labelled as it is, three to ten a turn"
    )
}


def bars(parts: Parts) -> list[Bar]:
    """All bars. `parts` are by name, as they are kept."""
    shares = [(f"share of the oracle's gain, {name}", name, f">= {LEAST_SHARE}", share) for name in STREAMS]
    first = [judged(name, bar, parts.get(part(of)), rule) for name, of, bar, rule in shares]
    last = [judged(name, bar, parts.get(part(of)), rule) for name, of, bar, rule in RULES]
    return [with_tried(bar, TRIED) for bar in (*first, harm(parts), *last, whole(parts))]


def judged(name: str, bar: str, found: Part | None, rule: Rule) -> Bar:
    """One bar from its part, or why it cannot be told."""
    if found is None:
        return Bar(name, None, bar, None, NOT_RUN)
    if "absent" in found:
        return Bar(name, None, bar, None, found["absent"])
    if "failed" in found:
        return Bar(name, None, bar, False, f"failed: {found['failed']}")
    told = rule(found)
    return Bar(name, told.value, bar, told.holds, told.note)


def share(found: Part) -> Found:
    """Tunewheel's share of what the oracle gains over never re-tuning."""
    value = found["arms"][GATED]["share"]
    areas = ", ".join(f"{name} {arm['area']:.4f}" for name, arm in found["arms"].items())
    return Found(value, value is not None and value >= LEAST_SHARE, f"area under live accuracy: {areas}")


def harm(parts: Parts) -> Bar:
    """Promotions that made it truly worse, a year; the mean over all years of all streams."""
    name, bar = "harmful promotions a year", f"<= {MOST_HARM}"
    run = {stream: parts[part(stream)] for stream in STREAMS if "arms" in parts.get(part(stream), {})}
    missing = [stream for stream in STREAMS if stream not in run]
    if not run:
        return Bar(name, None, bar, None, NOT_RUN)
    years = sum(found["seeds"] for found in run.values())
    told, ungated = (
        sum(found["arms"][arm]["harmful"] * found["seeds"] for found in run.values()) / years for arm in (GATED, ALWAYS)
    )
    by_stream = ", ".join(f"{stream} {found['arms'][GATED]['harmful']}" for stream, found in run.items())
    by_a_point = sum(found["arms"][GATED]["harmful_by_a_point"] * found["seeds"] for found in run.values()) / years
    note = f"{by_stream}; by more than a point {by_a_point:.2f}; without a gate {ungated:.2f}; {years} years"
    holds = False if told > MOST_HARM else None if missing else True
    return Bar(name, round(told, 3), bar, holds, "; ".join([note, *(f"{stream} {NOT_RUN}" for stream in missing)]))


def rmse(kind: str = "") -> Rule:
    """Error of the live accuracy from 200 audit labels, in points."""

    def rule(found: Part) -> Found:
        told = found[kind] if kind else found
        ways = ", ".join(f"{way} {told[way]['rmse']}" for way in ("audit alone", "random sample", "confidences alone"))
        truth = f"truth {told['truth']['lowest']:.3f} to {told['truth']['highest']:.3f}"
        audit = told["audit"]
        note = f"bias {audit['bias']}, truth in the interval {audit['covered']:.1%}; {ways}; {truth}"
        return Found(audit["rmse"], audit["rmse"] <= MOST_RMSE, note)

    return rule


def quiet(found: Part) -> Found:
    """Alarms in years of daily looks without any change."""
    years = [year["alarms"] for years in found["quiet"].values() for year in years]
    by_name = ", ".join(f"{name} {[year['alarms'] for year in years]}" for name, years in found["quiet"].items())
    names = sorted({name for years in found["quiet"].values() for year in years for name in year["names"]})
    mean = sum(years) / len(years)
    return Found(round(mean, 3), mean <= MOST_ALARMS, f"{by_name}; by: {', '.join(names) or 'none'}")


def found_within(found: Part) -> Found:
    """Days of traffic until each real change is found, the longest of all."""
    days = [day for change in found["changes"].values() for day in change]
    note = "; ".join(f"{name}: {change}" for name, change in found["changes"].items())
    if None in days:
        return Found("not found", False, note)
    return Found(max(days), max(days) <= MOST_DAYS, f"{note}; {found['day_rows']} rows a day")


def whole(parts: Parts) -> Bar:
    """The benchmark's own time; it can be told when every part of it was measured or is absent."""
    missing = [name for name in PARTS if part(name) not in parts]
    minutes = round(sum(parts.get(part(name), {}).get("total_seconds", 0.0) for name in PARTS) / 60, 1)
    bar = Bar("whole benchmark, minutes", minutes, f"<= {MOST_MINUTES}", minutes <= MOST_MINUTES)
    return replace(bar, holds=None, note=f"{NOT_RUN}: {', '.join(missing)}") if missing else bar


def full(found: Part) -> Found:
    """The wheel with whole models fine-tuned, against its first version all year."""
    promoted = f"promotions {found['promotions']}, harmful {found['harmful']}"
    note = f"{found['turns']} turns, one seed; never {found['never']:.4f}; {promoted}"
    return Found(found["tunewheel"], found["tunewheel"] > found["never"], note)


def rolled_back(name: str) -> Rule:
    """Something of which a rollback under traffic must leave none."""

    def rule(found: Part) -> Found:
        took = f"answers came from the previous version {found['seconds']} s after the command began"
        note = f"{took}, which took {found['command_seconds']} s; {found['answers']} answers, {found['counts']}"
        return Found(found[name], found[name] == 0 and found["seconds"] is not None, note)

    return rule


RULES: tuple[tuple[str, str, str, Rule], ...] = (
    ("live accuracy, census, RMSE in points", "census", f"<= {MOST_RMSE}", rmse()),
    ("live accuracy, known topics, RMSE in points", "new topics", f"<= {MOST_RMSE}", rmse("known")),
    ("live accuracy, a fifth new topics, RMSE in points", "new topics", f"<= {MOST_RMSE}", rmse("new")),
    ("drift alarms a year without change", "drift", f"<= {MOST_ALARMS}", quiet),
    ("days until a real change is found", "drift", f"<= {MOST_DAYS}", found_within),
    ("full fine-tuning, area under live accuracy", "full", "> never re-tune", full),
    ("rollback, lost requests", "rollback", "0", rolled_back("lost")),
    ("rollback, answers that differ from before", "rollback", "0", rolled_back("different")),
)
