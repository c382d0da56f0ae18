"""The drift watch, day by day: alarms in a year without change, and days until a real change is found."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import pools
from .cores import side_by_side
from .drifting import Seen, Watch
from .plan import DAYS_A_TURN, SEEDS, TURNS
from .pools import Ints, Pool
from .streams import DOMAINS
from .version import VALIDATION, Rows, fitted

Part = dict[str, Any]
DAYS = TURNS * DAYS_A_TURN
# Rows of a day, and of how many days a look is.
DAY_ROWS, WINDOW_DAYS = 200, 2
TRAINED, MOST_DAYS = 1_500, 14
# Pool, segments that are usual, segments that come, and the share of the traffic that they then have.
CHANGES: tuple[tuple[str, str, tuple[str, ...], tuple[str, ...], float], ...] = (
    ("tweets, then product reviews", "vader", DOMAINS[:1], DOMAINS[1:2], 0.7),
    ("product, then movie reviews", "vader", DOMAINS[1:2], DOMAINS[2:3], 0.7),
    ("movie reviews, then editorials", "vader", DOMAINS[2:3], DOMAINS[3:4], 0.7),
    (
        "a new topic, one fifth",
        "clinc150",
        ("banking", "travel", "work", "home", "utility"),
        ("auto_and_commute",),
        0.2,
    ),
    ("out of scope, one fifth", "clinc150", ("banking", "travel", "work", "home", "utility"), ("oos",), 0.2),
)
QUIET: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("movie reviews", "vader", DOMAINS[2:3]),
    ("five topics", "clinc150", ("banking", "travel", "work", "home", "utility")),
    ("banking", "banking77", ("all",)),
)


def measure() -> Part:
    """Years without change and changes, each with several seeds."""
    missing = [reason for reason in map(pools.absent, ("vader", "clinc150", "banking77")) if reason]
    if missing:
        return {"absent": missing[0]}
    for name in ("vader", "clinc150", "banking77"):
        pools.pool(name)  # its vectors are kept before several processes want them
    quiet = side_by_side(_quiet_years, QUIET)
    changes = side_by_side(_found, CHANGES)
    return {
        "day_rows": DAY_ROWS, "window_days": WINDOW_DAYS, "validation_rows": TRAINED // VALIDATION,
        "quiet": {name: years for (name, *_), years in zip(QUIET, quiet, strict=True)},
        "changes": {name: days for (name, *_), days in zip(CHANGES, changes, strict=True)},
    }  # fmt: skip


def _quiet_years(of: tuple[str, str, tuple[str, ...]]) -> list[dict[str, Any]]:
    _, name, usual = of
    return [_quiet(pools.pool(name), usual, seed) for seed in SEEDS]


def _found(of: tuple[str, str, tuple[str, ...], tuple[str, ...], float]) -> list[int | None]:
    _, name, usual, coming, share = of
    return [_until_found(pools.pool(name), usual, coming, share, seed) for seed in SEEDS]


def _quiet(pool: Pool, usual: tuple[str, ...], seed: int) -> dict[str, Any]:
    """A look a day at a year of the same distribution; alarms on following days are one."""
    generator = np.random.default_rng(seed)
    watch, rest = _begun(pool, usual, generator)
    days, usually = _Days(watch), _Rows(rest, generator)
    alarms, names, before = 0, [], False
    for _ in range(DAYS):
        seen = days.look(usually.next(DAY_ROWS))
        alarms += seen.alarm and not before
        names += seen.names if seen.alarm and not before else ()
        before = seen.alarm
    return {"alarms": int(alarms), "names": sorted(set(names))}


def _until_found(pool: Pool, usual: tuple[str, ...], coming: tuple[str, ...], share: float, seed: int) -> int | None:
    """Days of changed traffic until an alarm; None where a turn goes by without one."""
    generator = np.random.default_rng(seed)
    watch, rest = _begun(pool, usual, generator)
    new = np.flatnonzero(np.isin(pool.segments, coming))
    count = round(share * DAY_ROWS)
    days, usually, newly = _Days(watch), _Rows(rest, generator), _Rows(new, generator)
    for _ in range(WINDOW_DAYS):
        days.look(usually.next(DAY_ROWS))
    for day in range(1, MOST_DAYS + 1):
        today = np.concatenate([usually.next(DAY_ROWS - count), newly.next(count)])
        if days.look(today).alarm:
            return day
    return None


class _Days:
    """A look a day at the newest days together; the look before it is so old that it shares no row with it."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._rows: list[Ints] = []
        self._seen: list[Seen] = []

    def look(self, today: Ints) -> Seen:
        """Has the traffic changed by today?"""
        self._rows = [*self._rows, today][-WINDOW_DAYS:]
        before = self._seen[-WINDOW_DAYS] if len(self._seen) >= WINDOW_DAYS else None
        self._seen.append(self._watch.look(np.concatenate(self._rows), before))
        return self._seen[-1]


class _Rows:
    """Rows in random order, and all of them again in another when none is left. A row that came twice in a window would
    be a change in itself: the version's own rows are there once each."""

    def __init__(self, rows: Ints, generator: np.random.Generator) -> None:
        self._rows, self._generator = rows, generator
        self._left = generator.permutation(rows)

    def next(self, count: int) -> Ints:
        """So many of them."""
        if count > len(self._left):
            self._left = self._generator.permutation(self._rows)
        taken, self._left = self._left[:count], self._left[count:]
        return taken


def _begun(pool: Pool, usual: tuple[str, ...], generator: np.random.Generator) -> tuple[Watch, Ints]:
    """The watch of a version that has learnt the usual segments, and the rows of them that it has not seen."""
    rows = generator.permutation(np.flatnonzero(np.isin(pool.segments, usual)))
    train, rest = rows[:TRAINED], rows[TRAINED:]
    return Watch(pool, fitted(pool, Rows(train, pool.labels[train]))), rest
