"""Attention within windows: both ways give the same, and the faster one is taken, measured once a machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor

from tunewheel.models.text import attention
from tunewheel.models.text.attention import LENGTHS, NEVER, fused, least_fused, mixed, written


@pytest.fixture(autouse=True)
def afresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A machine on which nothing was measured yet."""
    monkeypatch.setenv("TUNEWHEEL_CACHE", str(tmp_path))
    attention._least_fused.cache_clear()
    yield
    attention._least_fused.cache_clear()


def windows(longest: int, dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    draw = torch.Generator().manual_seed(1)
    parts = [torch.randn(3, 4, longest, 8, generator=draw).to(dtype) for _ in range(3)]
    lengths = torch.tensor([longest, longest // 2, 1])
    return parts[0], parts[1], parts[2], (torch.arange(longest) < lengths.unsqueeze(1))[:, None, None, :]


@pytest.mark.parametrize(("dtype", "near"), [(torch.float32, 1e-5), (torch.bfloat16, 2e-2)])
def test_both_ways_give_the_same_answers_and_gradients(dtype: torch.dtype, near: float) -> None:
    answers, gradients = [], []
    for way in (written, fused):
        query, key, value, visible = windows(40, dtype)
        query.requires_grad_()
        drawn = way(query, key, value, visible)
        drawn.float().square().sum().backward()
        answers.append(drawn.detach())
        gradients.append(query.grad)
    torch.testing.assert_close(*answers, atol=near, rtol=near)
    torch.testing.assert_close(*gradients, atol=10 * near, rtol=10 * near)


def test_sentences_are_written_out_without_asking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attention, "least_fused", lambda *_: pytest.fail("nothing is to be measured"))
    parts = windows(LENGTHS[0] - 1)
    assert torch.equal(mixed(*parts), written(*parts))


@pytest.mark.parametrize(("length", "way"), [(127, written), (128, fused), (300, fused)])
def test_from_the_length_that_was_found_on_the_kernel_answers(
    length: int, way: attention.Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attention, "least_fused", lambda dtype: 128)
    parts = windows(length)
    assert torch.equal(mixed(*parts), way(*parts))
    learning = [part.clone().requires_grad_() for part in parts[:3]]
    assert torch.equal(mixed(*learning, parts[3]), written(*parts))
    with torch.no_grad():
        assert torch.equal(mixed(*learning, parts[3]), way(*parts))


@pytest.mark.parametrize(
    ("gains", "least"), [(set(), NEVER), ({512}, 512), ({128, 256, 512}, 128), ({64, 256, 512}, 256), ({64}, NEVER)]
)
def test_it_pays_for_a_length_where_it_does_for_all_that_are_longer(
    gains: set[int], least: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(attention, "_gains", lambda length, *_: asked.append(length) or length in gains)
    assert least_fused(torch.float32) == least
    attention._least_fused.cache_clear()
    times = len(asked)
    assert least_fused(torch.float32) == least and len(asked) == times, "remembered by the machine"


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_measuring_leaves_no_trace_in_what_training_draws(dtype: torch.dtype) -> None:
    before = torch.get_rng_state()
    assert least_fused(dtype) in (*LENGTHS, NEVER)
    assert torch.equal(torch.get_rng_state(), before)
