"""Rows that people taught, among the rows to learn from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from listening import Listening
from small_texts import intents, write_csv

from tunewheel import tasks
from tunewheel.recipe import DataOptions
from tunewheel.records import Example
from tunewheel.task import Task
from tunewheel.workflows.rows.gather import open_table
from tunewheel.workflows.rows.lessons import Lesson, Lessons, forget, learnt, with_lessons
from tunewheel.workflows.rows.sets import Sets, make_sets
from tunewheel.workspace import Workspace

OPTIONS = DataOptions()


def classifier(**options: Any) -> Task:
    kind = tasks.find("text_classification")
    return kind(kind.Options(**options))


def sets_of(tmp_path: Path, *lessons: Lesson, heard: Listening | None = None, said: int = 0) -> Sets:
    rows, heard = intents(240), heard or Listening()
    table = open_table(write_csv(tmp_path / "questions.csv", rows))
    with Workspace.open(tmp_path / "w") as workspace:
        kept = Lessons(lessons, said)
        return make_sets(workspace, table, classifier(), OPTIONS, None, 0, heard.line, None, kept)


def silent(_: str) -> None:
    """Nobody listens."""


def taught(text: str, label: str) -> Lesson:
    return Lesson({"text": text}, label)


def test_they_come_back_as_they_were_kept(tmp_path: Path) -> None:
    lessons = Lessons([Lesson({"text": "你好"}, "greeting", ["a1", "a2"], "2026-11-28T00:00:00Z", 7)], said=9, turn=3)
    lessons.save(tmp_path)
    assert Lessons.load(tmp_path) == lessons
    assert Lessons.load(tmp_path / "nowhere") == Lessons()


def test_of_a_run_that_is_done_the_rows_are_gone_and_their_number_stays(tmp_path: Path) -> None:
    Lessons([taught("my card is 4000 0000", "cards"), taught("two fees", "fees")], said=9, turn=3).save(tmp_path)
    for _ in range(2):
        forget(tmp_path)
        assert Lessons.load(tmp_path) == Lessons([], said=9, turn=3, gone=2)
        assert Lessons.load(tmp_path).count == 2
    assert "card" not in (tmp_path / "lessons.jsonl").read_text("utf-8")
    forget(tmp_path / "nowhere")


def test_only_those_after_a_number_are_new() -> None:
    lessons = Lessons([Lesson({}, "x", number=number) for number in (3, 5, 8)])
    assert [lessons.newer_than(number) for number in (0, 4, 8)] == [3, 2, 0]


def test_what_cannot_be_read_is_named_by_its_number_and_the_rest_is_learnt() -> None:
    heard = Listening()
    found = learnt(
        Lessons([taught("a card", "cards"), Lesson({"title": "x"}, "cards")]), classifier(), OPTIONS, heard.line
    )
    assert [(one.content, one.target) for one in found.examples] == [("a card", "cards")]
    assert [problem.where for problem in found.problems] == ["feedback row 2"]
    assert heard.said.startswith("1 rows of feedback cannot be read; the first: feedback row 2")


def test_entities_and_several_labels_are_read_as_their_tasks_read_them() -> None:
    many = learnt(Lessons([Lesson({"text": "fees"}, ["money", "card"])]), classifier(multi_label=True), OPTIONS, silent)
    assert sorted(many.examples[0].target) == ["card", "money"]
    kind = tasks.find("token_classification")
    names = Lessons([Lesson({"words": ["Anna", "sings"]}, [[0, 4, "PER"]]), Lesson({"words": ["Anna"]}, ["B-PER"])])
    spans = learnt(names, kind(kind.Options()), OPTIONS, silent).examples
    assert [one.target for one in spans] == [("B-PER", "O"), ("B-PER",)]


def test_where_rows_have_a_time_a_lesson_has_that_of_its_answer() -> None:
    lesson = Lesson({"text": "a card"}, "cards", at="2026-11-28T00:00:00Z")
    example = learnt(Lessons([lesson]), classifier(), DataOptions(time="asked"), silent).examples[0]
    assert example.columns["asked"] == "2026-11-28T00:00:00Z"


def test_a_new_row_and_a_new_class_are_learnt_and_a_known_row_is_corrected(tmp_path: Path) -> None:
    before = sets_of(tmp_path)
    known = before.train[0]
    heard = Listening()
    new = [taught(f"please sing song number {number} for me", "songs") for number in range(30)]
    after = sets_of(tmp_path, taught(str(known.content), "corrected"), *new, heard=heard, said=31)
    everything = {one.key: one.target for one in [*after.train, *after.validation]}
    assert everything[known.key] == "corrected"
    assert sum(target == "songs" for target in everything.values()) >= 25
    assert "30 rows are new from feedback; 1 answers are corrected by it." in heard.said
    assert (before.said, after.said) == (0, 31)


def test_a_frozen_test_row_is_never_learnt_whatever_people_say_of_it(tmp_path: Path) -> None:
    frozen = sets_of(tmp_path).test[0]
    after = sets_of(tmp_path, taught(f"{frozen.content}", "songs"), taught(f"{frozen.content} ", "songs"))
    assert frozen.key not in {one.key for one in [*after.train, *after.validation]}
    assert {one.key: one.target for one in after.test}[frozen.key] == frozen.target
    assert "songs" not in {one.target for one in [*after.train, *after.validation]}


def test_who_steers_now_has_steered_every_turn_before(tmp_path: Path) -> None:
    new = [taught(f"please sing song number {number} for me", "songs") for number in range(60)]
    few, many = sets_of(tmp_path, *new[:30]), sets_of(tmp_path, *new)
    learnt_from = {one.key for one in few.train}
    assert not learnt_from & {one.key for one in many.validation}


@pytest.mark.parametrize("share", [0.0, 0.2])
def test_lessons_are_divided_in_the_shares_of_the_other_rows(share: float) -> None:
    lessons = [Example(f"{number} {number * 7919} quite different words", "x") for number in range(400)]
    others = [Example(f"row {number}", "x") for number in range(100)]
    held = int(100 * share)
    train, steering = with_lessons(others[held:], others[:held], lessons, silent)
    assert len(steering) - held == pytest.approx(400 * share, abs=30)
    assert not {one.key for one in train} & {one.key for one in steering}
