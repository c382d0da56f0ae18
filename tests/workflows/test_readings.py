"""What reading takes, what that leaves for moving the body, and how fast a short training learns."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest

from tunewheel.training.options import TrainingOptions
from tunewheel.workflows.tuning.budget import HURRIED_ROWS, Cost, answering_seconds
from tunewheel.workflows.tuning.readings import SLOWEST, STEP_OVER_READING, WORTHWHILE_STEPS, Readings, slowed

OPTIONS = TrainingOptions(epochs=4, batch_units=100, learning_rate=1e-4)


class Learner:
    """Reads a unit in 2 ms, or in 1 ms in bf16; 500 validation units, 2,000 test rows of 10 units."""

    held_units = 500
    test_units = 20_000
    sets = SimpleNamespace(test=range(2_000))
    seed = 0
    loaded = 0

    def fresh_module(self, seed: int) -> object:
        self.loaded += 1
        return object()

    def reading_seconds(self, module: object, *, half: bool = False) -> float:
        return 0.001 if half else 0.002


def measured(precision: str, *, hurried: bool = True) -> Readings:
    learner: Any = Learner()
    return Readings.measured(learner, OPTIONS.model_copy(update={"precision": precision}), hurried=hurried)


def test_a_body_that_trains_in_bf16_is_looked_at_and_judged_before_in_bf16() -> None:
    readings = measured("bf16")
    assert (readings.unit, readings.judging, readings.glancing) == (0.001, 1.0, 0.5)
    assert readings.answering == pytest.approx((2_000 + HURRIED_ROWS) * 0.02 + 2_000 * 0.01)


def test_who_has_time_lets_the_body_before_answer_in_float32() -> None:
    assert measured("bf16", hurried=False).answering == pytest.approx((4_000 + HURRIED_ROWS) * 0.02)


def test_the_body_is_loaded_once_for_both_ways_to_read() -> None:
    learner: Any = Learner()
    Readings.measured(learner, OPTIONS.model_copy(update={"precision": "bf16"}), hurried=True)
    assert learner.loaded == 1


def test_one_that_trains_in_float32_is_read_in_nothing_else() -> None:
    readings = measured("fp32")
    assert (readings.unit, readings.judging, readings.glancing) == (0.002, 1.0, 1.0)


def test_of_few_test_rows_all_are_asked_again_for_the_certificate() -> None:
    assert answering_seconds(100, 0.02, 0.01) == pytest.approx(100 * (0.02 + 0.02 + 0.01))


@pytest.mark.parametrize(("units", "least"), [(1_000_000, WORTHWHILE_STEPS * 100), (700, 700)])
def test_a_body_is_moved_where_there_is_time_for_some_steps_or_for_all_rows(units: int, least: int) -> None:
    readings = Readings(unit=0.001)
    seconds = STEP_OVER_READING * 0.001 * least
    assert readings.worthwhile(OPTIONS, units, seconds + 1e-9)
    assert not readings.worthwhile(OPTIONS, units, 0.99 * seconds)


@pytest.mark.parametrize(("steps", "part"), [(400, 1.0), (500, 1.0), (225, 0.75), (100, 0.5), (10, SLOWEST)])
def test_a_training_cut_short_learns_more_slowly(steps: int, part: float) -> None:
    cut = OPTIONS.model_copy(update={"steps": steps})
    slow = slowed(cut, Cost(epoch=10.0, steps=100), OPTIONS)
    assert slow.learning_rate == pytest.approx(part * 1e-4)
    assert slow == cut.model_copy(update={"learning_rate": slow.learning_rate})
    assert math.isclose(slow.head_learning_rate, OPTIONS.head_learning_rate)


def test_one_with_all_its_passes_learns_as_it_was_meant_to() -> None:
    assert slowed(OPTIONS, Cost(epoch=10.0, steps=100), OPTIONS) == OPTIONS
    asked = OPTIONS.model_copy(update={"steps": 40})
    assert slowed(asked, Cost(epoch=10.0, steps=100), asked) == asked
