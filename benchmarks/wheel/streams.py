"""Streams: a year of traffic with real change, drawn from a pool. Which rows come when, and what is really so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .plan import SIZES, TURNS, WRONG, Size
from .pools import BOTS, Ints, Pool

Mix = Mapping[str, float]
DOMAINS = ("tweets", "product_reviews", "movie_reviews", "news_editorials")
# Turns in which something new comes, from 1.
DOMAIN_STARTS, BOT_STARTS, LATE = (1, 6, 12, 20), (1, 9, 18), 4
FIRST_TOPICS, TOPIC_STARTS, SCOPELESS = 4, (5, 9, 13, 17, 21, 24), 0.05
NEWEST, NEWEST_BOT = 0.7, (1.0, 0.6, 0.4)


@dataclass(frozen=True)
class Turn:
    """Positions of the rows of a turn: its traffic, those of it that users corrected and how, and held-out rows of the
    same distribution with their weights, which nobody but the judge sees."""

    traffic: Ints
    corrected: Ints
    said: Ints
    held: Ints
    weights: NDArray[np.float64]


@dataclass(frozen=True)
class Stream:
    """A year: the rows of the first file, of the frozen test set, and all turns. A change begins in `changes`."""

    name: str
    pool: Pool
    size: Size
    initial: Ints
    frozen: Ints
    turns: tuple[Turn, ...]
    changes: tuple[int, ...]


def stream(name: str, pool: Pool, seed: int) -> Stream:
    """The year of this name."""
    mixes = MIXES[name](pool)
    return drawn(name, pool, mixes, SIZES[name], seed, WRONG.get(name, 0.0))


def drawn(name: str, pool: Pool, mixes: Sequence[Mix], size: Size, seed: int, wrong: float = 0.0) -> Stream:
    """A year in which turn t has the shares of segments `mixes[t]`. Every row is used once; what no turn needs is held
    out. Raises `ValueError` when a segment has too few rows for that."""
    generator = np.random.default_rng(seed)
    waiting = {name: generator.permutation(pool.in_segment(name)).tolist() for name in sorted(set(pool.segments))}
    initial = _taken(waiting, mixes[0], size.initial)
    frozen = _taken(waiting, mixes[0], size.frozen)
    traffic = [_taken(waiting, mix, size.traffic) for mix in mixes]
    turns = []
    for rows, mix in zip(traffic, mixes, strict=True):
        rows = generator.permutation(rows)
        corrected = np.sort(generator.permutation(rows)[: size.corrected])
        said = _spoilt(pool, corrected, wrong, generator)
        turns.append(Turn(rows, corrected, said, *_held(waiting, mix)))
    return Stream(name, pool, size, initial, frozen, tuple(turns), _changes(mixes))


def _taken(waiting: Mapping[str, list[int]], mix: Mix, count: int) -> Ints:
    """That many rows in the shares of the mix, removed from those that wait."""
    taken: list[int] = []
    for segment, number in _counts(mix, count).items():
        if len(waiting[segment]) < number:
            raise ValueError(f"segment {segment} has {number - len(waiting[segment])} rows too few")
        taken += [waiting[segment].pop() for _ in range(number)]
    return np.array(taken, dtype=np.int64)


def _counts(mix: Mix, count: int) -> dict[str, int]:
    """Whole numbers in these shares that add up to `count` (largest remainders)."""
    exact = {name: share * count / sum(mix.values()) for name, share in mix.items()}
    counts = {name: int(value) for name, value in exact.items()}
    for name in sorted(exact, key=lambda name: counts[name] - exact[name])[: count - sum(counts.values())]:
        counts[name] += 1
    return counts


def _held(waiting: Mapping[str, list[int]], mix: Mix) -> tuple[Ints, NDArray[np.float64]]:
    """All rows that are left of the segments of the mix, weighted so that they have its shares."""
    total = sum(mix.values())
    shares = [np.full(len(waiting[name]), share / total / max(len(waiting[name]), 1)) for name, share in mix.items()]
    return np.concatenate([np.array(waiting[name], dtype=np.int64) for name in mix]), np.concatenate(shares)


def _spoilt(pool: Pool, rows: Ints, share: float, generator: np.random.Generator) -> Ints:
    """The labels of these rows as users say them: of a `share` of them another label that is in use."""
    said = pool.labels[rows].copy()
    for place in generator.permutation(len(rows))[: round(share * len(rows))]:
        said[place] = generator.choice(np.setdiff1d(np.unique(pool.labels), said[place : place + 1]))
    return said


def _changes(mixes: Sequence[Mix]) -> tuple[int, ...]:
    return tuple(turn for turn in range(1, len(mixes)) if mixes[turn] != mixes[turn - 1])


def _one_after_another(pool: Pool) -> list[Mix]:
    """The newest domain has most of the traffic, those before it share the rest."""
    return [_newest(DOMAINS[: _begun(DOMAIN_STARTS, turn)]) for turn in range(1, TURNS + 1)]


def _newest(domains: Sequence[str]) -> Mix:
    *older, newest = domains
    if not older:
        return {newest: 1.0}
    return {newest: NEWEST, **{name: (1 - NEWEST) / len(older) for name in older}}


def _bots(pool: Pool) -> list[Mix]:
    """A bot after another, each with half of its classes at first."""
    return [_mixed_bots(pool, turn) for turn in range(1, TURNS + 1)]


def _mixed_bots(pool: Pool, turn: int) -> Mix:
    begun = _begun(BOT_STARTS, turn)
    newest = NEWEST_BOT[begun - 1]
    shares = [(1 - newest) / max(begun - 1, 1)] * (begun - 1) + [newest]
    mix: dict[str, float] = {}
    for bot, share, start in zip(BOTS, shares, BOT_STARTS, strict=False):
        segments = [bot, f"{bot}/late"] if turn >= start + LATE else [bot]
        rows = [len(pool.in_segment(segment)) for segment in segments]
        mix |= {segment: share * count / sum(rows) for segment, count in zip(segments, rows, strict=True)}
    return mix


def _topics(pool: Pool) -> list[Mix]:
    """Topics of equal weight, a new one every few turns, and a little that is out of scope."""
    topics = sorted(set(pool.segments) - {"oos"})
    active = [topics[: FIRST_TOPICS + _begun(TOPIC_STARTS, turn)] for turn in range(1, TURNS + 1)]
    return [{"oos": SCOPELESS, **{topic: (1 - SCOPELESS) / len(now) for topic in now}} for now in active]


def _same(pool: Pool) -> list[Mix]:
    return [{"all": 1.0}] * TURNS


def _begun(starts: Sequence[int], turn: int) -> int:
    return sum(turn >= start for start in starts)


MIXES = {"vader": _one_after_another, "hint3": _bots, "clinc150": _topics, "banking77": _same}
