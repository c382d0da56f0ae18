"""The bars of the budget benchmark, judged from the parts that were measured so far. Pure; a bar is never left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from statistics import median
from typing import Any

from ..bars import NOT_RUN, Bar, Found
from .contests import CONTESTS, FIFTH, FULL, Contest
from .marks import GRACE, first_as_good, reading_at
from .plan import MILLION, MOST_MINUTES, TRAINER, TUNEWHEEL, Job, jobs, systems
from .standings import best_rival, compared, measured, titles, unmeasured, why

Part = Mapping[str, Any]
Parts = Mapping[str, Part]
PADDED, DEFAULTS = "plain loop, padded to 128", "transformers.Trainer, defaults"
FEWEST_SETS = 3
MOST_MEGABYTES = 4000
# Ten times the rows may take so many times as long, and no more.
LINEAR = 12.0


def bars(parts: Parts, former: Mapping[str, Found] | None = None) -> list[Bar]:
    """All bars. `parts` are by name, as they are kept; `former` is what was found before, by bar."""
    marks = [(contest, mark) for contest in CONTESTS.values() for mark in contest.marks]
    at_marks = [at_mark(parts, contest, mark, former or {}) for contest, mark in marks]
    others = [*throughput(parts), to_the_score(parts), *large(parts), *forecasts(parts), whole(parts)]
    return [*at_marks, *others]


def done(parts: Parts, job: Job) -> Part | None:
    """The part of a job, if it was measured; what failed or could not be run was not."""
    part = parts.get(job.part)
    return part if measured(part) else None


def trainer(parts: Parts, contest: str) -> Part | None:
    """The Trainer's part; the one to its own end where that was measured."""
    whole = done(parts, Job(TRAINER, contest, to_its_end=True))
    return whole or parts.get(Job(TRAINER, contest).part)


def at_mark(parts: Parts, contest: Contest, mark: int, former: Mapping[str, Found]) -> Bar:
    """Tunewheel is the best at the mark, or within noise of the best."""
    name, bar = f"{contest.name}, {mark} s", "best, or within noise of it"
    of = {system: parts.get(Job(system, contest.name).part) for system in systems(contest)}
    of[TRAINER] = trainer(parts, contest.name)
    ours = of.pop(TUNEWHEEL)
    if ours is None or not measured(ours):
        return Bar(name, None, bar, False if ours and "failed" in ours else None, why(ours))
    reading = reading_at(ours, mark, contest.budget)
    rival, best = best_rival(of, mark, contest.budget)
    found = compared(contest.metric, reading, best, titles()[rival], former.get(name))
    missing = unmeasured(of, mark)
    late = _late(ours, mark, contest)
    holds = None if found.holds and missing else found.holds
    return Bar(name, found.value, bar, holds, "; ".join(filter(None, [found.note, late, *missing])))


def _late(ours: Part, mark: int, contest: Contest) -> str:
    """Says when the run overran its budget so far that not its last version is read there."""
    late = mark == contest.budget and ours["ended"] > mark * GRACE
    return f"Tunewheel ended after {ours['ended']:.0f} s: what it had before is read" if late else ""


def throughput(parts: Parts) -> list[Bar]:
    """Real tokens a second beside the usual loops, and the share of the processor's peak."""
    rules: tuple[tuple[str, str, Callable[[Part], Found]], ...] = (
        ("throughput, padded to 128", ">= 10", lambda p: _least(p["ratios"][PADDED], 10, _rates(p))),
        ("throughput, Trainer defaults", ">= 2.5", lambda p: _least(p["ratios"][DEFAULTS], 2.5, _rates(p))),
        ("throughput, half frozen, Trainer defaults", ">= 5", lambda p: _least(p["half_ratio"], 5, _half(p))),
        (
            "throughput, share of matmul peak",
            ">= 0.55",
            lambda p: _least(max(p["peak"]["shares"].values()), 0.55, _peak(p)),
        ),
    )
    return [_of(parts, Job("throughput"), name, bar, rule) for name, bar, rule in rules]


def _of(parts: Parts, job: Job, name: str, bar: str, rule: Callable[[Part], Found]) -> Bar:
    part = parts.get(job.part)
    if part is None or not measured(part):
        return Bar(name, None, bar, False if part and "failed" in part else None, why(part))
    found = rule(part)
    return Bar(name, found.value, bar, found.holds, found.note)


def _least(value: float, lowest: float, note: str) -> Found:
    return Found(value, value >= lowest, note)


def _rates(part: Part) -> str:
    return "tokens/s: " + ", ".join(f"{name} {rate:,.0f}" for name, rate in part["tokens_per_second"].items())


def _half(part: Part) -> str:
    return f"{_rates(part)}; the states of {part['rows']} rows took {part['states_seconds']} s once, not counted"


def _peak(part: Part) -> str:
    shares = ", ".join(f"{name} {share:.0%}" for name, share in part["peak"]["shares"].items())
    return f"{shares} of {part['peak']['bf16_gflops']:,.0f} GFLOP/s (bf16, {part['threads']} threads)"


def to_the_score(parts: Parts) -> Bar:
    """Tunewheel has the Trainer's last score in at most a fifth of its time, on three of the five full sets."""
    pairs = {c.name: (done(parts, Job(TUNEWHEEL, c.name)), trainer(parts, c.name)) for c in FULL}
    races = {name: _race(ours, theirs) for name, (ours, theirs) in pairs.items() if ours and measured(theirs)}
    won = sum(holds is True for holds, _ in races.values())
    open_ones = len(FULL) - len(races) + sum(holds is None for holds, _ in races.values())
    holds = True if won >= FEWEST_SETS else None if won + open_ones >= FEWEST_SETS else False
    notes = [f"{name}: {note}" for name, (_, note) in races.items()]
    left = [f"{name} {NOT_RUN}" for name in pairs if name not in races]
    return Bar(
        "a fifth of the Trainer's time", f"{won} of {len(races)}", "on 3 of 5", holds, "; ".join([*notes, *left])
    )


def _race(ours: Part, theirs: Part) -> tuple[bool | None, str]:
    """Who was stopped has no last score: that race is open."""
    last = theirs["readings"][-1]
    seconds = first_as_good(ours, last["score"])
    cut = f", {theirs['stopped']}" if "stopped" in theirs else ""
    told = "never" if seconds is None else f"after {seconds:.0f} s"
    goal = f"{100 * last['score']:.1f} after {last['seconds']:.0f} s of the Trainer{cut}"
    won = seconds is not None and seconds <= FIFTH * last["seconds"]
    return None if cut else won, f"{told}, {goal}"


def large(parts: Parts) -> list[Bar]:
    """A million rows: memory, and cost that grows as the rows do."""
    job = Job("memory")
    return [
        _of(parts, Job("million"), "1,000,000 rows, peak MB", f"< {MOST_MEGABYTES}", _most_memory),
        _of(parts, job, "cost of ten times the rows", f"<= {LINEAR:g} times", _growth),
    ]


def _most_memory(part: Part) -> Found:
    """Of a run that tokenised them: reading alone takes less."""
    found = _by_size(part)
    note = ", ".join([*(f"{size:,} rows {run['memory_mb']:,} MB" for size, run in found.items()), *_faults(part)])
    if MILLION not in found:
        return Found(None, False if _faults(part) else None, note)
    run = found[MILLION]
    if not run.get("learnt"):
        return Found(run["memory_mb"], None, f"{note}; it ended before the rows were tokenised")
    note += f", {run['tune_seconds']:.0f} s with a budget of {run['budget']} s"
    return Found(run["memory_mb"], run["memory_mb"] < MOST_MEGABYTES, note)


def _growth(part: Part) -> Found:
    """The worst ratio of seconds from 100,000 to a million rows: of `check`, and of `tune` until training begins."""
    found = _by_size(part)
    told = [
        f"{size:,} rows: check {run['check_seconds']} s, divided after {run['divided_seconds']} s"
        for size, run in found.items()
    ]
    note = ", ".join([*told, *_faults(part)])
    if not {MILLION // 10, MILLION} <= found.keys():
        return Found(None, False if _faults(part) else None, note)
    small, big = found[MILLION // 10], found[MILLION]
    named = [name for name in ("check_seconds", "divided_seconds") if small[name] and big[name]]
    worst = round(max(big[name] / small[name] for name in named), 1)
    return Found(worst, worst <= LINEAR, note)


def _by_size(part: Part) -> dict[int, Part]:
    """The runs that were measured."""
    return {run["size"]: run for run in part["sizes"] if "failed" not in run}


def _faults(part: Part) -> list[str]:
    return [f"{run['size']:,} rows failed: {run['failed'][:200]}" for run in part["sizes"] if "failed" in run]


def forecasts(parts: Parts) -> list[Bar]:
    """How far the forecasts of time, of a pass of learning and of memory are off, the median over all runs."""
    runs = [part["forecast"] for part in parts.values() if part.get("forecast")]
    told = (("seconds", "time", 0.20), ("pass_seconds", "a pass", 0.20), ("memory_mb", "memory", 0.25))
    return [_forecast(runs, *one) for one in told]


def _forecast(runs: Iterable[Part], key: str, name: str, most: float) -> Bar:
    pairs = [run[key] for run in runs if key in run and run[key].get("actual")]
    bar = f"< {most:.0%}, median"
    if not pairs:
        return Bar(f"forecast of {name}", None, bar, None, f"{NOT_RUN}: no run has a forecast")
    errors = [abs(pair["forecast"] - pair["actual"]) / pair["actual"] for pair in pairs]
    note = f"{len(errors)} runs, the worst off by {max(errors):.0%}"
    if key == "seconds":  # it says how well budgets are kept, more than how well a training is foreseen
        note += "; of a run with a budget the budget is the forecast"
    return Bar(f"forecast of {name}", round(median(errors), 4), bar, median(errors) < most, note)


def whole(parts: Parts) -> Bar:
    """The benchmark's own time; told when every job was measured or cannot be."""
    missing = [job.part for job in jobs() if job.part not in parts]
    of_them = [parts[job.part] for job in jobs() if job.part in parts]
    minutes = round(sum(part.get("total_seconds", 0.0) for part in of_them) / 60, 1)
    note = f"{NOT_RUN}: {len(missing)} of {len(jobs())} parts" if missing else ""
    name = "whole benchmark, minutes"
    return Bar(name, minutes, f"<= {MOST_MINUTES}", None if missing else minutes <= MOST_MINUTES, note)
