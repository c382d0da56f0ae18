"""Anytime: the best so far of a run, registered the moment it exists, and the record of how it was found."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from operator import itemgetter
from typing import Any

from ...evaluation.report import spelled
from ...evaluation.search import Ended, Search, Tried, forecast
from ...registry import Version
from ..say import Say
from .contend import Candidate
from .kept import Kept

Register = Callable[[Candidate], Version]
# Registering costs a second or two: a training that gets better and better is not registered at every step.
REST_SECONDS = 30.0
REST_SHARE = 20.0
BODY = "body"  # the setting that names the pre-trained one


class Anytime:
    """What was tried since `started` (a reading of `time.perf_counter`), and the best of it on the validation rows.

    `register`, where there is one, makes a draft of a candidate, which can be served from then on.
    """

    def __init__(self, register: Register | None, rows: int, started: float, budget: float | None, say: Say) -> None:
        self.register, self.rows, self.started, self.budget, self.say = register, rows, started, budget, say
        self.body = ""  # the pre-trained one whose candidates are those of the run
        self._floors: list[Candidate] = []
        self._before: dict[str, Candidate] = {}
        self._tuned: dict[str, Candidate] = {}
        self.tried: list[Tried] = []
        self.moments: list[tuple[float, float]] = []
        self.drafted = -1.0
        self.cost = 0.0  # seconds that the latest draft took
        self._score = -1.0
        self._registered_at = 0.0
        self._draft: tuple[Candidate, str] | None = None

    def go_on(self, kept: Kept) -> None:
        """Take up the record of an earlier start. What is offered once more is not noted again."""
        self.tried, self.moments, self.drafted = list(kept.tried), list(kept.moments), kept.drafted
        self._score = max((score for _, score in self.moments), default=-1.0)

    def offer(
        self, candidate: Candidate, idea: str, began: float, *, settings: Mapping[str, Any] | None = None,
        ended: Ended = "finished", moments: Sequence[tuple[float, float]] = (), instead: bool = False,
        settled: bool = True, end: float | None = None,
    ) -> None:  # fmt: skip
        """A candidate that is ready; registered where it is the best so far and `settled`: nothing is about to take its
        place. With `instead` it takes the place of the fine-tuned one whatever its score. `began`, `end` (now, if left
        out) and the times of `moments` are readings of `time.perf_counter`."""
        body = _body_of(candidate)
        if candidate.made.role == "floor":
            self._floors.append(candidate)
        elif candidate.made.role == "before":
            self._before[body] = candidate
        elif body not in self._tuned or candidate.score > self._tuned[body].score or instead:
            self._tuned[body] = candidate  # the others are let go: a module fills memory
        better = self._seen([*moments, (end or time.perf_counter(), candidate.score)])
        self._note(idea, began, settings, candidate.score, ended, better, end)
        if settled and len(self.plain) > 1 and candidate.score > self.drafted:  # the first one knows nothing
            self._make_draft(candidate)

    def settle(self, candidate: Candidate, idea: str, began: float) -> None:
        """The tuned candidate in its final form, whatever its validation score says."""
        self._note(idea, began, None, None, "finished", False)
        self.hold(candidate)

    def hold(self, candidate: Candidate) -> None:
        """The tuned candidate of its body from now on, with nothing noted of it."""
        self._tuned[_body_of(candidate)] = candidate

    def lead(self, body: str) -> None:
        """The candidates of this body are those of the run from now on; those of all others are let go."""
        self.body = body
        for held in (self._before, self._tuned):
            for other in set(held) - {body}:
                del held[other]

    def best_of(self, body: str) -> Candidate | None:
        """The best on the validation rows that came of a body, as it was or fine-tuned."""
        found = [held[body] for held in (self._before, self._tuned) if body in held]
        return max(found, key=lambda candidate: candidate.score, default=None)

    @property
    def plain(self) -> list[Candidate]:
        """The floors in the order they came, then the body of the run as it was."""
        return [*self._floors, *([self._before[self.body]] if self.body in self._before else [])]

    @property
    def tuned(self) -> Candidate | None:
        """The best fine-tuned one of the body of the run."""
        return self._tuned.get(self.body)

    @property
    def candidates(self) -> list[Candidate]:
        """All plain ones in the order they came, then the best fine-tuned one, if there is one."""
        return [*self.plain, *([self.tuned] if self.tuned else [])]

    def passed(
        self, idea: str, began: float, score: float | None, *, settings: Mapping[str, Any] | None = None,
        ended: Ended = "pruned", moments: Sequence[tuple[float, float]] = (), end: float | None = None,
    ) -> None:  # fmt: skip
        """A training of which nothing is kept."""
        self._note(idea, began, settings, score, ended, self._seen(moments), end)

    def rising(self, candidate: Callable[[], Candidate], score: float) -> None:
        """A training under way that has just scored so much: registered now and then where it is the best so far."""
        rest = max(REST_SECONDS, REST_SHARE * self.cost)
        if score > max(self.drafted, self._score) and time.perf_counter() - self._registered_at > rest:
            self._make_draft(candidate())

    def draft_of(self, candidate: Candidate) -> str | None:
        """The version that holds just this candidate, if there is one."""
        return self._draft[1] if self._draft and self._draft[0] is candidate else None

    def record(self, metric: str, why: str) -> Search:
        """All of it, for the report."""
        spent = time.perf_counter() - self.started
        more = self.budget or spent
        told = forecast(self.moments, spent=spent, more=more, rows=self.rows)
        return Search(self.budget, metric, self.rows, _told_apart(self.tried), list(self.moments), why, told)

    def _seen(self, moments: Sequence[tuple[float, float]]) -> bool:
        """Whether the best score rose at one of these moments. What was trained beside is told later than it was."""
        new = [(round(at - self.started, 2), score) for at, score in moments]
        self.moments = _rising([*self.moments, *new])
        before, self._score = self._score, max([self._score, *(score for _, score in new)])
        return self._score > before

    def _note(
        self, idea: str, began: float, settings: Mapping[str, Any] | None, score: float | None, ended: Ended,
        best: bool, end: float | None = None,
    ) -> None:  # fmt: skip
        if any(one.idea == idea and one.settings == dict(settings or {}) for one in self.tried):
            return  # of an earlier start
        seconds = round((end or time.perf_counter()) - began, 2)
        number = len(self.tried) + 1
        began = round(began - self.started, 2)
        self.tried.append(Tried(number, idea, dict(settings or {}), began, seconds, score, ended, best))

    def _make_draft(self, candidate: Candidate) -> None:
        if self.register is None:
            return
        began = time.perf_counter()
        version = self.register(candidate)
        if version.status == "refused":
            self.say.line(f"{version.id} ({candidate.name}) is refused: its served answers differ from those judged.")
            return
        self._registered_at = time.perf_counter()
        self.cost = self._registered_at - began
        self.drafted, self._draft = candidate.score, (candidate, version.id)
        metric = spelled(candidate.task.best_by)
        self.say.line(
            f"Best so far after {self._registered_at - self.started:.0f} s: {candidate.name}, {metric} "
            f"{100 * candidate.score:.1f} on {self.rows} validation rows. It can be served: --version {version.id}."
        )


def _body_of(candidate: Candidate) -> str:
    return candidate.made.body.name if candidate.made.body else ""


def _rising(moments: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Those moments at which the best score rose, in order of time."""
    rising: list[tuple[float, float]] = []
    for at, score in sorted(moments, key=itemgetter(0)):
        if not rising or score > rising[-1][1]:
            rising.append((at, score))
    return rising


def _told_apart(tried: Sequence[Tried]) -> list[Tried]:
    """What was tried; its body is told only where there were several."""
    if len({one.settings[BODY] for one in tried if BODY in one.settings}) > 1:
        return list(tried)
    return [replace(one, settings={k: v for k, v in one.settings.items() if k != BODY}) for one in tried]
