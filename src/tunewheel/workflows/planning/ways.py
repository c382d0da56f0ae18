"""Ways: what each way to fine-tune takes and brings, whether it fits a budget, and which one to take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ...evaluation.render.words import seconds as spoken
from ...models.estimate import cores
from ..tuning.budget import HURRY, OTHER_BODIES, fitted
from .expect import Range, as_it_was, fine_tuned, with_all_rows
from .outlook import Floored, Outlook, Rows, outlook
from .probe import Told
from .probing import Probed

MOVES = {
    "full": "all layers", "partial": "upper half", "lora": "adapters (LoRA)", "head": "head only (frozen encoder)"
}  # fmt: skip
Fits = Literal["whole", "cut", "no", ""]


@dataclass(frozen=True)
class Way:
    """One way. Seconds, MB and money of a whole `tune`; `pass_seconds` are those of learning once from all rows;
    `score` is a range of the validation score. With a budget, `fits` says whether it fits "whole", "cut" (to so many
    `passes`) or not; `why` says it for people.

    `settings` are those of `--set`. What could not be probed has no numbers, and `why`.
    """

    model: str
    moves: str
    settings: list[str]
    seconds: float | None = None
    memory_mb: int | None = None
    disk_mb: int | None = None
    score: Range | None = None
    passes: float | None = None
    pass_seconds: float | None = None
    money: float | None = None
    fits: Fits = ""
    why: str = ""


@dataclass(frozen=True)
class Limits:
    """What a run may take: seconds and money an hour, where they are given, and the free memory in MB."""

    seconds: float | None
    price: float | None
    memory_mb: int


def ways_of(probed: Sequence[Probed], rows: Rows, read: Floored, reads: str, limits: Limits) -> list[Way]:
    """All ways, in the order in which they were probed."""
    return [_way(one, rows, read, reads, limits) for one in probed]


def _way(one: Probed, rows: Rows, read: Floored, reads: str, limits: Limits) -> Way:
    layers = one.told.training["layers"] if one.told and one.mode == "partial" else None
    settings = [] if one.mode == one.body.training.mode else [f"training.mode={one.mode}"]
    settings += [f"training.layers={layers}"] if layers else []
    way = Way(one.body.name, MOVES[one.mode], settings, why=one.failed)
    if one.told is None:
        return way
    hurried = limits.seconds is not None and limits.seconds <= HURRY
    ahead = outlook(rows, read, one.told, hurried=hurried, pictures=reads == "image")
    memory = ahead.memory_mb
    if limits.seconds is not None:
        memory = ahead.most_memory_mb(limits.seconds, limits.memory_mb, cores=cores())
    fits, passes, why = _fit(ahead, memory, limits)
    return Way(
        one.body.name, MOVES[one.mode], settings, round(ahead.seconds, 1), round(memory),
        round(ahead.disk_mb), _score(one.told, rows, reads, one.mode), round(passes, 1), round(ahead.learning, 2),
        None if limits.price is None else round(limits.price * ahead.seconds / 3600, 4), fits, why,
    )  # fmt: skip


def _score(told: Told, rows: Rows, reads: str, mode: str) -> Range | None:
    if told.scored is None:
        return None
    low, high = fine_tuned(with_all_rows(told.scored, rows.train), told.scored.held, reads, mode)
    return round(low, 4), round(high, 4)


def _fit(ahead: Outlook, memory: float, limits: Limits) -> tuple[Fits, float, str]:
    """Whether it fits with so many MB of `memory`, how many passes do, and why."""
    if memory > limits.memory_mb:
        return "no", ahead.passes, f"needs about {memory:,.0f} MB of memory, and {limits.memory_mb:,} are free"
    if limits.seconds is None:
        return "", ahead.passes, ""
    if ahead.seconds <= limits.seconds:
        return "whole", ahead.passes, f"takes about {spoken(ahead.seconds)} of {spoken(limits.seconds)}"
    cut = fitted(ahead.options, ahead.cost, ahead.left(limits.seconds))
    if cut:
        passes = min(float(cut.epochs), ahead.passes)
        return "cut", passes, f"{passes:.0f} of about {ahead.passes:.0f} passes fit"
    return "no", 0.0, f"would take about {spoken(ahead.seconds)}, and not half of its passes fit"


def run_memory_mb(ways: Sequence[Way], limits: Limits, reads: str) -> int | None:
    """What `tune` will take: the first way, or in the same way another body, where a long budget has time for half of
    that, too."""
    first = ways[0] if ways else None
    if first is None or first.memory_mb is None or first.seconds is None:
        return None
    budget = limits.seconds or 0.0
    if budget < OTHER_BODIES or reads == "image":
        return first.memory_mb
    left = budget - first.seconds
    beside = [way for way in ways if way.model != first.model and way.moves == first.moves and way.fits != "no"]
    more = [way.memory_mb for way in beside if way.memory_mb and (way.seconds or left) < 2 * left]
    return max([first.memory_mb, *more])


def floor_score(told: Told, rows: Rows) -> Range | None:
    """That of the strongest floor."""
    return as_it_was(told.scored, rows.train) if told.scored else None


def advice(ways: Sequence[Way], limits: Limits, *, quick: bool = False) -> str:
    """One sentence: what to take, and why; in a `quick` plan of one way, whether it fits."""
    able = [way for way in ways if way.seconds is not None and way.fits != "no"]
    if quick and ways and not able:
        return f"{_named(ways[0]).capitalize()}: does not fit whole. Without --quick the other ways are timed, too."
    if not able:
        return "Nothing fits: the floors are what there is time and memory for." if ways else "Nothing could be probed."
    if limits.seconds is None:
        best = able[0]
        return f"`tunewheel tune` takes {_named(best)}, {_taking(best)}."
    fits = "whole" if any(way.fits == "whole" for way in able) else "cut"
    best = _best([way for way in able if way.fits == fits])
    what = "fits whole" if fits == "whole" else f"fits when cut ({best.why})"
    return f"{_named(best).capitalize()}: {what}, {_taking(best)}; nothing that fits promises clearly more."


def _best(ways: Sequence[Way]) -> Way:
    """The first whose score may be as good as that of any: ranges that overlap do not tell which is better."""
    least = max((way.score[0] for way in ways if way.score), default=0.0)
    return next((way for way in ways if way.score and way.score[1] >= least), ways[0])


def _named(way: Way) -> str:
    return f"{way.moves} of {way.model}"


def _taking(way: Way) -> str:
    assert way.seconds is not None
    score = f", score {about(way.score)}" if way.score else ""
    return f"about {spoken(way.seconds)}{score}"


def about(score: Range) -> str:
    """`about 88 to 94`."""
    low, high = (f"{100 * value:.0f}" for value in score)
    return f"about {low}" if low == high else f"about {low} to {high}"
