"""Numbers and facts as a person writes them: 6 min 52 s, 91 MB, 93.5."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..outcomes import Mark
from ..search import Search, Setting

MOST_SENTENCES = 50
_SMALL, _LARGE = 1e-3, 1e3
_UNITS = ("bytes", "kB", "MB", "GB", "TB")


def score(value: float, metric: str) -> str:
    """A score in points of 100 ("93.5"); losses and errors as they are ("0.231")."""
    return f"{value:.3f}" if metric.endswith(("_loss", "_error")) else f"{100 * value + 0.0:.1f}"


def seconds(value: float) -> str:
    """A duration with two units at most."""
    if value < 10:
        return f"{value:.1f} s" if value >= 0.05 else "< 0.1 s"
    whole = round(value)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def size(count: int) -> str:
    """Bytes in decimal units."""
    amount, unit = float(count), 0
    while amount >= 999.5 and unit < len(_UNITS) - 1:
        amount, unit = amount / 1000, unit + 1
    return f"{amount:.0f} {_UNITS[unit]}" if amount >= 10 or unit == 0 else f"{amount:.1f} {_UNITS[unit]}"


def tried(search: Search) -> str:
    """How many trainings were tried in how long; the full stop is left to the caller."""
    count = len(search.tried)
    return f"{'1 training was' if count == 1 else f'{count:,} trainings were'} tried in {seconds(search.seconds)}"


def setting(value: Setting) -> str:
    """The value of a setting: 2e-5, 0.1, 4,096 or a word."""
    if isinstance(value, float):
        digits, _, power = f"{value:.2e}".partition("e")
        small, large = 0 < abs(value) < _SMALL, abs(value) >= _LARGE
        return f"{float(digits):g}e{int(power)}" if small else f"{value:,.0f}" if large else f"{value:.4g}"
    return value if isinstance(value, str) else f"{value:,}"


def settings(values: Mapping[str, Setting]) -> str:
    """All settings on one line."""
    return " · ".join(f"{name.replace('_', ' ')} {setting(value)}" for name, value in values.items())


def facts(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Nested facts as (name, value) lines; a nested name is joined to the one above it."""
    for name, value in values.items():
        full = f"{above} {name}".strip().replace("_", " ")
        if isinstance(value, Mapping):
            yield from facts(value, full)
        elif isinstance(value, (list, tuple)):
            yield full, ", ".join(map(str, value))
        else:
            yield full, f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def shown(sentences: Sequence[str]) -> list[str]:
    """The first sentences, and how many more there are: a broken file has thousands."""
    more = len(sentences) - MOST_SENTENCES
    return [*sentences[:MOST_SENTENCES], *([f"... and {more:,} more; all are in report.json."] if more > 0 else [])]


def pieces(text: str, marks: Sequence[Mark]) -> Iterator[tuple[str, str]]:
    """A text cut at its marks: (piece, label), the label empty between marks. Overlapping marks: the first stays."""
    at = 0
    for mark in sorted(marks, key=lambda mark: (mark.start, -mark.end)):
        if mark.start < at or mark.end <= mark.start:
            continue
        yield text[at : mark.start], ""
        yield text[mark.start : mark.end], mark.label
        at = mark.end
    yield text[at:], ""
