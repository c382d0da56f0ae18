"""Times as people write them, as numbers that can be sorted."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import Problem, SplitError

_SHORT = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})(.*)")
_YEAR_FIRST = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(.*)")
_ONE_DIGIT_HOUR = re.compile(r"[ T]+(\d:)")
_SHOWN = 20


def sortable_times(values: Sequence[Any], places: Sequence[str]) -> NDArray[np.float64]:
    """Seconds since 1970 (N,) (UTC where no zone is given), or the numbers themselves when most are numbers.

    Reads ISO 8601, 2024/1/31, 2024年1月31日, 31.1.2024, 31/1/2024 and 1/31/2024 (day or month first as the
    whole column shows), dates and numbers. `places` (N,) name the rows in errors. Raises `SplitError` that
    lists every row without a readable time.
    """
    seconds = [_number(value) for value in values]
    if sum(number is not None for number in seconds) * 2 < len(values):
        reader = _reader(values)
        seconds = [reader(value) for value in values]
    _refuse_unreadable([(place, value) for place, value, t in zip(places, values, seconds, strict=True) if t is None])
    return np.array(seconds, dtype=np.float64)


def _refuse_unreadable(bad: Sequence[tuple[str, Any]]) -> None:
    if not bad:
        return
    mend = "Write it like 2024-01-31 or 2024-01-31 14:30:00."
    problems = [Problem(f"{value!r} is not a time that can be read.", place, mend) for place, value in bad[:_SHOWN]]
    if len(bad) > _SHOWN:
        problems.append(Problem(f"{len(bad) - _SHOWN} more rows have no readable time."))
    raise SplitError.of(problems)


def _number(value: Any) -> float | None:
    if isinstance(value, bool | date) or value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if np.isfinite(number) else None


def _reader(values: Sequence[Any]) -> Callable[[Any], float | None]:
    """How to read this column: whether 3/4/2024 is in March or in April shows in its other rows."""
    matches = [match for value in values if (match := _SHORT.fullmatch(str(value).strip()))]
    day_first = any(int(match[1]) > 12 for match in matches)
    month_first = any(int(match[2]) > 12 for match in matches)
    if matches and not day_first and not month_first:
        mend = "Write the times like 2024-01-31."
        raise SplitError(f"nothing in the column shows whether {matches[0][0]!r} begins with day or month.", mend=mend)
    return lambda value: _seconds(value, month_first=month_first and not day_first)


def _seconds(value: Any, *, month_first: bool) -> float | None:
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if not isinstance(value, datetime):
        try:
            value = datetime.fromisoformat(_iso(str(value).strip(), month_first=month_first))
        except ValueError:
            return None
    return float((value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp())


def _iso(text: str, *, month_first: bool) -> str:
    """The date at the beginning of `text` in ISO form; the rest (a time of day) as it is."""
    if match := _YEAR_FIRST.fullmatch(text):
        year, month, day, rest = match.groups()
    elif match := _SHORT.fullmatch(text):
        first, second, year, rest = match.groups()
        month, day = (first, second) if month_first else (second, first)
    else:
        return text
    return f"{year}-{int(month):02d}-{int(day):02d}" + _ONE_DIGIT_HOUR.sub(r"T0\1", rest)
