"""Parallel coordinates: one line a training through the settings that vary to its score, coloured by the score."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from ..report import spelled
from ..search import Search, Setting, Tried
from . import words
from .plots import Axis, LogAxis, near_the_best, ticks

_WIDTH, _HEIGHT = 900, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 16, 44, 34, 40
_FLOOR = _HEIGHT - _BOTTOM
_UNSET = _HEIGHT - 12  # where lines cross the axis of a setting that they do not have
_FEWEST, _MOST_LANES, _MOST_WORDS = 3, 8, 12
_LETTER = 6.0  # pixels, about
_NEXT_TO = 14  # labels closer than so many pixels would run into each other
_DECADE = 10.0
_PALEST = 0.18


@dataclass(frozen=True, slots=True)
class Lane:
    """One upright axis: where a value lies on it (`place`), and its labels (pixels from the top, text)."""

    name: str
    place: Callable[[Setting], float]
    labels: list[tuple[float, str]]


def coordinates(search: Search) -> Markup:
    """The plot, or nothing where fewer than three trainings have settings and a score, or no setting varies."""
    scored = [one for one in search.tried if one.settings and one.validation is not None]
    lanes = _lanes([one.settings for one in scored])
    drawn = [one for one in scored if any(lane.name in one.settings for lane in lanes)]
    drawn.sort(key=lambda one: (one.validation or 0.0, -one.number))  # the best lies on top
    if len(drawn) < _FEWEST:
        return Markup("")
    low, high = near_the_best([one.validation or 0.0 for one in drawn])
    score = Axis(low, high, _FLOOR, _TOP)
    title = f"settings and validation {spelled(search.metric)} of {len(drawn)} trainings"
    unset = {lane.name for lane in lanes if any(lane.name not in one.settings for one in drawn)}
    parts = [
        Markup('<svg class="plot wide" viewBox="0 0 {} {}" role="img" aria-label="{}">').format(_WIDTH, _HEIGHT, title),
        *(_line(one, lanes, score) for one in drawn),
        *(_upright(_at(i, lanes), lane, _gap(lanes), lane.name in unset) for i, lane in enumerate(lanes)),
        _upright(_WIDTH - _RIGHT, _score_lane(search.metric, drawn, score), _gap(lanes), False, last=True),
        Markup("</svg>"),
    ]
    return Markup("").join(parts)


def _lanes(settings: Sequence[Mapping[str, Setting]]) -> list[Lane]:
    """One axis for each setting that varies and that a third of the trainings have, in order of appearance.

    Of too many, those that most trainings have.
    """
    names = dict.fromkeys(name for values in settings for name in values)
    found = {name: [values[name] for values in settings if name in values] for name in names}
    varied = [name for name, values in found.items() if len(set(values)) > 1 and 3 * len(values) >= len(settings)]
    most = sorted(varied, key=lambda name: -len(found[name]))[:_MOST_LANES]
    return [_lane(name, found[name]) for name in varied if name in most]


def _lane(name: str, values: Sequence[Setting]) -> Lane:
    numbers = [value for value in values if not isinstance(value, str)]
    if len(numbers) < len(values):
        return _of_words(name, list(dict.fromkeys(words.setting(value) for value in values)))
    low, high = min(numbers), max(numbers)
    kind = LogAxis if low > 0 and high / low > _DECADE else Axis
    axis = kind(low, high, _FLOOR, _TOP)
    return Lane(name, lambda value: axis(float(value)), _of_numbers(axis, sorted(set(numbers))))


def _of_words(name: str, different: list[str]) -> Lane:
    down = Axis(0, max(len(different) - 1, 1), _FLOOR, _TOP)
    places = {word: down(i) for i, word in enumerate(different)}
    labels = [(places[word], word) for word in different[:: 1 + len(different) // _MOST_WORDS]]
    return Lane(name, lambda value: places[words.setting(value)], labels)


def _of_numbers(axis: Axis | LogAxis, different: list[float]) -> list[tuple[float, str]]:
    """The values themselves where they are few; else the ends, and round values between."""
    round_ones = _powers(axis) if isinstance(axis, LogAxis) else ticks(axis.low, axis.high)
    inner = different if len(different) <= 5 else round_ones
    kept = [axis.low, axis.high]
    for value in inner:
        if all(abs(axis(value) - axis(other)) >= _NEXT_TO for other in kept):
            kept.append(value)
    return [(axis(value), words.setting(value)) for value in sorted(kept)]


def _powers(axis: LogAxis) -> list[float]:
    return [10.0**power for power in range(-12, 13) if axis.low <= 10.0**power <= axis.high]


def _score_lane(metric: str, drawn: Sequence[Tried], axis: Axis) -> Lane:
    labels = [(axis(value), f"{100 * value:g}") for value in ticks(axis.low, axis.high, 5)]
    if any(one.validation is not None and one.validation < axis.low for one in drawn):
        labels = [*(label for label in labels if _FLOOR - label[0] >= _NEXT_TO), (_FLOOR, "below")]
    return Lane(spelled(metric), lambda value: axis(float(value)), labels)


def _gap(lanes: Sequence[Lane]) -> float:
    return (_WIDTH - _RIGHT - _LEFT) / len(lanes)


def _at(number: int, lanes: Sequence[Lane]) -> float:
    return round(_LEFT + number * _gap(lanes), 1)


def _upright(x: float, lane: Lane, room: float, has_unset: bool, last: bool = False) -> Markup:
    """The axis with its labels to the right. Long names are cut to the `room`; pointing at them shows them whole."""
    letters = int((room - 24) / _LETTER)
    name = lane.name.replace("_", " ")
    at, anchor = (_WIDTH, "end") if last else (x - 4, "start")
    said = Markup('<text class="name" x="{}" y="14" text-anchor="{}">{}<title>{}</title></text>').format(
        at, anchor, _cut(name, letters), name
    )
    return said + Markup("").join(_strokes(x, lane, letters, has_unset))


def _strokes(x: float, lane: Lane, letters: int, has_unset: bool) -> Iterator[Markup]:
    yield Markup('<line class="axis" x1="{}" x2="{}" y1="{}" y2="{}"/>').format(x, x, _TOP, _FLOOR)
    for y, label in lane.labels:
        yield Markup('<line class="axis" x1="{}" x2="{}" y1="{}" y2="{}"/>').format(x - 4, x, y, y)
        yield Markup('<text class="over-lines" x="{}" y="{}">{}</text>').format(x + 5, y + 4, _cut(label, letters))
    if has_unset:
        yield Markup('<text class="over-lines" x="{}" y="{}">not set</text>').format(x + 5, _UNSET + 4)


def _cut(text: str, letters: int) -> str:
    return text if len(text) <= letters else f"{text[: max(letters - 1, 1)]}…"


def _line(one: Tried, lanes: Sequence[Lane], score: Axis) -> Markup:
    validation = one.validation or 0.0
    xs = [*(_at(i, lanes) for i in range(len(lanes))), _WIDTH - _RIGHT]
    ys = [lane.place(one.settings[lane.name]) if lane.name in one.settings else _UNSET for lane in lanes]
    points = " ".join(f"{x},{y}" for x, y in zip(xs, [*ys, score(validation)], strict=True))
    share = min(max((validation - score.low) / (score.high - score.low), 0.0), 1.0)
    said = f"{one.number}: {one.idea}, {100 * validation:.1f}, {words.settings(one.settings)}"
    return Markup('<polyline class="trial{}" stroke-opacity="{}" points="{}"><title>{}</title></polyline>').format(
        " pruned" if one.ended == "pruned" else "", round(_PALEST + (1 - _PALEST) * share, 2), points, said
    )
