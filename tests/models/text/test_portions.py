"""A batch read in portions gives what it gives at once: answers and gradients."""

from pathlib import Path

import pytest
import torch

from tunewheel.models.backbone import Backbone, load_backbone
from tunewheel.models.text import portions
from tunewheel.models.text.portions import _portions

LENGTHS = [30, 7, 21, 40, 3]


def windows(lengths: list[int]) -> dict[str, torch.Tensor]:
    """Windows of random tokens."""
    ids = torch.randint(5, 60, (sum(lengths),), generator=torch.Generator().manual_seed(1), dtype=torch.int32)
    return {"ids": ids, "lengths": torch.tensor(lengths, dtype=torch.int32)}


@pytest.fixture
def body(tiny_folder: Path) -> Backbone:
    return load_backbone(tiny_folder)


def test_portions_are_whole_windows_in_order_and_none_is_too_large_that_need_not_be() -> None:
    tensors = windows(LENGTHS)
    found = list(_portions(tensors["ids"], tensors["lengths"], 35))
    assert [lengths.tolist() for _, lengths in found] == [[30], [7, 21], [40], [3]]
    assert torch.equal(torch.cat([ids for ids, _ in found]), tensors["ids"])


@pytest.mark.parametrize("gradients", [True, False])
def test_answers_and_gradients_are_those_of_one_reading(body: Backbone, monkeypatch, gradients: bool) -> None:
    tensors, found = windows(LENGTHS), []
    pull = torch.randn(sum(LENGTHS), body.width, generator=torch.Generator().manual_seed(2))
    for most in (10_000, 35):
        monkeypatch.setattr(portions, "WITH_GRADIENTS", most)
        monkeypatch.setattr(portions, "WITHOUT", most)
        body.zero_grad(set_to_none=True)
        with torch.set_grad_enabled(gradients):
            states = body(tensors)
        if gradients:
            (states * pull).sum().backward()
        found.append([states.detach(), *(p.grad.clone() for p in body.parameters() if p.grad is not None)])
    assert len(found[0]) == len(found[1]) and (len(found[0]) > 20) == gradients
    for whole, parts in zip(*found, strict=True):
        torch.testing.assert_close(parts, whole, atol=1e-4, rtol=1e-4)


def test_what_training_holds_does_not_grow_with_the_text(body: Backbone, monkeypatch) -> None:
    monkeypatch.setattr(portions, "WITH_GRADIENTS", 64)
    held = []
    for count in (4, 40):
        kept = [0]

        def keep(tensor: torch.Tensor, kept: list[int] = kept) -> torch.Tensor:
            kept[0] += tensor.numel()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            body(windows([30] * count))
        held.append(kept[0])
    assert held[1] < 11 * held[0]
    monkeypatch.setattr(portions, "WITH_GRADIENTS", 10_000)
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        body(windows([30] * 40))
    assert kept[0] - held[1] > 20 * held[1]
