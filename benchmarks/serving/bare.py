"""The limit without HTTP, a process of its own: `python -m benchmarks.serving.bare FOLDER TEXTS MODE` prints JSON.

`alone`: one text after the other, each call timed, then two threads at once. `bulk`: all texts sorted by length, in
padded calls of so many tokens, on two threads; the best of the sizes is the limit.
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from .engine import Engine, Tokens

THREADS = 2
# Tokens, padding included, of one padded call.
SIZES = (256, 512, 2048)


def alone(engine: Engine, texts: Sequence[str], warm: float, seconds: float) -> dict[str, Any]:
    """Milliseconds of each call for a single text, and texts a second on two threads."""
    timed(engine, itertools.cycle(texts), warm)
    taken = timed(engine, itertools.cycle(texts), seconds)
    with ThreadPoolExecutor(THREADS) as pool:
        turns = [itertools.cycle(texts[number::THREADS]) for number in range(THREADS)]
        counts = list(pool.map(lambda turn: len(timed(engine, turn, seconds)), turns))
    return {"taken": taken, "rate": round(sum(counts) / seconds, 1), "threads": THREADS, "seconds": seconds}


def timed(engine: Engine, texts: Iterator[str], seconds: float) -> list[float]:
    """Milliseconds of each call, for so many seconds."""
    taken = []
    end = time.perf_counter() + seconds
    while (started := time.perf_counter()) < end:
        engine.answer([next(texts)])
        taken.append(round(1000 * (time.perf_counter() - started), 3))
    return taken


def bulk(engine: Engine, texts: Sequence[str], seconds: float) -> dict[str, Any]:
    """Texts a second by tokens of a call, tokenising included; whole passes over all texts."""
    rates = {}
    with ThreadPoolExecutor(THREADS) as pool:
        for size in SIZES:
            once(engine, texts[: len(texts) // 4], size, pool.map)
            started, passes = time.perf_counter(), 0
            while time.perf_counter() - started < seconds / len(SIZES):
                once(engine, texts, size, pool.map)
                passes += 1
            rates[str(size)] = round(passes * len(texts) / (time.perf_counter() - started), 1)
    return {"rates": rates, "threads": THREADS}


def once(engine: Engine, texts: Sequence[str], size: int, each: Callable[..., Any]) -> None:
    """One pass: tokenise all, sort by length, compute call after call."""
    list(each(engine.labels, calls(engine.tokens(texts), size)))


def calls(tokens: Sequence[Tokens], size: int) -> Iterator[list[Tokens]]:
    """The rows by length, cut so that rows times the longest of a call stay within `size`."""
    call: list[Tokens] = []
    for row in sorted(tokens, key=len):
        if call and (len(call) + 1) * len(row) > size:
            yield call
            call = []
        call.append(row)
    if call:
        yield call


def main() -> None:
    """Measure one mode."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("texts", type=Path)
    parser.add_argument("mode", choices=("alone", "bulk"))
    parser.add_argument("--warm", type=float, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    given = parser.parse_args()
    engine, texts = Engine(given.folder), json.loads(given.texts.read_text("utf-8"))
    if given.mode == "alone":
        found = alone(engine, texts, given.warm, given.seconds)
    else:
        found = bulk(engine, texts, given.seconds)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
