"""feedback: what people said of answers: taken in, resolved to rows, given out for training."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import AnswerMissing, DataError, Problem
from ..feedback.journal import Origin, Said
from ..feedback.labels import labelled, spelled
from ..feedback.remarks import Remark, hear
from ..feedback.resolve import Correction, Resolved, resolve
from ..records import Source, content_key
from ..registry.canonical import utc_now
from ..registry.revive import task_of
from ..task import Task
from ..workspace import Workspace
from .feedback_file import checked_target, read_remarks, write_rows
from .rows.gather import open_table

MOST_SHOWN = 20


@dataclass(frozen=True)
class Imported:
    """What became of the rows of a file: `kept` are new; `known` were there already; `unlabelled` say nothing; `frozen`
    are among those kept and are never trained on. `doubts` were taken, `left_out` were not."""

    path: Path
    kept: int
    known: int
    unlabelled: int
    frozen: int
    doubts: Sequence[Problem]
    left_out: Sequence[Problem]


@dataclass(frozen=True)
class Exported:
    """Rows with their labels as a file for training holds them, where they were written (None: nowhere), and what they
    were made from."""

    rows: Sequence[Mapping[str, Any]]
    path: Path | None
    resolved: Resolved


def import_file(
    workspace: Workspace,
    path: str | Path,
    *,
    columns: Mapping[str, str] | None = None,
    settings: Mapping[str, Any] | None = None,
    who: str = "",
    origin: Origin = "import",
    leave_out: bool = False,
    redact: bool = True,
) -> Imported:
    """Take in a table of labels: each row has the id of an answer, or what was or would be asked, and the right label.

    `columns` names those that are called otherwise than usual (see `read_remarks`), `settings` says how the file is
    read, `who` is the person where no column says it. The same file once more changes nothing.
    Raises `DataError` with every mistake of the file, and then nothing is kept, unless mistakes are to be left out.
    """
    with _unswept():
        return _imported(workspace, path, columns or {}, settings, who, origin, leave_out, redact)


@contextmanager
def _unswept() -> Iterator[None]:
    """No looking for cycles among hundreds of thousands of objects that have none: it takes a quarter of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _imported(
    workspace: Workspace, path: str | Path, columns: Mapping[str, str], settings: Mapping[str, Any] | None, who: str,
    origin: Origin, leave_out: bool, redact: bool,
) -> Imported:  # fmt: skip
    table, task = open_table(path, settings), live_task(workspace)
    given = read_remarks(table, task, columns, who)
    answers = workspace.journal.find({remark.asked for remark in given.remarks if remark.asked})
    heard = hear(given.remarks, answers, task, origin=origin, now=utc_now(), redact=redact)
    mistakes = [*table.problems, *given.wrong, *heard.missing, *heard.wrong]
    if mistakes and not leave_out:
        raise _refused(mistakes, table.path)
    dated = frozenset(remark.at for remark in given.remarks if remark.at)
    new = _new(heard.said, workspace.journal.said(rows=False), dated)
    workspace.journal.say(new)
    frozen = frozen_keys(workspace, task)
    return Imported(
        table.path, len(new), len(heard.said) - len(new), given.unlabelled, sum(each.key in frozen for each in new),
        heard.doubts, mistakes,
    )  # fmt: skip


def add(
    workspace: Workspace, identity: str, label: Any, *, who: str = "", origin: Origin = "cli"
) -> Sequence[Problem]:  # fmt: skip
    """Keep the right label of one answer; gives what may be a mistake in it.

    Raises `AnswerMissing`, or `DataError` when the task cannot answer such a label.
    """
    remark = Remark(Source(identity), "label", label, who, identity)
    answers = workspace.journal.find([identity])
    heard = hear([remark], answers, live_task(workspace), origin=origin, now=utc_now())
    if heard.missing:
        raise AnswerMissing.of(heard.missing)
    if heard.wrong:
        raise DataError.of(heard.wrong)
    workspace.journal.say(heard.said)
    return heard.doubts


def resolved(workspace: Workspace) -> Resolved:
    """All that people said, as rows to train on and rows that wait, by the rules of `feedback.resolve`."""
    said = list(workspace.journal.said())
    answers = workspace.journal.find({each.asked for each in said if each.kind == "thumb"})
    return resolve(said, answers, frozen=frozen_keys(workspace, live_task(workspace)))


def export(workspace: Workspace, output: str | Path | None = None) -> Exported:
    """The resolved rows as `tune` reads them, in `output` (CSV or JSONL by its ending) if it is named.

    Each has the ids of the answers it comes from, how it was said, by how many people, and when.
    Raises `ServingError` for a place that cannot be written.
    """
    target, task, found = checked_target(output), live_task(workspace), resolved(workspace)
    rows = [training_row(task, row) for row in found.rows]
    if target is not None:
        write_rows(target, rows)
    return Exported(rows, target, found)


def training_row(task: Task, row: Correction) -> dict[str, Any]:
    """A resolved row as a file for training holds it."""
    said = {"id": " ".join(row.ids), "origin": row.origin, "said_with": row.kind, "votes": row.votes, "at": row.at}
    return {**labelled(task, row.row, row.label), **said}


def erase(workspace: Workspace, what: str) -> int:
    """Empty the rows of a text, or of the answer with this id, everywhere in the journal. Gives how many."""
    answer = workspace.journal.find([what]).get(what)
    return workspace.journal.erase(answer.key if answer and answer.key else content_key(what))


def live_task(workspace: Workspace) -> Task:
    """The task of the live version. Raises `VersionMissing` where there is none."""
    return task_of(workspace.bundle("live"))


def frozen_keys(workspace: Workspace, task: Task) -> frozenset[str]:
    """The content keys of the test rows that judge; none where nothing is frozen."""
    frozen = workspace.frozen_test(task.name)
    return frozen.keys if frozen else frozenset()


def _new(said: Sequence[Said], before: Any, dated: frozenset[str]) -> list[Said]:
    """What says something new: with a time of its own, what was not said at that time; otherwise what is not the last
    word of that person on that answer. Of several words in one file the last counts."""
    mine = {_voice(each) for each in said}
    last: dict[Any, str] = {}
    there: set[Any] = set()
    for each in before:
        if (voice := _voice(each)) in mine:
            last[voice] = spelled(each.value)
            if dated:
                there.add((voice, each.at, last[voice]))
    timed = {(_voice(each), each.at, spelled(each.value)): each for each in said if each.at in dated}
    untimed = {_voice(each): each for each in said if each.at not in dated}
    new = [each for mark, each in timed.items() if mark not in there]
    return [*new, *(each for voice, each in untimed.items() if last.get(voice) != spelled(each.value))]


def _voice(said: Said) -> tuple[str, str, str, str, str]:
    return said.origin, said.who, said.kind, said.asked, said.key


def _refused(mistakes: Sequence[Problem], path: Path) -> DataError:
    rows = "one row cannot" if len(mistakes) == 1 else f"{len(mistakes):,} rows cannot"
    first = Problem(f"{rows} be used, so nothing was imported.", str(path), "Mend them, or use --leave-out.")
    shown = [first, *mistakes[:MOST_SHOWN]]
    if len(mistakes) > MOST_SHOWN:
        shown.append(Problem(f"... and {len(mistakes) - MOST_SHOWN:,} more like these."))
    error = DataError.of(shown)
    assert isinstance(error, DataError)
    return error
