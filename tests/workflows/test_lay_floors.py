"""Floors learn from no more rows than there is time for, and from the same ones each time."""

from pathlib import Path

import pytest
from listening import Listening
from small_texts import intents

from tunewheel import tasks
from tunewheel.records import Source
from tunewheel.training.floors import linear
from tunewheel.workflows.rows.sets import Sets
from tunewheel.workflows.tuning.contend import Candidate
from tunewheel.workflows.tuning.lay_floors import lay_floors


def laid(folder: Path, most_bytes: int | None, *, soon: bool = False) -> list[Candidate]:
    """The floors of 90 rows."""
    kind = tasks.find("text_classification")
    task = kind(kind.Options())
    rows = [task.parse(row, Source("rows.csv", i, "")) for i, row in enumerate(intents(120))]
    task.facts = task.learn(rows)
    sets = Sets(rows[:90], rows[90:], [], "")
    return list(lay_floors(task, sets, folder, 0, Listening(), most_bytes, soon=soon))


def vocabulary(folder: Path, most_bytes: int | None) -> list[str]:
    """What the linear floor knows when it was laid within so many bytes of text."""
    *_, floor = laid(folder, most_bytes)
    return floor.made.origin.state().facts["vectors"]["parts"][0]["vocabulary"]


def test_without_a_limit_all_rows_are_learnt_from(tmp_path: Path) -> None:
    assert vocabulary(tmp_path / "a", None) == vocabulary(tmp_path / "b", 1_000_000)


def test_a_limit_leaves_rows_out_the_same_ones_each_time(tmp_path: Path) -> None:
    whole, part = vocabulary(tmp_path / "a", None), vocabulary(tmp_path / "b", 300)
    assert set(part) < set(whole)
    assert vocabulary(tmp_path / "c", 300) == part


def test_of_much_text_words_come_first_where_something_is_wanted_soon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [[floor.made.origin.name for floor in laid(tmp_path / "a", None, soon=True)]]
    monkeypatch.setattr(linear, "MUCH_TEXT", 1_000)
    names += [
        [f.made.origin.name for f in laid(tmp_path / name, None, soon=soon)]
        for name, soon in (("b", True), ("c", False))
    ]
    assert names == [["majority", "linear"], ["majority", "words", "linear"], ["majority", "linear"]]


def test_words_alone_are_kept_and_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linear, "MUCH_TEXT", 1_000)
    first, again = (laid(tmp_path, None, soon=True)[1] for _ in range(2))
    assert again.made.seconds == first.made.seconds and again.score == first.score
    assert again.name == "TF-IDF of words + logistic regression"
    assert len(again.made.origin.state().facts["vectors"]["parts"]) == 1
