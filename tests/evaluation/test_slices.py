"""Worst slices: what is cut, what is proved, what is not claimed."""

from __future__ import annotations

import numpy as np
import pytest

from tunewheel.evaluation.slices import cuts, holm, script, worst_slices
from tunewheel.records import Example, Picture, Ratio, Words


def rows(count: int = 400, **columns: list[object]) -> list[Example]:
    return [
        Example("x" * (1 + i % 40), "a", columns={name: values[i] for name, values in columns.items()})
        for i in range(count)
    ]


def right(correct: np.ndarray) -> Ratio:
    return Ratio(correct.astype(float), np.ones(len(correct)))


def test_the_slice_that_is_bad_comes_first_and_is_proved() -> None:
    shops = [f"shop {i % 4}" for i in range(400)]
    correct = np.array([i % 4 != 2 or i % 8 == 2 for i in range(400)])
    worst = worst_slices(rows(shop=shops), right(correct))[0]
    assert worst.name == "shop: shop 2"
    assert worst.rows == 100
    assert worst.score.value == 0.5
    assert worst.difference.value == pytest.approx(-0.5)
    assert worst.difference.proved
    assert worst.difference.low < -0.5 < worst.difference.high < 0


def test_noise_in_many_columns_is_seldom_called_a_weakness() -> None:
    generator = np.random.default_rng(0)
    columns = {f"c{k}": [int(v) for v in generator.integers(0, 10, 400)] for k in range(20)}
    found = worst_slices(rows(**columns), right(generator.random(400) < 0.8))
    assert not any(part.difference.proved for part in found)
    assert len(found) == 12


def test_metrics_that_are_not_right_or_wrong_and_groups_work_too() -> None:
    part = np.arange(400) % 4 == 0
    ratio = Ratio(np.where(part, 2.0, 4.0) * (np.arange(400) % 3 > 0), np.full(400, 5.0))
    names = {True: "weak", False: "strong"}
    examples = rows(kind=[names[bool(p)] for p in part])
    plain, grouped = worst_slices(examples, ratio), worst_slices(examples, ratio, groups=[i // 2 for i in range(400)])
    assert plain[0].name == grouped[0].name == "kind: weak"
    assert plain[0].difference.proved


def test_a_slice_that_is_a_single_group_is_not_proved_weak_by_its_lack_of_spread() -> None:
    documents = [number // 20 for number in range(400)]
    correct = np.random.default_rng(0).random(400) < 0.8
    found = worst_slices(rows(document=documents), right(correct), groups=documents)
    assert found[0].name.startswith("document: ")
    assert not any(part.difference.proved for part in found)
    assert all(part.score.low < part.score.high for part in found)


def test_small_slices_and_free_text_columns_are_left_out() -> None:
    shops: list[object] = ["rare" if i < 19 else "usual" for i in range(400)]
    notes: list[object] = [f"note {i}" for i in range(400)]
    names = [part.name for part in worst_slices(rows(shop=shops, note=notes), right(np.ones(400)))]
    assert names
    assert all(name.startswith("length: ") for name in names)


def test_quarters_of_length_are_named_with_their_ends() -> None:
    names = [name for name, _ in cuts(rows()) if name.startswith("length")]
    assert names[0] == "length: shortest quarter (1 to 10 characters)"
    assert names[-1] == "length: longest quarter (31 to 40 characters)"


def test_sentences_are_measured_in_words_and_pictures_not_at_all() -> None:
    sentence = [Example(Words("a b", ((0, 1), (2, 3)))), Example(Words("a", ((0, 1),)))] * 10
    assert any("words" in name for name, _ in cuts(sentence))
    assert not list(cuts([Example(Picture(b"x"))] * 40))


def test_an_empty_cell_is_a_value() -> None:
    values: list[object] = [None if i % 2 else float("nan") if i % 4 else "x" for i in range(400)]
    assert "c: (empty)" in [name for name, _ in cuts(rows(c=values))]


@pytest.mark.parametrize(
    ("text", "name"),
    [("hello", "Latin"), ("你好 ok", "Han"), ("привет", "Cyrillic"), ("ひらがな", "Japanese kana"), ("1 2 3!", "none")],
)
def test_the_script_is_that_of_most_letters(text: str, name: str) -> None:
    assert script(text) == name


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []
