"""Floors learn from no more rows than there is time for, and from the same ones each time."""

from pathlib import Path

from listening import Listening
from small_texts import intents

from tunewheel import tasks
from tunewheel.records import Source
from tunewheel.workflows.rows.sets import Sets
from tunewheel.workflows.tuning.lay_floors import lay_floors


def vocabulary(folder: Path, most_bytes: int | None) -> list[str]:
    """What the linear floor knows when it was laid within so many bytes of text."""
    kind = tasks.find("text_classification")
    task = kind(kind.Options())
    rows = [task.parse(row, Source("rows.csv", i, "")) for i, row in enumerate(intents(120))]
    task.facts = task.learn(rows)
    sets = Sets(rows[:90], rows[90:], [], "")
    *_, floor = lay_floors(task, sets, folder, 0, Listening(), most_bytes)
    return floor.made.origin.state().facts["vectors"]["parts"][0]["vocabulary"]


def test_without_a_limit_all_rows_are_learnt_from(tmp_path: Path) -> None:
    assert vocabulary(tmp_path / "a", None) == vocabulary(tmp_path / "b", 1_000_000)


def test_a_limit_leaves_rows_out_the_same_ones_each_time(tmp_path: Path) -> None:
    whole, part = vocabulary(tmp_path / "a", None), vocabulary(tmp_path / "b", 300)
    assert set(part) < set(whole)
    assert vocabulary(tmp_path / "c", 300) == part
