"""Remarks: what people say, joined to the answers they speak of, checked, and made ready to be kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import DataError, Problem
from ..records import Row, Source
from ..task import Task
from .journal import Asked, Kind, Origin, Said
from .kept import without_private
from .labels import Spelling, known_labels, names_in, read_label

LONGEST_TEXT, LONGEST_NAME = 10_000, 100
_UNKNOWN = "Send the id of an answer as the server gave it; answers that were not kept cannot be corrected."


@dataclass(frozen=True, slots=True)
class Remark:
    """What somebody says of the answer `asked`, or of a `row` that was never asked. `source` is where it stands.

    `at` is UTC, ISO 8601; empty: now.
    """

    source: Source
    kind: Kind
    value: Any
    who: str = ""
    asked: str = ""
    row: Row = field(default_factory=dict)
    at: str = ""


@dataclass(frozen=True)
class Heard:
    """Remarks as they may be kept; `missing` names ids that no answer has, `wrong` what cannot be read, `doubts` what
    was taken although it may be a mistake."""

    said: Sequence[Said]
    missing: Sequence[Problem] = ()
    wrong: Sequence[Problem] = ()
    doubts: Sequence[Problem] = ()


def hear(
    remarks: Iterable[Remark],
    answers: Mapping[str, Asked],
    task: Task,
    *,
    origin: Origin,
    now: str,
    redact: bool = True,
) -> Heard:
    """Each remark as what is kept of it, in order. `answers` are those that the remarks may speak of, by id."""
    hearing = _Hearing(task, answers, origin, now, redact)
    said = [each for remark in remarks if (each := hearing.one(remark)) is not None]
    return Heard(said, hearing.missing, hearing.wrong, hearing.doubts)


class _Hearing:
    def __init__(
        self, task: Task, answers: Mapping[str, Asked], origin: Origin, now: str, redact: bool
    ) -> None:  # fmt: skip
        self._task, self._answers, self._origin, self._now, self._redact = task, answers, origin, now, redact
        self._spelling = Spelling(known_labels(task))
        self._labels: dict[Any, Any] = {}
        self.missing: list[Problem] = []
        self.wrong: list[Problem] = []
        self.doubts: list[Problem] = []

    def one(self, remark: Remark) -> Said | None:
        """What is kept of a remark; None, and the reason noted, where nothing can be."""
        answer = self._answers.get(remark.asked) if remark.asked else None
        if remark.asked and answer is None:
            self.missing.append(Problem(f"there is no answer '{remark.asked}'.", str(remark.source), _UNKNOWN))
            return None
        row = answer.row if answer else remark.row
        try:
            value, key = self._value(remark, row)
        except DataError as error:
            self.wrong.extend(error.problems)
            return None
        kept = dict(row) if answer or not self._redact else {name: without_private(cell) for name, cell in row.items()}
        return Said(
            at=remark.at or self._now, who=_name(remark.who), origin=self._origin, kind=remark.kind, value=value,
            asked=remark.asked, key=answer.key if answer else key, row=kept,
        )  # fmt: skip

    def _value(self, remark: Remark, row: Row) -> tuple[Any, str]:
        """What is kept of what was said, and the content key of the row."""
        if remark.kind == "label":
            value, key, mended = self._label(remark, row)
            self._doubt(names_in(value), mended, remark.source)
            return value, key
        key = "" if remark.asked else self._task.parse(row, remark.source).key
        if remark.kind == "thumb":
            return bool(remark.value), key
        text = str(remark.value)[:LONGEST_TEXT]
        return (without_private(text) if self._redact else text), key

    def _label(self, remark: Remark, row: Row) -> tuple[Any, str, list[Problem]]:
        """What `read_label` says. The label of a known answer is read once a value: only spans depend on the row, and
        the answer has a key."""
        once = bool(remark.asked) and isinstance(remark.value, str) and self._task.reads != "words"
        known = (remark.value, *row) if once else None
        if known in self._labels:
            return self._labels[known], "", []
        # Of an answer whose row was not kept nobody can say whether the label fits: any row of the task stands in.
        found = read_label(self._task, row or self._task.sample[0], remark.value, remark.source)
        if known:
            self._labels[known] = found[0]
        return found

    def _doubt(self, names: Sequence[str], mended: Sequence[Problem], where: Source) -> None:
        for name in names:
            if meant := self._spelling.doubt(name):
                new = f"'{name}' is a label that no version knows yet, and was taken as it is."
                self.doubts.append(Problem(new, str(where), f"Did you mean '{meant}'? Then send that."))
        self.doubts.extend(Problem(one.what, f"{where}, {one.where}", one.mend) for one in mended)


def _name(who: str) -> str:
    """A name that every database can keep."""
    return who.replace("\0", "")[:LONGEST_NAME]
