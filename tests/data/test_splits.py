"""Dividing rows: stratified, grouped, by time; what is given; what is impossible."""

from __future__ import annotations

import csv
import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tunewheel.data.splits import Splits, divide, divide_rest, overlap
from tunewheel.errors import SplitError
from tunewheel.records import Example, Source, Words

SHARED = Path(os.environ.get("TUNEWHEEL_SHARED", Path(__file__).parents[3] / "shared"))
BANKING = SHARED / "data" / "intent" / "banking77_en"


def rows(count: int, labels: int = 3) -> list[Example]:
    return [Example(f"{i * 7919 % 100_003} text", f"label {i % labels}", Source("a.csv", i + 2)) for i in range(count)]


def banking(name: str) -> list[Example]:
    if not BANKING.exists():
        pytest.skip("the shared data are not here")
    with (BANKING / name).open(encoding="utf-8", newline="") as file:
        return [Example(row["text"], row["label"], Source(name, i)) for i, row in enumerate(csv.DictReader(file), 2)]


def sides(splits: Splits) -> list[set[int]]:
    return [set(part.tolist()) for part in (splits.train, splits.validation, splits.test)]


def assert_parts(splits: Splits, count: int) -> None:
    parts = sides(splits)
    assert set.union(*parts) == set(range(count))
    assert sum(map(len, parts)) == count


@pytest.mark.parametrize("method", ["stratified", "grouped", "time"])
def test_every_row_is_on_one_side(method: str) -> None:
    examples = rows(200)
    numbers = list(range(200))
    splits = divide(examples, method=method, groups=[n // 4 for n in numbers], times=numbers)  # type: ignore[arg-type]
    assert_parts(splits, 200)
    assert all(sides(splits))


def test_labels_keep_their_shares() -> None:
    examples = [Example(f"text {i}", "a" if i % 10 < 8 else "b") for i in range(1_000)]
    splits = divide(examples)
    assert (len(splits.validation), len(splits.test)) == (150, 200)
    assert Counter(examples[i].target for i in splits.test) == {"a": 160, "b": 40}


def test_rare_labels_are_taught_first_then_tested_then_validated() -> None:
    rare = [Example(f"rare {label} {i}", label) for label, n in (("one", 1), ("two", 2), ("four", 4)) for i in range(n)]
    examples = [*(Example(f"usual {i}", "usual") for i in range(100)), *rare]
    splits = divide(examples)
    train, validation, test = (
        {examples[i].target for i in part} for part in (splits.train, splits.validation, splits.test)
    )
    assert train == {"usual", "one", "two", "four"}
    assert test == {"usual", "two", "four"}
    assert validation == {"usual", "four"}


def test_same_content_and_seed_give_the_same_parts_in_any_order() -> None:
    examples = rows(300)
    order = np.random.default_rng(0).permutation(300)
    first, second = divide(examples, seed=4), divide([examples[i] for i in order], seed=4)
    assert {examples[i].key for i in first.test} == {examples[order[i]].key for i in second.test}
    assert {examples[i].key for i in first.test} != {examples[i].key for i in divide(examples, seed=5).test}


def test_near_duplicates_stay_on_one_side() -> None:
    letters = [f"I have been waiting for my new bank card number {i} since the first of the month" for i in range(40)]
    texts = [copy for letter in letters for copy in (letter, letter.upper() + "!", letter + " please")]
    examples = [Example(text, f"label {i % 2}") for i, text in enumerate(texts)]
    examples += rows(100)
    splits = divide(examples)
    train, test = ([examples[i] for i in part] for part in (splits.train, splits.test))
    assert overlap(train, test).tolist() == []


def test_a_group_is_never_divided() -> None:
    examples, groups = rows(200), [i // 8 for i in range(200)]
    splits = divide(examples, method="grouped", groups=groups)
    found = [{groups[i] for i in part} for part in sides(splits)]
    assert not (found[0] & found[1] | found[0] & found[2] | found[1] & found[2])
    assert 30 <= len(splits.test) <= 50


def test_texts_that_all_groups_share_do_not_join_all_groups() -> None:
    examples = [Example("thanks" if i % 5 == 0 else f"question {i}", "a") for i in range(200)]
    splits = divide(examples, method="grouped", groups=[i // 10 for i in range(200)])
    assert all(sides(splits))
    assert len(splits.notes) == 1


def test_the_newest_rows_are_the_test() -> None:
    examples = rows(100)
    days = np.random.default_rng(1).permutation(100)
    times = [f"2024-{1 + day // 28:02d}-{1 + day % 28:02d}" for day in days.tolist()]
    splits = divide(examples, method="time", times=times)
    newest = [max(days[part]) for part in (splits.train, splits.validation)]
    assert newest[0] < min(days[splits.validation]) and newest[1] < min(days[splits.test])


def test_an_old_text_said_again_is_no_test_row() -> None:
    examples = [*rows(99), Example(rows(1)[0].content, "label 0")]
    assert 99 not in divide(examples, method="time", times=list(range(100))).test


def test_shares_asked_for_are_exact_and_usual_sizes_are_capped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tunewheel.data.splits.VALIDATION_MOST", 100)
    monkeypatch.setattr("tunewheel.data.splits.TEST_MOST", 150)
    usual, asked = divide(rows(1_000)), divide(rows(1_000), validation=0.3, test=0.5)
    assert (len(usual.validation), len(usual.test)) == (100, 150)
    assert (len(asked.validation), len(asked.test)) == (300, 500)


def test_small_files_give_more_than_the_usual_share() -> None:
    splits = divide(rows(100))
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (60, 15, 25)


def test_where_a_test_is_given_only_validation_is_set_apart() -> None:
    splits = divide_rest(rows(500))
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (425, 75, 0)


def test_entities_and_several_labels_are_divided_by_their_rarest() -> None:
    words = [Example(Words(f"w{i}", ((0, 2),)), ("B-RARE",) if i < 10 else ("O",)) for i in range(100)]
    several = [Example(f"text {i}", ("common", "rare") if i < 10 else ("common",)) for i in range(100)]
    for examples in (words, several):
        assert sum(i < 10 for i in divide(examples).test) in (2, 3)


def test_what_cannot_be_divided_says_why() -> None:
    with pytest.raises(SplitError, match="9 rows cannot be divided"):
        divide(rows(9))
    with pytest.raises(SplitError, match="belong to 1 group"):
        divide(rows(20), method="grouped", groups=["a"] * 20)
    with pytest.raises(SplitError, match="--group COLUMN"):
        divide(rows(20), method="grouped")
    with pytest.raises(SplitError, match="leave nothing to train on"):
        divide(rows(20), validation=0.5, test=0.5)
    with pytest.raises(SplitError, match="nearly the same"):
        divide([Example("always this", "a")] * 20)


@pytest.mark.parametrize("method", ["stratified", "grouped", "time"])
def test_rows_away_from_the_test_are_those_that_do_not_overlap_it(method: str) -> None:
    # Every group shares a text with the others, so groups are kept apart and copies may be on two sides.
    examples = [Example("thanks", "label 0")] * 40
    examples += [Example(text, one.target) for one in rows(40) for text in (one.text, one.text.upper() + "!")]
    groups = [i % 8 for i in range(len(examples))]
    splits = divide(examples, method=method, groups=groups, times=range(len(examples)))  # type: ignore[arg-type]
    copied = overlap([examples[i] for i in splits.test], examples).tolist()
    assert splits.away_from_test().tolist() == sorted(set(range(len(examples))) - set(copied))


def test_all_unreadable_times_are_listed_with_their_rows() -> None:
    times = ["2024-01-31"] * 18 + ["soon", None]
    with pytest.raises(SplitError) as caught:
        divide(rows(20), method="time", times=times)
    assert [problem.where for problem in caught.value.problems] == ["a.csv row 20", "a.csv row 21"]


def test_banking77_is_divided_without_leaks_and_with_every_intent_on_every_side() -> None:
    examples = banking("train.csv")
    splits = divide(examples)
    parts = [[examples[i] for i in part] for part in (splits.train, splits.validation, splits.test)]
    assert [len({example.target for example in part}) for part in parts] == [77, 77, 77]
    assert len(overlap(parts[0], parts[2])) == len(overlap(parts[0], parts[1])) == 0


def test_banking77_test_rows_that_are_also_trained_on_are_found() -> None:
    train, test = banking("train.csv"), banking("test.csv")
    texts = {example.text.strip().lower() for example in train}
    literal = {i for i, example in enumerate(test) if example.text.strip().lower() in texts}
    assert len(literal) >= 6
    assert literal <= set(overlap(train, test).tolist())
