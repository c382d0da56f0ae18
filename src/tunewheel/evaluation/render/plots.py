"""Small SVG plots, drawn by hand so that the page needs no network: strips with intervals, lines, reliability.

Colours come from the page's style sheet (classes), so the plots follow light and dark mode. All text is escaped.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from ..calibration import Bin
from ..compare import Interval

_WIDTH, _HEIGHT = 400, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 12, 12, 36
_REACH = 0.25


@dataclass(frozen=True, slots=True)
class Axis:
    """Maps values in [low, high] to pixels from `start` to `end`; values outside stop at the ends."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        share = (value - self.low) / ((self.high - self.low) or 1.0)
        return round(self.start + min(max(share, 0.0), 1.0) * (self.end - self.start), 1)


@dataclass(frozen=True, slots=True)
class LogAxis:
    """Maps positive values in [low, high] to pixels by their logarithm; values outside stop at the ends."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        return Axis(math.log(self.low), math.log(self.high), self.start, self.end)(math.log(max(value, self.low)))


def near_the_best(scores: Sequence[float]) -> tuple[float, float]:
    """From and to of an axis of scores, with a little air: what lies further than 0.25 below the best is off it."""
    best = max(scores)
    low = max(min(scores), best - _REACH)
    air = max(0.06 * (best - low), 0.002)
    return low - air, best + air


def ticks(low: float, high: float, about: int = 4) -> list[float]:
    """Round values (1, 2 or 5 times a power of ten apart) inside [low, high]."""
    if not high > low:
        return [low]
    rough = (high - low) / about
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(i * step, 10) for i in range(first, math.floor(high / step + 1e-9) + 1)]


def strip(interval: Interval, low: float, high: float, judged: bool) -> Markup:
    """A dot with its interval on a line from `low` to `high`; an arrow when it lies left of it."""
    across = Axis(low, high, 8, 192)
    kind = "judged" if judged else "rival"
    label = f"{100 * interval.value:.1f}, interval {100 * interval.low:.1f} to {100 * interval.high:.1f}"
    head = Markup('<svg class="strip {}" viewBox="0 0 200 20" role="img" aria-label="{}">').format(kind, label)
    line = Markup('<line class="rule" x1="8" x2="192" y1="10" y2="10"/>')
    if interval.high < low:
        return head + line + Markup('<path class="away" d="M12 5 L5 10 L12 15 Z"/></svg>')
    spread = Markup('<line class="spread" x1="{}" x2="{}" y1="10" y2="10"/>').format(
        across(interval.low), across(interval.high)
    )
    return head + line + spread + Markup('<circle cx="{}" cy="10" r="5"/></svg>').format(across(interval.value))


def lines(points: Sequence[tuple[float, float]], title: str, *, share: bool, best: float | None = None) -> Markup:
    """A line over training steps; `share` shows values as points (0 to 100), `best` marks the step that was kept."""
    down, across, frame = _frame([x for x, _ in points], [y for _, y in points], share)
    path = " ".join(f"{across(x)},{down(y)}" for x, y in points)
    dots = Markup("").join(
        Markup('<circle class="{}" cx="{}" cy="{}" r="{}"/>').format(
            "best" if x == best else "dot", across(x), down(y), 5 if x == best else 3
        )
        for x, y in (points if len(points) <= 40 else [])
    )
    return (
        _opened(title)
        + frame
        + Markup('<polyline class="line {}" points="{}"/>').format("strong" if share else "soft", path)
        + dots
        + Markup('<text class="name" x="{}" y="{}" text-anchor="end">training step</text></svg>').format(
            _WIDTH - _RIGHT, _HEIGHT - 4
        )
    )


def reliability(bins: Sequence[Bin]) -> Markup:
    """Accuracy against confidence; on the diagonal a confidence means what it says. Dots grow with their rows."""
    down, across, frame = _frame([0.0, 1.0], [0.0, 1.0], True, percent_across=True)
    most = max((b.count for b in bins), default=1)
    diagonal = Markup('<line class="rule dashed" x1="{}" y1="{}" x2="{}" y2="{}"/>').format(
        across(0), down(0), across(1), down(1)
    )
    dots = Markup("").join(
        Markup('<circle class="bin" cx="{}" cy="{}" r="{}"><title>{}</title></circle>').format(
            across(b.confidence), down(b.accuracy), round(3 + 7 * math.sqrt(b.count / most), 1), _about(b)
        )
        for b in bins
    )
    name = Markup('<text class="name" x="{}" y="{}" text-anchor="end">confidence</text></svg>')
    return _opened("accuracy by confidence") + frame + diagonal + dots + name.format(_WIDTH - _RIGHT, _HEIGHT - 4)


def _about(b: Bin) -> str:
    return f"{b.count} rows: confidence {100 * b.confidence:.1f}, accuracy {100 * b.accuracy:.1f}"


def _opened(title: str) -> Markup:
    return Markup('<svg class="plot" viewBox="0 0 {} {}" role="img" aria-label="{}">').format(_WIDTH, _HEIGHT, title)


def _frame(
    xs: Sequence[float], ys: Sequence[float], share: bool, percent_across: bool = False
) -> tuple[Axis, Axis, Markup]:
    """The axes (down, across) and their grid with tick labels."""
    down = Axis(min(ys), max(ys), _HEIGHT - _BOTTOM, _TOP)
    across = Axis(min(xs), max(xs), _LEFT, _WIDTH - _RIGHT)
    parts = [
        Markup(
            '<line class="grid" x1="{}" x2="{}" y1="{}" y2="{}"/><text x="{}" y="{}" text-anchor="end">{}</text>'
        ).format(_LEFT, _WIDTH - _RIGHT, down(y), down(y), _LEFT - 8, down(y) + 4, _written(y, share))
        for y in ticks(down.low, down.high)
    ]
    parts += [
        Markup('<text x="{}" y="{}" text-anchor="middle">{}</text>').format(
            across(x), _HEIGHT - _BOTTOM + 16, _written(x, percent_across)
        )
        for x in ticks(across.low, across.high)
    ]
    return down, across, Markup("").join(parts)


def _written(value: float, share: bool) -> str:
    return f"{100 * value:g}" if share else f"{value:,g}"
