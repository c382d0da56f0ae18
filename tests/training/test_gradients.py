"""Gradients in lanes: those of the whole batch, however many parts it is dealt into."""

import numpy as np
import pytest
import torch

from tunewheel.models.lanes import Lanes
from tunewheel.training.batches import sizes
from tunewheel.training.gradients import AtOnce, Gradients, InLanes, dealt
from tunewheel.training.loop import Session, train

ROWS = np.arange(17)


def found(gradients: Gradients, session: Session, small, smoothing: float = 0.1) -> tuple[float, dict]:
    loss = gradients(small.train, ROWS, smoothing)
    named = session.module.named_parameters()
    return loss, {name: p.grad.clone() for name, p in named if p.grad is not None}


def at_once(session: Session, *, half: bool = False) -> AtOnce:
    return AtOnce(session.task, session.module, session.accelerator, half=half)


@pytest.mark.parametrize("changes", [{}, {"mode": "partial"}, {"mode": "lora"}, {"mode": "head"}], ids=str)
@pytest.mark.parametrize("count", [1, 2, 3])
def test_loss_and_gradients_are_those_of_the_batch_in_one_piece(small, changes, count: int) -> None:
    session = small.session(dropout=0.0, **changes)
    whole, wanted = found(at_once(session), session, small)
    loss, mine = found(InLanes(session.task, session.module, Lanes(count), half=False), session, small)
    assert loss == pytest.approx(whole, rel=1e-5)
    assert mine.keys() == wanted.keys() and (len(mine) > 2) == (changes.get("mode") != "head")
    for name in mine:
        torch.testing.assert_close(mine[name], wanted[name], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("mode", ["full", "partial", "lora", "head"])
@pytest.mark.parametrize("count", [1, 2, 40])
def test_in_bf16_gradients_are_float32_and_near_those_of_autocast(small, mode: str, count: int) -> None:
    session = small.session(dropout=0.0, mode=mode)
    _, wanted = found(at_once(session, half=True), session, small)
    _, mine = found(InLanes(session.task, session.module, Lanes(count), half=True), session, small)
    assert mine.keys() == wanted.keys() and all(gradient.dtype == torch.float32 for gradient in mine.values())
    for name in mine:
        scale = wanted[name].abs().max().clamp(min=1e-3)
        torch.testing.assert_close(mine[name] / scale, wanted[name] / scale, atol=0.05, rtol=0.05)


def test_two_lanes_give_the_same_weights_every_time(small, weights, same) -> None:
    runs = []
    for _ in range(2):
        session = small.session(epochs=2, precision="bf16", dropout=0.3)
        session.gradients = InLanes(session.task, session.module, Lanes(2), half=True)
        for _ in train(session, small.train, None):
            pass
        runs.append(weights(session))
    assert same(*runs)


def test_rows_are_dealt_into_parts_of_like_cost_and_every_row_once() -> None:
    costs = np.array([5, 90, 7, 31, 30, 6, 88, 29])
    parts = dealt(np.arange(100, 108), costs, 2)
    assert sorted(np.concatenate(parts).tolist()) == list(range(100, 108))
    totals = [int(costs[part - 100].sum()) for part in parts]
    assert abs(totals[0] - totals[1]) <= 0.1 * sum(totals)
    assert [part.tolist() for part in dealt(np.array([4]), np.array([9]), 3)] == [[4]]


def test_every_step_takes_the_units_of_its_rows(small) -> None:
    steps = list(train(small.session(epochs=1), small.train, None))
    assert sum(step.units for step in steps) == int(sizes(small.train).sum())
