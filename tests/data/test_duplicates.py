"""Exact and near duplicates of texts and pictures."""

from __future__ import annotations

import io
import time
from itertools import combinations

import numpy as np
import pytest
from PIL import Image

from tunewheel.data.duplicates import exact_groups, joined_groups, near_example_groups, near_groups, normalise, repeats
from tunewheel.data.minhash import jaccard
from tunewheel.records import Example, Picture

LETTER = "I am still waiting for the new card that was promised to me two weeks ago by your colleague on the phone"


def picture(image: Image.Image, kind: str = "PNG") -> Picture:
    file = io.BytesIO()
    image.save(file, kind)
    return Picture(file.getvalue())


def scene(seed: int) -> Image.Image:
    """A smooth picture of 64 by 64 pixels, as photographs are."""
    cells = np.random.default_rng(seed).integers(0, 255, (5, 5, 3)).astype(np.uint8)
    return Image.fromarray(cells).resize((64, 64), Image.Resampling.BICUBIC)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Where is it?", "where  is it"),
        ("ＡＢＣ１２３", "abc123"),
        ("hasn't", "hasn’t"),
        ("很好。", "很好！"),
        ("Straße", "STRASSE"),
    ],
)
def test_spelling_that_changes_nothing_is_the_same(left: str, right: str) -> None:
    assert normalise(left) == normalise(right)


@pytest.mark.parametrize(
    ("left", "right"), [(":)", ":("), ("C#", "C"), ("-5", "5"), ("...", "?"), ("好", "坏"), ("4.5", "45")]
)
def test_signs_that_carry_meaning_stay(left: str, right: str) -> None:
    assert normalise(left) != normalise(right)


def test_equal_texts_share_a_group_whatever_their_order() -> None:
    assert exact_groups(["b", "A", "a!", "b"]).tolist() == [1, 0, 0, 1]
    assert repeats(np.array([5, 3, 5, 3, 5])).tolist() == [2, 3, 4]


def test_a_long_text_with_one_other_word_is_a_near_duplicate() -> None:
    groups = near_groups([LETTER, "Something else entirely", LETTER.replace("two", "six"), LETTER.upper() + "!!"])
    assert groups[0] == groups[2] == groups[3] != groups[1]


def test_chinese_near_duplicates_are_found_by_bigrams() -> None:
    review = "酒店的位置非常好，离地铁站只有五分钟，房间很干净，服务员也很热情，下次来还会住这里"
    groups = near_groups([review, review.replace("五", "六"), "手机电池不耐用，屏幕也不清楚"])
    assert groups[0] == groups[1] != groups[2]


def test_clusters_are_those_of_comparing_every_pair() -> None:
    generator = np.random.default_rng(3)
    words = ["card", "transfer", "top", "up", "fee", "charged", "wrong", "account", "money", "when", "how", "why"]
    texts = [" ".join(generator.choice(words, 12)) for _ in range(60)]
    texts += [f"{text} {generator.choice(words)}" for text in texts[:30]]
    groups = near_groups(texts)
    pairs = combinations(range(len(texts)), 2)
    alike = [(i, j) for i, j in pairs if jaccard(normalise(texts[i]), normalise(texts[j]), 5) >= 0.85]
    assert alike
    assert all(groups[i] == groups[j] for i, j in alike)
    linked = {i for pair in alike for i in pair}
    alone = [i for i in range(len(texts)) if i not in linked]
    assert len(set(groups[alone].tolist())) == len(alone)


def test_the_order_of_rows_does_not_change_the_clusters() -> None:
    texts = [LETTER.replace("two", str(n)) for n in range(30)] + [f"text number {n}" for n in range(30)]
    order = np.random.default_rng(0).permutation(len(texts))
    direct, shuffled = near_groups(texts), near_groups([texts[i] for i in order])
    same = direct[order][:, None] == direct[order][None, :]
    assert (same == (shuffled[:, None] == shuffled[None, :])).all()


def test_texts_compared_in_small_portions_form_the_same_clusters(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(5)
    words = LETTER.split()
    texts = [" ".join(generator.choice(words, 20)) for _ in range(40)]
    texts += [f"{text} {generator.choice(words)}" for text in texts for _ in range(2)]
    at_once = near_groups(texts)
    assert len(set(at_once.tolist())) == 40
    monkeypatch.setattr("tunewheel.data.minhash.CHUNK_CHARACTERS", 300)
    monkeypatch.setattr("tunewheel.data.minhash.REMEMBERED", 2)
    assert near_groups(texts).tolist() == at_once.tolist()


def test_thousands_of_equal_and_templated_rows_take_no_quadratic_time() -> None:
    texts = ["thank you"] * 10_000 + [
        f"order {n} was sent to you by courier on monday, please be in" for n in range(2_000)
    ]
    started = time.process_time()
    groups = near_groups(texts)
    assert time.process_time() - started < 8
    assert len(set(groups[:10_000].tolist())) == 1


def test_no_text_one_text_and_empty_texts() -> None:
    assert near_groups([]).tolist() == []
    assert near_groups(["x"]).tolist() == [0]
    assert len(set(near_groups(["", "", "?"]).tolist())) == 2


def test_rows_joined_by_either_grouping_are_one_group() -> None:
    joined = joined_groups(np.array([0, 0, 1, 2, 3]), np.array([7, 8, 8, 9, 9]))
    assert joined[0] == joined[1] == joined[2] != joined[3] == joined[4]


def test_a_picture_saved_again_or_shrunk_is_a_near_duplicate() -> None:
    first = scene(1)
    same = [picture(first), picture(first, "JPEG"), picture(first.resize((32, 32)))]
    pictures = [*same, picture(scene(2)), Picture(b"broken")]
    groups = near_example_groups([Example(each) for each in pictures])
    assert groups[0] == groups[1] == groups[2]
    assert len({groups[0], groups[3], groups[4]}) == 3
