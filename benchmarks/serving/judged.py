"""The bars of the serving benchmark, judged from the parts that were measured so far. Pure; a bar is never left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import inf
from statistics import median, quantiles
from typing import Any

from ..bars import NOT_RUN, Bar, Found, with_tried
from .plan import BARE, LITSERVE, MOST_MINUTES, OVERLOAD, PARTS, PIPELINE, TUNEWHEEL, part

Part = Mapping[str, Any]
Parts = Mapping[str, Part]
Rule = Callable[[Part], Found]
REFUSED_MS = 50.0
FLAT = 1.10
# Of the load that is to be offered, the share below which a goodput that holds does not show enough.
OFFERED = 0.9
MOSTLY = 0.9
# Bar by name: what was tried where it does not hold. It is added to the bar's note.
_BULK = (
    "a large request is spread over all cores and cut where padding costs least (training/batches.padded_batches); the "
    "bare engine sorts all 3,080 rows at once, 256 of a request take twice the calls and 1 % more padding"
)
_CHEAP_NO = (
    "turned away at a glance before anything is made for a connection, eight of which are accepted a round, told in "
    "rounds; answering threads give way (web/door.py, glance.py, serving/priority.py); of the two cores the generator "
    "takes 0.4, nearly all of it the system's own, and refusals as much"
)
TRIED: Mapping[str, str] = {
    "1 client, p50, LitServe": "answered in the thread that listens, on both cores where nobody else computes",
    "bulk, pipeline": _BULK,
    "bulk, bare engine sorted": _BULK,
    "overload, goodput": _CHEAP_NO,
    "overload, goodput, generator apart": "as on shared cores; a refusal takes about 27 us of the core (log)",
    "overload, refusals, p99 ms": _CHEAP_NO,
}


def bars(parts: Parts) -> list[Bar]:
    """All bars. `parts` are by name, as they are kept."""
    judged = [_judged(name, bar, parts.get(part(of)), rule) for name, of, bar, rule in RULES]
    return [with_tried(bar, TRIED) for bar in (*judged, whole(parts))]


def _judged(name: str, bar: str, found: Part | None, rule: Rule) -> Bar:
    if found is None:
        return Bar(name, None, bar, None, NOT_RUN)
    if "failed" in found:
        return Bar(name, None, bar, False, f"failed: {found['failed']}")
    if "absent" in found:
        return Bar(name, None, bar, None, found["absent"])
    judged = rule(found)
    return Bar(name, judged.value, bar, judged.holds, judged.note)


def asked(found: Part, system: str, clients: int) -> Part:
    """What a system did with so many clients."""
    return dict(found["systems"][system]["clients"][str(clients)])


def ways_of_litserve(found: Part, clients: int) -> dict[str, Part]:
    """The ways of LitServe that answered, the best first: by its median time for one client, by its rate for more."""
    ways = {name: asked(found, name, clients) for name in LITSERVE if name in found["systems"]}
    able = [(name, way) for name, way in ways.items() if way["rate"]]
    return dict(sorted(able, key=lambda pair: pair[1]["p50"] if clients == 1 else -pair[1]["rate"]))


def faults(answers: Part) -> str:
    """What was wrong with the answers of a run; empty when every one was right."""
    told = [f"{answers[name]} {name}" for name in ("wrong", "dropped") if answers.get(name)]
    others = [f"{count} x {status}" for status, count in answers.get("others", {}).items()]
    return ", ".join([*told, *others])


def above_pipeline(clients: int, least: float) -> Rule:
    """Answers a second, ours over the pipeline app's. Ours must all be right."""

    def rule(found: Part) -> Found:
        ours, theirs = asked(found, TUNEWHEEL, clients), asked(found, PIPELINE, clients)
        note = f"{ours['rate']:,} and {theirs['rate']:,} requests/s; p99 {ours['p99']} and {theirs['p99']} ms"
        return _ratio(ours["rate"], theirs["rate"], lambda value: value >= least, note, ours)

    return rule


def faster_alone(found: Part) -> Found:
    """The median time of one client, ours over LitServe's: the median of the ratios of all turns, beside the way of
    LitServe where it is the largest."""
    turns = found.get("in_turn")
    if turns is None:
        return Found(None, None, found.get("unavailable", "LitServe gave no answer"))
    ours = turns["ms"][TUNEWHEEL]
    beside = {name: _ratios(ours, theirs) for name, theirs in turns["ms"].items() if name != TUNEWHEEL}
    rival, ratios = max(beside.items(), key=lambda pair: median(pair[1]) if len(pair[1]) == len(ours) else inf)
    if len(ratios) < len(ours):
        return Found(None, False, f"turns without an answer: {len(ours) - len(ratios)} of {len(ours)}")
    value, spread = median(ratios), quantiles(ratios, n=4)
    p50s = [f"{median(theirs):.2f} ms of {name}" for name, theirs in turns["ms"].items() if name != TUNEWHEEL]
    note = f"p50 {median(ours):.2f} ms, {' and '.join(p50s)}, {len(ratios)} times in turn"
    wrong = f"; ours: {faults(turns)}" if faults(turns) else ""
    told = f"{note}; half of the ratios to {rival} from {spread[0]:.2f} to {spread[2]:.2f}{wrong}"
    return Found(round(value, 2), value <= 0.75 and not wrong, told)


def _ratios(ours: Sequence[float | None], theirs: Sequence[float | None]) -> list[float]:
    """One over the other, turn by turn; of the turns in which both answered."""
    return [one / other for one, other in zip(ours, theirs, strict=True) if one and other]


def as_many_as_litserve(found: Part) -> Found:
    """Answers a second at 64 clients, ours over LitServe's."""
    ways = ways_of_litserve(found, 64)
    if not ways:
        return Found(None, None, found.get("unavailable", "LitServe gave no answer"))
    way, theirs = next(iter(ways.items()))
    ours = asked(found, TUNEWHEEL, 64)
    wrong = f" ({faults(theirs)})" if faults(theirs) else ""
    note = f"rate {ours['rate']} and {theirs['rate']} of {way}{wrong}"
    return _ratio(ours["rate"], theirs["rate"], lambda value: value >= 1, note, ours)


def near_the_call(found: Part) -> Found:
    """The 99th percentile of one client over that of the bare call: tokenising and computing, in one thread."""
    ours, bare = asked(found, TUNEWHEEL, 1), found[BARE]
    note = f"p99 {ours['p99']} and {bare['p99']} ms, p50 {ours['p50']} and {bare['p50']} ms"
    return _ratio(ours["p99"], bare["p99"], lambda value: value <= 1.5, note, ours)


def _ratio(one: float | None, other: float | None, suffices: Callable[[float], bool], note: str, ours: Part) -> Found:
    """One over the other; what was not all right does not hold, however fast it was."""
    if not one or not other:
        return Found(None, False if not one else None, f"no answers; {note}")
    value = round(one / other, 2)
    wrong = faults(ours)
    return Found(value, suffices(one / other) and not wrong, f"{note}; ours: {wrong}" if wrong else note)


def bulk_over_pipeline(found: Part) -> Found:
    """Texts a second, ours over those of the pipeline's batches."""
    ours, theirs = found["systems"][TUNEWHEEL], found["systems"][PIPELINE]
    note = f"{ours['rate']:,} and {theirs['rate']:,} texts/s"
    return _ratio(ours["rate"], theirs["rate"], lambda value: value >= 6, note, ours)


def bulk_over_bare(found: Part) -> Found:
    """Texts a second, ours over those of the bare engine in its best size: the median of the ratios of turns that
    follow each other."""
    ours, bare = found["systems"][TUNEWHEEL], found["systems"][BARE]
    ratios = _ratios(ours["rates"], bare["rates"])
    told = f"{ours['rate']:,} and {bare['rate']:,} texts/s; by turn {', '.join(f'{ratio:.2f}' for ratio in ratios)}"
    if len(ratios) < len(ours["rates"]):
        return Found(None, False, f"turns without an answer; {told}")
    wrong = faults(ours)
    value = median(ratios)
    return Found(round(value, 3), value >= 0.85 and not wrong, f"{told}; ours: {wrong}" if wrong else told)


def same_answers(found: Part) -> Found:
    """The share of the test rows whose served answer is the evaluated one."""
    share = found["same"] / found["rows"]
    rival = f"the pipeline: {found['rival_same']} of {found['rival_rows']}"
    return Found(round(share, 4), share >= 0.98, f"{found['same']} of {found['rows']} rows; {rival}")


def goodput(found: Part) -> Found:
    """Answers a second under the flood over those that the same server bears. Ours must all be right."""
    flood, capacity = found["flood"], found["capacity"]["rate"]
    offered = flood["offered"] / capacity
    share = round(flood["goodput"] / capacity, 3)
    told = f"{flood['goodput']:,} of {capacity:,} requests/s, {offered:.1f} times as many offered"
    lost = ", ".join(f"{flood[name]} {name}" for name in ("wrong", "dropped", "unanswered", "unsent") if flood[name])
    note = f"{told}; {lost}" if lost else told
    enough = share >= 0.9 and not flood["wrong"] and not _neglected(flood)
    return Found(share, None if enough and offered < OFFERED * OVERLOAD else enough, note)


def goodput_apart(found: Part) -> Found:
    """The same while the generator takes no time of the server's cores."""
    apart = found.get("apart")
    return goodput(apart) if apart else Found(None, None, "there is but one core, or it was not measured")


def refused_soon(found: Part) -> Found:
    """The 99th percentile of the time to say no."""
    flood = found["flood"]
    taken, counts = flood["refused"], ", ".join(f"{count} x {status}" for status, count in flood["counts"].items())
    if taken["p99"] is None:
        return Found(None, None, f"nothing was refused; {counts}")
    told = [f"p50 {taken['p50']} ms", counts]
    told += [f"{flood['hasty']} without Retry-After"] if flood["hasty"] else []
    told += [f"{_neglected(flood)} were neither answered nor refused"] if _neglected(flood) else []
    return Found(taken["p99"], taken["p99"] < REFUSED_MS and not _neglected(flood), "; ".join(told))


def _neglected(flood: Part) -> int:
    """Requests that were dropped, or that nobody ever said anything of."""
    return int(flood["dropped"] + flood["unanswered"])


def flat_in_overload(found: Part) -> Found:
    """From before the flood to its end, or to what is left a moment later, whichever is more."""
    memory = found["memory_mb"]
    most = max(memory["at_the_end"], memory["settled"])
    return _flat(memory["before"], most, f"{found['processes']} processes")


def flat_in_soak(found: Part) -> Found:
    """From behind the first minute to the end."""
    return _flat(found["memory_mb"]["early"], found["memory_mb"]["late"], "after the first minute, and in the end")


def _flat(before: float | None, after: float | None, note: str) -> Found:
    if not before or not after:
        return Found(None, None, "memory was not read")
    return Found(round(after / before, 3), after / before <= FLAT, f"{before:,.0f} and {after:,.0f} MB; {note}")


def nothing(kind: str) -> Rule:
    """No answer of the soak is `wrong` or `lost`. It shows enough only when every fault took place."""

    def rule(found: Part) -> Found:
        counts = found["counts"]
        value = counts.get(kind, 0) + (found["unexplained"] if kind == "lost" else 0)
        counted = ", ".join(f"{count} {name}" for name, count in counts.items())
        absent = [name for name, took_place in found["injected"].items() if not took_place]
        left = f"; did not take place: {', '.join(absent)}" if absent else ""
        told = f"{counted}; {found['drops']} dropped, {found['unexplained']} of them by no killed worker{left}"
        return Found(value, False if value else None if absent else True, told)

    return rule


def mostly_right(found: Part) -> Found:
    """Of all good requests of the soak, the share that was answered right: who answers none is not wrong, either."""
    counts = found["counts"]
    asked, right = sum(counts.values()) - counts.get("rejected", 0), counts.get("correct", 0)
    share = round(right / asked, 3) if asked else 0.0
    return Found(share, share >= MOSTLY, f"{right:,} of {asked:,}")


RULES: tuple[tuple[str, str, str, Rule], ...] = (
    ("8 clients, pipeline app", "load", ">= 6 times the requests/s", above_pipeline(8, 6)),
    ("64 clients, pipeline app", "load", ">= 6 times the requests/s", above_pipeline(64, 6)),
    ("1 client, p50, LitServe", "load", "<= 0.75 of it", faster_alone),
    ("64 clients, LitServe", "load", ">= 1 times the requests/s", as_many_as_litserve),
    ("1 client, p99, bare call", "load", "<= 1.5 times its p99", near_the_call),
    ("bulk, pipeline", "bulk", ">= 6 times the texts/s", bulk_over_pipeline),
    ("bulk, same answers", "bulk", ">= 0.98 of the evaluated", same_answers),
    ("bulk, bare engine sorted", "bulk", ">= 0.85 of its texts/s", bulk_over_bare),
    ("overload, goodput", "overload", ">= 0.9 of what it bears", goodput),
    ("overload, goodput, generator apart", "overload", ">= 0.9 of what it bears", goodput_apart),
    ("overload, refusals, p99 ms", "overload", f"< {REFUSED_MS:g}", refused_soon),
    ("overload, memory", "overload", f"<= {FLAT:g} times", flat_in_overload),
    ("soak, right answers", "soak", f">= {MOSTLY:g} of those asked", mostly_right),
    ("soak, wrong answers", "soak", "0", nothing("wrong")),
    ("soak, lost answers", "soak", "0", nothing("lost")),
    ("soak, memory", "soak", f"<= {FLAT:g} times", flat_in_soak),
)


def whole(parts: Parts) -> Bar:
    """The benchmark's own time, told when every part was measured."""
    missing = [name for name in PARTS if part(name) not in parts]
    minutes = round(sum(found.get("total_seconds", 0.0) for found in parts.values()) / 60, 1)
    bar = Bar("whole benchmark, minutes", minutes, f"<= {MOST_MINUTES}", minutes <= MOST_MINUTES)
    return replace(bar, holds=None, note=f"{NOT_RUN}: {', '.join(missing)}") if missing else bar
