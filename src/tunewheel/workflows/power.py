"""Power: how many processes serve a version, and how many cores each of them uses, by a short measurement."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

from ..models.estimate import available_memory_mb, cores, give_back_memory, held_memory_mb
from ..records import Example
from ..serving import Predictor
from ..workspace import Workspace
from .at_work import Job
from .load import load

# What is compared has turns of so many seconds, so often, one after the other: a moment in which others are at work
# must not decide.
TURN_SECONDS, TURNS = 0.1, 5
# From this many times the rows a second on, another core is worth a process of its own.
WORTH = 1.3
# Of the memory that is left, the workers together may take so much.
MEMORY_SHARE = 0.5
# A request that comes alone is computed on several cores where they answer so many times as often as one. More than
# four have too little to do for a sentence.
WORTH_ALONE, MOST_ALONE = 1.15, 4


@dataclass(frozen=True)
class Power:
    """What serves: `workers` processes that do the `job`. `told` says so, and why."""

    job: Job
    workers: int
    version: str
    task: str
    reads: str
    told: Sequence[str]


def power_of(workspace: Workspace, job: Job, workers: int = 0) -> Power:
    """Load the version once to see what it is, and measure what was left open (0). Raises what `load` raises."""
    held = held_memory_mb()
    # With a thread a core, whatever the job says: what more threads than it names would answer is the question.
    predictor = load(workspace, job.version, job.engine, job.tolerance)
    told = [form_line(predictor)]
    if not workers:
        workers, why = _chosen(predictor, job, held_memory_mb() - held)
        told.append(why)
    threads = job.threads or (max(cores() // workers, 1) if workers > 1 else 0)
    lone = _lone(workspace, job, predictor)
    if lone > 1:
        told.append(f"A request that comes alone is computed on {lone} cores.")
    version, task, reads = predictor.version, predictor.task.name, predictor.task.reads
    del predictor  # each worker has its own
    give_back_memory()
    # A large request may use the cores of workers that have nothing to do, unless its own were counted out.
    spread = job.threads or cores()
    job = replace(job, threads=threads, spread=spread, lone=lone, reads=reads)
    return Power(job, workers, version, task, reads, told)


def _chosen(predictor: Predictor, job: Job, megabytes: float) -> tuple[int, str]:
    """How many workers, and a sentence about it."""
    if not predictor.form:  # torch spreads one request over all cores itself
        return 1, "One process answers; each request uses all cores."
    fitting = int(MEMORY_SHARE * available_memory_mb() / max(megabytes, 1))
    most = max(min(cores() // max(job.threads, 1), fitting), 1)
    if most == 1:
        return 1, "One process answers."
    gain = gain_of(predictor, most)
    at_once = f"{most} rows at once take {most / gain:.1f} times as long as one"
    if gain < WORTH:
        return 1, f"One process answers: {at_once}."
    each = f"{job.threads} cores" if job.threads > 1 else "one core"
    return most, f"{most} processes answer, on {each} each: {at_once}."


def _lone(workspace: Workspace, job: Job, predictor: Predictor) -> int:
    """On how many cores a request that comes alone is answered: all, where that is clearly faster than on one."""
    most = min(job.threads or cores(), MOST_ALONE)
    if not predictor.form or most == 1 or job.threads:
        return most if predictor.form else 1
    wide = load(workspace, predictor.version, job.engine, job.tolerance, job.threads, lone=most)
    examples = predictor.parse(predictor.task.sample[:1])
    narrow_rate, wide_rate = _best(partial(_rate, one.predict_alone, examples) for one in (predictor, wide))
    return most if wide_rate >= WORTH_ALONE * narrow_rate else 1


def gain_of(predictor: Predictor, at_once: int) -> float:
    """How many times the rows a second `at_once` threads answer, each on a core of its own, of what one answers."""
    examples = predictor.parse(predictor.task.sample[:1])
    predictor.predict_examples(examples)
    one = partial(_rate, predictor.predict_examples, examples)
    with ThreadPoolExecutor(at_once) as pool:
        alone, together = _best([one, lambda: sum(pool.map(lambda _: one(), range(at_once)))])
    return together / alone


def _best(ways: Iterable[Callable[[], float]]) -> list[float]:
    """The best rate of each way."""
    ways = list(ways)
    turns = [[way() for way in ways] for _ in range(TURNS)]
    return [max(rates) for rates in zip(*turns, strict=True)]


def _rate(predict: Callable[[Sequence[Example]], object], examples: Sequence[Example]) -> float:
    """Rows a second of one thread."""
    count, started = 0, time.perf_counter()
    while (taken := time.perf_counter() - started) < TURN_SECONDS:
        predict(examples)
        count += 1
    return count / taken


def form_line(predictor: Predictor) -> str:
    """Which form of the version answers, and how a faster one is had."""
    if predictor.form:
        return f"Answers come from its variant {predictor.form}; `tunewheel export` says how near they are."
    return "Answers come from the model as it was trained; `tunewheel export` makes faster forms of it."
