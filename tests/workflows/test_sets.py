import json
from pathlib import Path
from typing import Any

import pytest
from listening import Listening
from small_texts import Rows, intents, write_csv

from tunewheel.data import overlap
from tunewheel.errors import LabelError, SplitError, WorkspaceError
from tunewheel.recipe import DataOptions
from tunewheel.records import Example
from tunewheel.tasks.text_classification import TextClassification
from tunewheel.tasks.token_classification import TokenClassification
from tunewheel.workflows.rows.frozen import as_row
from tunewheel.workflows.rows.gather import open_table
from tunewheel.workflows.rows.sets import Sets, divided_anew, make_sets
from tunewheel.workspace import Workspace


class Dividing:
    """Divides files in one workspace; `said` is what was told."""

    def __init__(self, workspace: Workspace, folder: Path) -> None:
        self.workspace, self.folder, self.heard = workspace, folder, Listening()

    def file(self, name: str, rows: Rows) -> str:
        return str(write_csv(self.folder / name, rows))

    def __call__(self, path: str, split: str | None = None, seed: int = 0, **data: Any) -> Sets:
        self.heard = Listening()
        task = TextClassification(TextClassification.Options())
        options = DataOptions(path=path, **data)
        return make_sets(self.workspace, open_table(path), task, options, split, seed, self.heard.line)


@pytest.fixture
def divided(tmp_path: Path):
    with Workspace.open(tmp_path / "w") as workspace:
        yield Dividing(workspace, tmp_path)


def keys(examples: list[Example]) -> list[str]:
    return [example.key for example in examples]


def test_parts_share_no_row_and_lose_none(divided: Dividing) -> None:
    sets = divided(divided.file("a.csv", intents(200)))
    parts = [keys(part) for part in (sets.train, sets.validation, sets.test)]
    assert sum(map(len, parts)) == 200 == len(set().union(*parts))
    assert min(map(len, parts)) > 10
    assert not len(overlap(sets.train + sets.validation, sets.test))


def test_a_later_run_divides_the_same_rows_in_the_same_way(divided: Dividing) -> None:
    """What is repeated or resumed must train on the very same rows in the same order."""
    path = divided.file("a.csv", intents(200))
    first = divided(path)
    assert "frozen 2" not in divided.heard.said
    later = divided(path)
    assert keys(first.train) == keys(later.train)
    assert keys(first.validation) == keys(later.validation)
    assert keys(first.test) == keys(later.test) and first.test_sha256 == later.test_sha256
    assert f"Judged on the {len(first.test)} test rows frozen" in divided.heard.said


def test_another_seed_changes_validation_and_never_the_frozen_test(divided: Dividing) -> None:
    path = divided.file("a.csv", intents(200))
    first, other = divided(path, seed=1), divided(path, seed=2)
    assert keys(first.test) == keys(other.test)
    assert set(keys(first.validation)) != set(keys(other.validation))


def test_frozen_rows_and_their_near_copies_stay_out_of_training_and_steering(divided: Dividing) -> None:
    first = divided(divided.file("a.csv", intents(150)))
    copies = [{"text": example.text.upper() + "!", "label": example.target} for example in first.test[:9]]
    fresh = intents(300, seed=0)[150:]
    validation = divided.file("validation.csv", [*fresh[:30], *copies])
    later = divided(divided.file("b.csv", [*fresh[30:], *copies]), validation=validation)
    assert f"{len(copies)} rows that are (nearly) among them are kept out" in divided.heard.said
    for part in (later.train, later.validation):
        assert part and not len(overlap(first.test, part))
    assert keys(later.test) == keys(first.test)


def test_given_test_rows_are_the_judge_and_leaks_are_listed(divided: Dividing) -> None:
    rows = intents(120)
    test = divided.file("test.csv", [*rows[100:], rows[3]])
    sets = divided(divided.file("a.csv", rows[:100]), test=test)
    assert len(sets.test) == 21 and sets.leaked == [20]
    assert len(sets.train) + len(sets.validation) == 100


def test_other_test_rows_are_refused_with_what_to_do(divided: Dividing) -> None:
    rows = intents(120)
    path, test = divided.file("a.csv", rows[:80]), divided.file("test.csv", rows[80:100])
    first = divided(path, test=test)
    assert keys(divided(path, test=test).test) == keys(first.test)
    with pytest.raises(WorkspaceError, match=r"frozen 2.*not the same\. Leave them out, or start another workspace"):
        divided(path, test=divided.file("other.csv", rows[100:]))


def test_another_subject_is_refused(divided: Dividing) -> None:
    divided(divided.file("a.csv", intents(60)))
    others = [{"text": f"number {n} is {'odd' if n % 2 else 'even'}", "label": f"{n % 2}"} for n in range(60)]
    with pytest.raises(WorkspaceError, match="labels hardly occur"):
        divided(divided.file("b.csv", others))


def test_a_column_can_say_which_part_a_row_belongs_to(divided: Dividing) -> None:
    sides = ["train"] * 8 + ["dev", "测试"]
    rows = [{**row, "part": sides[n % 10]} for n, row in enumerate(intents(100))]
    sets = divided(divided.file("a.csv", rows), split="part")
    assert (len(sets.train), len(sets.validation), len(sets.test)) == (80, 10, 10)
    assert {e.columns["part"] for e in sets.validation} == {"dev"}


def test_repeated_and_unlabelled_rows_do_not_train_and_it_is_said(divided: Dividing) -> None:
    rows = intents(100)
    sets = divided(divided.file("a.csv", [*rows, *rows[:20], {"text": "who knows", "label": ""}]))
    assert "Left out for want of a label: 1 row of a.csv." in divided.heard.lines
    learnt = keys(sets.train) + keys(sets.validation)
    assert len(learnt) == len(set(learnt)) and len(set(learnt) | set(keys(sets.test))) == 100


def test_rows_of_a_test_file_are_never_cleaned(divided: Dividing) -> None:
    rows = intents(100)
    test = divided.file("test.csv", [*rows[80:], rows[80], rows[81]])
    assert len(divided(divided.file("a.csv", rows[:80]), test=test).test) == 22


def test_a_validation_file_without_labels_of_use_is_a_mistake_with_a_sentence(divided: Dividing) -> None:
    rows = intents(100)
    validation = divided.file("validation.csv", [{**row, "label": "unheard of"} for row in rows[80:]])
    with pytest.raises(LabelError, match=r"validation.csv: no validation row has a label.*leave it out"):
        divided(divided.file("a.csv", rows[:80]), validation=validation)


@pytest.mark.parametrize("part", ["validation", "test"])
def test_a_given_file_without_labels_is_never_replaced_by_other_rows(divided: Dividing, part: str) -> None:
    rows = intents(100)
    path = divided.file("a.csv", rows[:80])
    misnamed = divided.file("b.csv", [{"text": row["text"], "topic": row["label"]} for row in rows[80:]])
    with pytest.raises(LabelError, match=r"b.csv: no row has a label. a.csv has its labels in 'label', .*'topic'"):
        divided(path, **{part: misnamed})
    empty = divided.file("c.csv", [{**row, "label": ""} for row in rows[80:]])
    with pytest.raises(LabelError, match=r"c.csv: no row has a label. Fill in column 'label', or leave the file out"):
        divided(path, **{part: empty})
    assert divided.workspace.frozen_test("text_classification") is None


def test_test_rows_of_a_column_without_labels_are_never_replaced_by_other_rows(divided: Dividing) -> None:
    rows = [{**row, "part": "test" if n % 5 == 0 else "train"} for n, row in enumerate(intents(100))]
    rows = [{**row, "label": "" if row["part"] == "test" else row["label"]} for row in rows]
    with pytest.raises(LabelError, match=r"a.csv, rows that 'part' calls test: no row has a label. Label them, or"):
        divided(divided.file("a.csv", rows), split="part")


def test_rows_of_a_given_file_without_a_label_are_counted(divided: Dividing) -> None:
    rows = intents(100)
    test = divided.file("test.csv", [*rows[80:], *({"text": f"who knows {n}", "label": ""} for n in range(3))])
    assert len(divided(divided.file("a.csv", rows[:80]), test=test).test) == 20
    assert "Left out for want of a label: 3 rows of test.csv." in divided.heard.lines


def test_validation_rows_that_are_all_frozen_test_rows_are_a_mistake(divided: Dividing) -> None:
    path = divided.file("a.csv", intents(150))
    frozen = [{"text": example.text, "label": example.target} for example in divided(path).test]
    with pytest.raises(SplitError, match=r"validation.csv: every validation row is .* among the frozen test rows"):
        divided(path, validation=divided.file("validation.csv", frozen))


def test_rows_that_cannot_be_read_are_told_with_the_first_of_them_and_kept_for_the_report(divided: Dividing) -> None:
    rows = intents(100)
    path = divided.folder / "a.jsonl"
    broken = [{"text": None, "label": "card"}] * 5
    path.write_text("".join(json.dumps(row) + "\n" for row in [*rows, *broken]))
    sets = divided(str(path))
    first, *shown, rest = divided.heard.lines[:5]
    assert first == "5 rows of a.jsonl cannot be used:"
    assert shown == [f"  {problem}" for problem in sets.problems[:3]] and "a.jsonl row 101" in shown[0]
    assert rest == "  ... and 2 more, which the report lists."
    assert len(sets.problems) == 5


def test_spans_that_were_mended_are_told_and_kept_for_the_report(divided: Dividing) -> None:
    texts = [f"Anna met number {n} in Berlin" for n in range(40)]
    rows = [{"text": text, "spans": [[0, 4, "PER"], [len(text) - 6, len(text), "LOC"]]} for text in texts]
    rows[7]["spans"][0][1] = 5  # a space too much
    path = divided.folder / "a.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    task, heard = TokenClassification(TokenClassification.Options()), Listening()
    sets = make_sets(divided.workspace, open_table(path), task, DataOptions(), None, 0, heard.line)
    assert heard.lines[0] == "1 span of a.jsonl mended or left out:"
    assert "a.jsonl row 8, characters 0-5" in heard.lines[1] and "trimmed" in str(sets.problems[0])


@pytest.mark.parametrize("rows", [10, 11, 12])
def test_a_file_too_small_to_learn_from_freezes_nothing(divided: Dividing, rows: int) -> None:
    """Or its few test rows would judge all that is labelled later."""
    with pytest.raises(SplitError, match=r"a.csv: \d rows are left to learn from beside the test rows; 10 are needed"):
        divided(divided.file("a.csv", intents(rows)))
    assert divided.workspace.frozen_test("text_classification") is None
    assert len(divided(divided.file("a.csv", intents(60))).test) > 10


def test_rows_that_another_run_froze_meanwhile_are_the_judge(
    divided: Dividing, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, rows = divided.file("a.csv", intents(100)), intents(30, seed=9)
    first = [Example(row["text"], row["label"]) for row in rows]
    freeze_test = divided.workspace.freeze_test

    def raced(name: str, rows: Any, keys: Any, facts: Any) -> Any:
        freeze_test(name, [as_row(example) for example in first], [example.key for example in first], {})
        return freeze_test(name, rows, keys, facts)

    monkeypatch.setattr(divided.workspace, "freeze_test", raced)
    sets = divided(path)
    assert keys(sets.test) == keys(first)
    assert not len(overlap(sets.train + sets.validation, sets.test))


def test_each_row_carries_its_group(divided: Dividing) -> None:
    rows = [{**row, "author": f"author {n // 4}"} for n, row in enumerate(intents(120))]
    sets = divided(divided.file("a.csv", rows), group="author")
    groups = sets.groups(sets.test)
    assert groups is not None and len(groups) == len(sets.test) and len(set(groups)) > 3
    assert not set(groups) & set(sets.groups(sets.train) or ())
    assert divided(divided.file("a.csv", rows)).groups(sets.test) is None


def test_what_cannot_be_learnt_from_freezes_nothing(divided: Dividing) -> None:
    """Or the next try, with the right column, would be judged on the rows of the wrong one."""
    rows = intents(60)
    with pytest.raises(LabelError, match="two labels or more"):
        divided(divided.file("a.csv", [{**row, "label": "same"} for row in rows]))
    assert divided.workspace.frozen_test("text_classification") is None
    assert len(divided(divided.file("b.csv", rows)).test) > 10


def test_rows_to_learn_from_are_divided_anew_and_the_test_rows_stay(divided: Dividing) -> None:
    path = divided.file("a.csv", intents(200))
    sets, options = divided(path), DataOptions(path=path)
    first, second = (divided_anew(sets, options, seed) for seed in (1, 2))
    assert first is not None and second is not None
    for other in (first, second):
        assert other.rows == sets.rows and other.few and keys(other.test) == keys(sets.test)
        assert set(keys(other.train + other.validation)) == set(keys(sets.train + sets.validation))
        assert not len(overlap(other.train, other.validation))
    held = [set(keys(one.validation)) for one in (sets, first, second)]
    assert held[0] != held[1] != held[2] != held[0]


def test_rows_that_time_divides_are_not_divided_anew(divided: Dividing) -> None:
    rows = [{**row, "day": f"2026-01-{1 + number % 28:02d}"} for number, row in enumerate(intents(100))]
    path = divided.file("a.csv", rows)
    assert divided_anew(divided(path, time="day"), DataOptions(path=path, time="day"), 1) is None


def test_rows_of_a_group_stay_together_when_they_are_divided_anew(divided: Dividing) -> None:
    rows = [{**row, "who": str(number // 5)} for number, row in enumerate(intents(140))]
    path = divided.file("a.csv", rows)
    other = divided_anew(divided(path, group="who"), DataOptions(path=path, group="who"), 1)
    assert other is not None
    assert not {one.columns["who"] for one in other.train} & {one.columns["who"] for one in other.validation}
