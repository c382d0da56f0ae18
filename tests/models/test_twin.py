"""Twin: bf16 linear layers beside a float32 original; all else is shared."""

from pathlib import Path

import pytest
import torch

from tunewheel.models.backbone import Backbone, load_backbone
from tunewheel.models.twin import Twin


@pytest.fixture
def body(tiny_folder: Path) -> Backbone:
    loaded = load_backbone(tiny_folder)
    for name, parameter in loaded.named_parameters():
        parameter.requires_grad_("layer.0" not in name and "word_embeddings" not in name)
    return loaded


def test_linear_layers_are_copied_to_bf16_and_everything_else_is_shared(body: Backbone) -> None:
    copies = dict(Twin(body).module.named_parameters())
    for name, original in body.named_parameters():
        linear = "LayerNorm" not in name and "embeddings" not in name
        assert (copies[name].dtype == torch.bfloat16) == linear
        assert (copies[name] is original) != linear
        assert copies[name].requires_grad == original.requires_grad


def test_what_moves_is_paired_and_what_does_not_is_left_out(body: Backbone) -> None:
    twin = Twin(body)
    moving = {id(p) for p in body.parameters() if p.requires_grad}
    assert {id(original) for original, _ in twin.moving} == moving and 0 < len(moving) < len(list(body.parameters()))
    assert all(original.shape == copied.shape for original, copied in twin.moving)


@pytest.mark.parametrize("of", [1, 2])
def test_refreshing_all_parts_brings_every_copy_up_to_its_original(body: Backbone, of: int) -> None:
    twin = Twin(body)
    with torch.no_grad():
        for original, _ in twin.moving:
            original.add_(1.0)
    for part in range(of):
        twin.refresh(part, of)
    assert all(torch.equal(copied, original.to(copied.dtype)) for original, copied in twin.moving)
