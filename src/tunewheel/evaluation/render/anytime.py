"""The anytime curve: the best score so far against the time since the start, and every training where it ended."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup

from ..report import spelled
from ..search import Search, Tried
from . import words
from .plots import Axis, LogAxis, near_the_best, ticks

_WIDTH, _HEIGHT = 900, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 12, 26, 44
_FLOOR = _HEIGHT - _BOTTOM
_EARLIEST = 0.1  # a logarithmic axis cannot begin at zero seconds
_NEXT_TO = 48  # labels closer than so many pixels would run into each other
_ROUND = (0.1, 0.3, 1, 3, 10, 30, 60, 120, 300, 600, 1200, 3600, 7200, 18000, 36000, 86400, 259200)
_UNITS = (("h", 3600.0), ("min", 60.0), ("s", 1.0))
_NAMES = {"h": "hours", "min": "minutes", "s": "seconds"}


def curve(search: Search) -> Markup:
    """The plot, or nothing where no score was ever measured.

    Time is on a logarithmic axis when half of the rises fell into its first tenth.
    """
    if not search.moments or search.seconds <= 0:
        return Markup("")
    across, down = _time_axis(search), _score_axis(search)
    title = f"best validation {spelled(search.metric)} by time since the start"
    parts = [
        Markup('<svg class="plot wide" viewBox="0 0 {} {}" role="img" aria-label="{}">').format(_WIDTH, _HEIGHT, title),
        *_grid(search, across, down),
        *_limit(search.budget, across),
        _steps(search, across, down),
        *(_dot(one, across, down) for one in sorted(search.tried, key=lambda one: one.best)),
        Markup("</svg>"),
    ]
    return Markup("").join(parts)


def _time_axis(search: Search) -> Axis | LogAxis:
    spent, budget = search.seconds, search.budget or 0.0
    end = budget if spent < budget < 1.25 * spent else spent
    early = sum(seconds <= spent / 10 for seconds, _ in search.moments)
    if 2 * early < len(search.moments) or len(search.moments) < 3:
        return Axis(0.0, end, _LEFT, _WIDTH - _RIGHT)
    return LogAxis(max(search.moments[0][0], _EARLIEST), end, _LEFT, _WIDTH - _RIGHT)


def _score_axis(search: Search) -> Axis:
    ended = [one.validation for one in search.tried if one.validation is not None]
    scores = ended + [score for _, score in search.moments]
    return Axis(*near_the_best(scores), _FLOOR, _TOP)


def _grid(search: Search, across: Axis | LogAxis, down: Axis) -> Iterator[Markup]:
    rule = Markup('<line class="grid" x1="{}" x2="{}" y1="{}" y2="{}"/><text x="{}" y="{}" text-anchor="end">{}</text>')
    for y in ticks(down.low, down.high, 5):
        yield rule.format(_LEFT, _WIDTH - _RIGHT, down(y), down(y), _LEFT - 8, down(y) + 4, f"{100 * y:g}")
    name = f"{spelled(search.metric)} on the validation rows, points"
    yield Markup('<text class="name" x="0" y="11">{}</text>').format(name)
    marks, said = _moments(across)
    for seconds, label in marks:
        yield Markup('<text x="{}" y="{}" text-anchor="middle">{}</text>').format(across(seconds), _FLOOR + 16, label)
    yield Markup('<text class="name" x="{}" y="{}" text-anchor="end">{}</text>').format(
        _WIDTH - _RIGHT, _HEIGHT - 6, f"time since the start, {said}"
    )


def _moments(across: Axis | LogAxis) -> tuple[list[tuple[float, str]], str]:
    """Round times on the axis with their labels, and the unit that all of them are in."""
    if isinstance(across, LogAxis):
        inside = [seconds for seconds in _ROUND if across.low <= seconds <= across.high]
        return _apart([(seconds, _short(seconds)) for seconds in inside], across), "logarithmic"
    unit, size = next(unit for unit in _UNITS if across.high >= 3 * unit[1] or unit[1] == 1)
    return [(value * size, f"{value:g}") for value in ticks(0, across.high / size, 8)], _NAMES[unit]


def _apart(marks: list[tuple[float, str]], across: LogAxis) -> list[tuple[float, str]]:
    kept: list[tuple[float, str]] = []
    for seconds, label in marks:
        if not kept or across(seconds) - across(kept[-1][0]) >= _NEXT_TO:
            kept.append((seconds, label))
    return kept


def _short(seconds: float) -> str:
    unit, size = next((unit for unit in _UNITS if seconds >= unit[1]), _UNITS[-1])
    return f"{seconds / size:g} {unit}"


def _limit(budget: float | None, across: Axis | LogAxis) -> Iterator[Markup]:
    if budget and budget <= across.high:
        yield Markup('<line class="rule dashed" x1="{}" x2="{}" y1="{}" y2="{}"/>').format(
            across(budget), across(budget), _TOP, _FLOOR
        )
        yield Markup('<text x="{}" y="11" text-anchor="end">budget</text>').format(across(budget))


def _steps(search: Search, across: Axis | LogAxis, down: Axis) -> Markup:
    """Level until the next rise, then straight up; the last score reaches to the end of the run."""
    level = down(search.moments[0][1])
    path = f"M{across(search.moments[0][0])} {level}"
    for seconds, score in search.moments[1:]:
        path += f"H{across(seconds)}V{down(score)}"
    return Markup('<path class="line strong" d="{}"/>').format(f"{path}H{across(search.seconds)}")


def _dot(one: Tried, across: Axis | LogAxis, down: Axis) -> Markup:
    if one.validation is None:
        return Markup("")
    said = f"{one.number}: {one.idea}, {100 * one.validation:.1f} after {words.seconds(one.end)}, {one.ended}"
    kind = "won" if one.best else "pruned" if one.ended == "pruned" else "ran"
    x, y = across(one.end), down(one.validation)
    title = Markup("<title>{}</title>").format(said)
    if one.validation < down.low:
        shape = Markup('<path class="{}" d="M{} {}l5 -8h-10Z">').format(kind, x, _FLOOR)
        return shape + title + Markup("</path>")
    return Markup('<circle class="{}" cx="{}" cy="{}" r="{}">').format(kind, x, y, 5 if one.best else 4) + (
        title + Markup("</circle>")
    )
