"""Lanes: parts side by side, in order, each on one core."""

import threading

import pytest
import torch

from tunewheel.models.lanes import Lanes, computing_on


def test_answers_come_in_the_order_of_the_parts() -> None:
    gate = threading.Event()

    def work(number: int, wait: bool) -> int:
        gate.wait(5) if wait else gate.set()
        return number

    assert Lanes(2).each(work, [1, 2], [True, False]) == [1, 2]


def test_each_lane_has_one_core_and_the_caller_keeps_its_own() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        assert Lanes(2).each(lambda _: torch.get_num_threads(), [0, 1]) == [1, 1]
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_a_lane_that_begins_to_compute_late_still_has_one_core() -> None:
    together = threading.Barrier(2)

    def cores(_: int) -> int:
        together.wait(5)  # one in each lane
        return torch.get_num_threads()

    with computing_on(2):
        lanes = Lanes(2)
        lanes.each(lambda _: together.wait(5), [0, 1])  # nothing is computed yet
        assert torch.get_num_threads() == 2
        assert lanes.each(cores, [0, 1]) == [1, 1]


def test_one_lane_and_one_part_are_the_callers_own_work() -> None:
    here = threading.get_ident()
    assert Lanes(1).each(lambda _: threading.get_ident(), [0, 1, 2]) == [here] * 3
    assert Lanes(3).each(lambda _: threading.get_ident(), [0]) == [here]
    assert Lanes(2).each(lambda _: 0, []) == []


def test_a_mistake_in_a_lane_is_the_callers_mistake() -> None:
    def work(number: int) -> None:
        raise ValueError(number)

    with pytest.raises(ValueError, match="1"):
        Lanes(2).each(work, [1, 2])
