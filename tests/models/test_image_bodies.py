import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from tunewheel.errors import ModelDamaged, ModelError
from tunewheel.models.images.augment import Augment
from tunewheel.models.images.bodies import SameConv, build_image_body, load_image_body
from tunewheel.models.tiny import tiny_image

LITE0 = {"model_type": "efficientnet-lite0"}
SMALL = {"model_type": "small-cnn", "channels": [4, 8, 8]}


def pixels(count: int, side: int, channels: int = 3) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {"pixels": torch.randint(0, 256, (count, channels, side, side), generator=generator, dtype=torch.uint8)}


@pytest.mark.parametrize(("config", "side"), [(LITE0, 64), (LITE0, 97), (SMALL, 28), (SMALL, 16)])
def test_a_body_gives_one_vector_a_picture(config: dict, side: int) -> None:
    body = build_image_body(config).eval()
    assert body(pixels(2, side)).shape == (2, body.width)


def test_grey_pictures_are_read_like_their_colour_copies() -> None:
    body = build_image_body(SMALL).eval()
    grey = pixels(2, 28, channels=1)
    colour = {"pixels": grey["pixels"].expand(-1, 3, -1, -1)}
    torch.testing.assert_close(body(grey), body(colour))


def test_a_picture_is_answered_the_same_alone_and_in_company() -> None:
    body = build_image_body(SMALL).eval()
    batch = pixels(5, 28)
    torch.testing.assert_close(body(batch)[3:4], body({"pixels": batch["pixels"][3:4]}))


@pytest.mark.parametrize(("size", "kernel", "stride"), [(7, 3, 2), (8, 3, 2), (8, 5, 2), (5, 3, 1), (8, 1, 1)])
def test_same_padding_is_tensorflows(size: int, kernel: int, stride: int) -> None:
    """Output side ceil(size / stride); where the padding is odd the extra pixel comes after the end."""
    conv = SameConv(1, 1, kernel, stride, bias=False)
    torch.nn.init.ones_(conv.weight)
    found = conv(torch.ones(1, 1, size, size))[0, 0, 0]
    before = max((-(-size // stride) - 1) * stride + kernel - size, 0) // 2
    starts = np.arange(-(-size // stride)) * stride - before
    inside = [min(start + kernel, size) - max(start, 0) for start in starts]
    np.testing.assert_allclose(found.detach().numpy(), np.array(inside) * inside[0])


def test_normalisation_that_does_not_move_keeps_its_statistics() -> None:
    body = build_image_body(SMALL)
    for parameter in body.blocks()[0].parameters():
        parameter.requires_grad_(False)
    before = {name: buffer.clone() for name, buffer in body.named_buffers()}
    body.train()
    body(pixels(4, 28))
    changed = {name for name, buffer in body.named_buffers() if not torch.equal(buffer, before[name])}
    assert changed and all(name.startswith(("stem.", "stages.1.")) for name in changed)


def test_blocks_lie_between_the_pixels_and_the_features() -> None:
    body = build_image_body(LITE0)
    assert len(body.blocks()) == 17
    inside = {id(p) for block in (body.stem, *body.blocks()) for p in block.parameters()}
    assert inside == {id(p) for p in body.parameters()}


def test_a_body_is_rebuilt_from_its_config_and_weights(tmp_path: Path) -> None:
    folder = tiny_image(tmp_path, seed=3)
    body = load_image_body(folder).eval()
    again = build_image_body(json.loads(json.dumps(body.config)))
    again.load_state_dict(body.state_dict())
    torch.testing.assert_close(again.eval()(pixels(2, 28)), body(pixels(2, 28)))


def test_missing_misshapen_and_unknown_are_refused(tmp_path: Path) -> None:
    folder = tiny_image(tmp_path)
    save_file({"stem.conv.weight": torch.ones(1)}, folder / "model.safetensors")
    with pytest.raises(ModelDamaged, match="do not fit"):
        load_image_body(folder)
    save_file({}, folder / "model.safetensors")
    with pytest.raises(ModelDamaged, match="weights are missing"):
        load_image_body(folder)
    with pytest.raises(ModelError, match="'resnet' is not supported"):
        build_image_body({"model_type": "resnet"})


def test_a_body_learns_to_tell_left_from_right() -> None:
    torch.manual_seed(0)
    sides = torch.zeros(16, 1, 16, 16, dtype=torch.uint8)
    sides[:8, :, :, :8], sides[8:, :, :, 8:] = 255, 255
    target = torch.arange(16) // 8
    body = build_image_body(SMALL).train()
    head = torch.nn.Linear(body.width, 2)
    optimizer = torch.optim.AdamW([*body.parameters(), *head.parameters()], lr=1e-2)
    for _ in range(30):
        loss = torch.nn.functional.cross_entropy(head(body({"pixels": sides})), target)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    assert loss.item() < 0.1


def test_augmentation_moves_pictures_only_in_training_and_by_the_seed() -> None:
    body = build_image_body(SMALL)
    body.augment = Augment(shift=0.2, flip=True)
    batch = pixels(8, 16)
    body.eval()
    torch.testing.assert_close(body(batch), body(batch), rtol=0, atol=0)
    torch.manual_seed(1)
    first = body.augment(batch["pixels"])
    torch.manual_seed(1)
    assert torch.equal(first, body.augment(batch["pixels"]))
    assert not torch.equal(first, batch["pixels"])


def test_a_shift_keeps_the_inside_and_repeats_the_edge() -> None:
    torch.manual_seed(0)
    ramp = torch.arange(10, dtype=torch.uint8).expand(64, 1, 10, 10).contiguous()
    moved = Augment(shift=0.2, flip=False)(ramp)
    offsets = set()
    for rows in moved[:, 0]:
        assert (rows == rows[0]).all()
        offset = int(rows[0, 5]) - 5
        offsets.add(offset)
        assert rows[0].tolist() == [min(max(place + offset, 0), 9) for place in range(10)]
    assert offsets == {-2, -1, 0, 1, 2}


def test_half_of_the_pictures_are_mirrored() -> None:
    torch.manual_seed(0)
    ramp = torch.arange(10).expand(400, 1, 10, 10)
    mirrored = (Augment(shift=0.0, flip=True)(ramp)[:, 0, 0, 0] == 9).float().mean()
    assert 0.4 < mirrored < 0.6
