"""Class weights of a training: from rows that count the same to classes that do."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from small_texts import intents

from tunewheel import tasks
from tunewheel.records import Source
from tunewheel.task import Task
from tunewheel.training.weighing import weighed

COUNTS = np.array([80, 15, 5])
TARGETS = np.repeat(np.arange(3), COUNTS)


@pytest.fixture
def three() -> Task:
    kind = tasks.find("text_classification")
    task = kind(kind.Options())
    task.facts = task.learn([task.parse(row, Source("rows.csv", i, "")) for i, row in enumerate(intents(60))])
    task.facts["labels"] = [*task.facts["labels"][:2], "another"]
    return task


def test_without_weighing_the_task_is_as_it_was(three: Task) -> None:
    assert weighed(three, TARGETS, 0.0) is three


@pytest.mark.parametrize("balance", [0.25, 0.5, 1.0])
def test_rare_classes_count_more_and_all_rows_together_the_same(three: Task, balance: float) -> None:
    weights = np.array(weighed(three, TARGETS, balance).facts["class_weights"])
    assert weights[0] < 1 < weights[2]
    np.testing.assert_allclose(weights[2] / weights[0], (80 / 5) ** balance)
    assert np.average(weights, weights=COUNTS) == pytest.approx(1.0)
    assert "class_weights" not in three.facts


def test_shares_of_classes_are_counted_as_such(three: Task) -> None:
    shares = np.eye(3, dtype=np.float32)[TARGETS]
    as_numbers, as_shares = (weighed(three, of, 1.0).facts["class_weights"] for of in (TARGETS, shares))
    assert as_numbers == pytest.approx(as_shares)
    assert np.multiply(as_numbers, COUNTS) == pytest.approx(np.full(3, 100 / 3))


def test_a_class_without_rows_has_a_weight_that_is_finite(three: Task) -> None:
    assert np.isfinite(weighed(three, np.array([0, 0, 1]), 1.0).facts["class_weights"]).all()


def test_the_loss_of_a_rare_class_rises(three: Task) -> None:
    logits = {"logits": torch.tensor([[2.0, 0.0, 0.0], [2.0, 0.0, 0.0]])}
    tensors = {"targets": torch.tensor([0, 2])}
    assert weighed(three, TARGETS, 0.5).loss(logits, tensors) > three.loss(logits, tensors)
