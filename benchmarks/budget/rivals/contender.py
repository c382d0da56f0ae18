"""What every rival needs: the contest as it was told, a clock that can be stopped, and the readings it gives.

Standard library only: some rivals run in environments of their own, and what is imported here counts for all.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

Answers = Sequence[Any]
Predict = Callable[[Sequence[Any]], Answers]
# What stops so few seconds after a mark has learnt next to nothing since.
AT_MARK = 20.0


class Clock:
    """Wall seconds since the process was started, without those spent `off_the_clock`."""

    def __init__(self, started: float) -> None:
        self._started = started
        self._off = 0.0

    @property
    def seconds(self) -> float:
        return time.time() - self._started - self._off

    @contextmanager
    def off_the_clock(self) -> Iterator[None]:
        """What is done inside is not counted."""
        stopped = time.time()
        try:
            yield
        finally:
            self._off += time.time() - stopped


class Contender:
    """A rival at work: the rows it was given, the marks, and its readings so far."""

    def __init__(self, told: dict[str, Any], started: float, longest: float) -> None:
        self.told = told
        self.clock = Clock(started)
        self.longest = longest
        self.readings: list[dict[str, Any]] = []
        self.facts: dict[str, Any] = {}
        self.aside: dict[int, tuple[float, Any]] = {}

    @property
    def contents(self) -> list[Any]:
        return list(self.told["train"]["contents"])

    @property
    def answers(self) -> list[Any]:
        return list(self.told["train"]["answers"])

    @property
    def words(self) -> bool:
        """Whether a row is a list of words with a tag each."""
        return bool(self.told["kind"] == "words")

    def read(self, predict: Predict, *, at: float | None = None, only: bool = False) -> None:
        """Note how the model of this moment, or of the second `at`, answers the test rows; and the validation rows, if
        there are any and it is not the `only` reading, which need not be chosen from others."""
        seconds = round(self.clock.seconds if at is None else at, 2)
        with self.clock.off_the_clock():
            held = None if only else self.told["validation"]
            validation = agreement(predict(held["contents"]), held["answers"]) if held else None
            test = list(predict(self.told["test"]))
        self.readings.append({"seconds": seconds, "validation": validation, "answers": test})
        print(f"{seconds:.1f} s: read, validation {validation}", file=sys.stderr, flush=True)

    def due(self, step_seconds: float) -> int | None:
        """The mark that will have passed before the next step is done, if any: the moment to set the model aside."""
        now = self.clock.seconds
        return next((mark for mark in self.told["marks"] if mark - step_seconds <= now < mark), None)

    def set_aside(self, mark: int, copied: Callable[[], Any]) -> None:
        """Keep a copy of the model for a mark, in place of an earlier one; it is read when all is done."""
        seconds = self.clock.seconds
        with self.clock.off_the_clock():
            self.aside[mark] = seconds, copied()

    def read_aside(self, restored: Callable[[Any], Predict]) -> None:
        """Read what was set aside, the earliest first."""
        for seconds, kept in self.aside.values():
            self.read(restored(kept), at=seconds)

    def stop(self, where: str) -> None:
        """Note that it was stopped, where, and when."""
        self.facts |= {"stopped": where, "ended": round(self.clock.seconds, 2)}

    @property
    def was_read_last(self) -> bool:
        """Whether it was stopped at a mark, and what it had there was set aside: nothing came after that."""
        return "stopped" in self.facts and any(mark <= self.facts["ended"] <= mark + AT_MARK for mark in self.aside)

    @property
    def late(self) -> bool:
        """Whether it must stop."""
        return self.clock.seconds >= self.longest


def agreement(answers: Answers, actual: Sequence[Any]) -> float:
    """What a rival chooses its best model by: the share of right answers; for tags the F1 of the tagged words."""
    if actual and isinstance(actual[0], list):
        pairs = [pair for one, other in zip(answers, actual, strict=True) for pair in zip(one, other, strict=True)]
        right = sum(one == other != "O" for one, other in pairs)
        named = sum((one != "O") + (other != "O") for one, other in pairs)
        return 2 * right / max(named, 1)
    return sum(one == other for one, other in zip(answers, actual, strict=True)) / max(len(actual), 1)


def compete(work: Callable[[Contender], None]) -> None:
    """Let a rival work on the contest that the command line names, and print its readings as the last line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("contest", type=Path)
    parser.add_argument("--started", type=float, required=True)
    parser.add_argument("--longest", type=float, required=True)
    given = parser.parse_args()
    contender = Contender(json.loads(given.contest.read_text("utf-8")), given.started, given.longest)
    with redirect_stdout(sys.stderr):
        work(contender)
    print(json.dumps({**contender.facts, "readings": contender.readings}, ensure_ascii=False))
