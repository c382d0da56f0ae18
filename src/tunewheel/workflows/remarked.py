"""Remarked: what people say no to, of a canary's answers and of the live version's, read off the journal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from ..feedback.alike import alike
from ..feedback.counts import Counts
from ..feedback.journal import Asked, Journal, Role, Said
from ..registry import Rollout

# After so long an answer is surely in the journal.
LATE = timedelta(seconds=2)


class Remarked:
    """Answers of both versions since the roll-out began, and those of them that people said no to.

    Each answer counts once. Labels of an audit do not count: an audit draws from the live version's answers only.
    """

    def __init__(self, journal: Journal, rollout: Rollout, live: str) -> None:
        self._journal = journal
        self._new: tuple[str, Role] = (rollout.version, "canary")
        self._old: tuple[str, Role] = (live, "live")
        self._began, self._until, self._after = _time(rollout.began), rollout.began, rollout.said
        self._given: Counter[tuple[str, Role]] = Counter()
        self._no: Counter[tuple[str, Role]] = Counter()
        self._bad: set[str] = set()

    def look(self) -> Counts | None:
        """What people said no to since the last look, and what they could have; None where there was nothing."""
        if self._journal.last() == self._after:
            return None
        said = list(self._journal.said(self._after))
        answers = self._journal.find({one.asked for one in said if one.asked})
        counts = self._counts({one.id: one for one in self._refused(said, answers.get)})
        self._after = said[-1].number if said else self._after
        return counts

    def _all_given(self) -> Counter[tuple[str, Role]]:
        """How many answers there are by now. Only what is new is counted; what is newest, again the next time, for some
        of it may be on its way."""
        until = (datetime.now(UTC) - LATE).isoformat()
        if _time(until) > _time(self._until):
            self._given += self._counted(self._until, until)
            self._until = until
        return self._given + self._counted(self._until)

    def _counted(self, since: str, until: str = "") -> Counter[tuple[str, Role]]:
        return Counter({arm: self._journal.count(since, until, *arm) for arm in (self._new, self._old)})

    def _refused(self, said: Iterable[Said], answer_of: Callable[[str], Asked | None]) -> Iterable[Asked]:
        for one in said:
            answer = answer_of(one.asked)
            if answer and answer.id not in self._bad and is_no(one, answer) and _time(answer.at) >= self._began:
                yield answer

    def _counts(self, refused: dict[str, Asked]) -> Counts | None:
        kinds = Counter((one.version, one.role) for one in refused.values())
        new, old = kinds[self._new], kinds[self._old]
        if not new and not old:
            return None
        given = self._all_given()
        # Who was said no to before cannot be again; and an answer may be spoken of before it is counted.
        left = [max(given[arm] - self._no[arm], kinds[arm]) for arm in (self._new, self._old)]
        self._bad |= refused.keys()
        self._no += Counter({self._new: new, self._old: old})
        return Counts(left[0], new, left[1], old)


def is_no(said: Said, answer: Asked) -> bool:
    """Whether somebody said that an answer is wrong: a thumb down, or another label."""
    if said.origin == "audit" or said.kind == "text":
        return False
    return not said.value if said.kind == "thumb" else not alike(said.value, answer.answer)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
