"""Bodies that read pictures: EfficientNet-lite0 with ImageNet weights, and a small network learned from scratch."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from ...errors import ModelDamaged, ModelError
from ..backbone import Backbone, read_json
from ..tensors import Tensors


class ImageBody(Backbone):
    """A network over tensors["pixels"], (B, C, H, W) uint8 with C 1 (grey) or 3; gives pooled features (B, width).

    Pixels are normalised here, so that batches stay small; grey ones are repeated over three channels. `augment`
    is applied in training mode only. Normalisation layers that do not move keep their statistics, too.
    """

    stem: nn.Module

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        self.config = dict(config)
        self.augment: nn.Module = nn.Identity()
        for name in ("mean", "std"):
            value = torch.tensor(config.get(name, [0.5] * 3), dtype=torch.float32).mul(255).view(1, 3, 1, 1)
            self.register_buffer(name, value, persistent=False)

    def forward(self, tensors: Tensors) -> Tensor:
        pixels = self.augment(tensors["pixels"]) if self.training else tensors["pixels"]
        scaled = (pixels.float() - self.get_buffer("mean")) / self.get_buffer("std")  # grey becomes three channels
        maps = self.stem(scaled.contiguous(memory_format=torch.channels_last))
        for block in self.blocks():
            maps = block(maps)
        return self.pooled(maps)

    def pooled(self, maps: Tensor) -> Tensor:
        """Feature maps (B, C, h, w) as vectors (B, width)."""
        return maps.mean((2, 3))

    def train(self, mode: bool = True) -> ImageBody:
        super().train(mode)
        for part in self.modules():
            if isinstance(part, nn.BatchNorm2d) and not part.weight.requires_grad:
                part.eval()
        return self


class SameConv(nn.Conv2d):
    """A convolution padded as TensorFlow's "SAME" pads: as much as is needed, the odd pixel after the end."""

    def forward(self, input: Tensor) -> Tensor:
        padding: list[int] = []
        for size, kernel, stride in zip(input.shape[:1:-1], self.kernel_size[::-1], self.stride[::-1], strict=True):
            total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
            padding += [total // 2, total - total // 2]
        return F.conv2d(F.pad(input, padding), self.weight, self.bias, self.stride, 0, self.dilation, self.groups)


class ConvNorm(nn.Module):
    """Convolution, batch normalisation and, unless `activate` is off, a ReLU that ends at six."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1, activate: bool = True
    ) -> None:
        super().__init__()
        self.conv = SameConv(inputs, outputs, kernel, stride, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(outputs, eps=1e-3)
        self.activate = activate

    def forward(self, maps: Tensor) -> Tensor:
        normed: Tensor = self.norm(self.conv(maps))
        return F.relu6(normed) if self.activate else normed


class InvertedResidual(nn.Module):
    """Widen, convolve each channel by itself, narrow; a shortcut where shapes allow (MobileNetV2, Sandler 2018)."""

    def __init__(self, inputs: int, outputs: int, widen: int, kernel: int, stride: int) -> None:
        super().__init__()
        middle = inputs * widen
        self.expand = ConvNorm(inputs, middle, 1) if widen > 1 else nn.Identity()
        self.depthwise = ConvNorm(middle, middle, kernel, stride, groups=middle)
        self.project = ConvNorm(middle, outputs, 1, activate=False)
        self.shortcut = stride == 1 and inputs == outputs

    def forward(self, maps: Tensor) -> Tensor:
        changed: Tensor = self.project(self.depthwise(self.expand(maps)))
        return maps + changed if self.shortcut else changed


class EfficientNetLite0(ImageBody):
    """EfficientNet-lite0 without its classifier (Tan & Le 2019; the lite variants of tensorflow/tpu)."""

    # repeats, kernel, stride, how much wider inside, channels
    STAGES = (
        (1, 3, 1, 1, 16),
        (2, 3, 2, 6, 24),
        (2, 5, 2, 6, 40),
        (3, 3, 2, 6, 80),
        (3, 5, 1, 6, 112),
        (4, 5, 2, 6, 192),
        (1, 3, 1, 6, 320),
    )
    width = 1280

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        self.stem = ConvNorm(3, 32, 3, stride=2)
        self.layers = nn.ModuleList()
        channels = 32
        for repeats, kernel, stride, widen, outputs in self.STAGES:
            for place in range(repeats):
                self.layers.append(InvertedResidual(channels, outputs, widen, kernel, stride if place == 0 else 1))
                channels = outputs
        self.top = ConvNorm(channels, self.width, 1)

    def blocks(self) -> list[nn.Module]:
        return [*self.layers, self.top]


class ResidualStage(nn.Module):
    """Widen the channels, halve the sides, then two convolutions with a shortcut (He et al. 2016)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.widen = ConvNorm(inputs, outputs, 3)
        self.first = ConvNorm(outputs, outputs, 3)
        self.second = ConvNorm(outputs, outputs, 3)

    def forward(self, maps: Tensor) -> Tensor:
        halved = F.max_pool2d(self.widen(maps), 2)
        changed: Tensor = self.second(self.first(halved))
        return halved + changed


class SmallConv(ImageBody):
    """A compact residual network for pictures of 16 to 64 pixels; `channels` are those of the stem and each stage."""

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        channels = [int(count) for count in config["channels"]]
        self.width = 2 * channels[-1]
        self.stem = ConvNorm(3, channels[0], 3)
        self.stages = nn.ModuleList(ResidualStage(*pair) for pair in pairwise(channels))

    def blocks(self) -> list[nn.Module]:
        return list(self.stages)

    def pooled(self, maps: Tensor) -> Tensor:
        """The mean and the largest answer of each channel."""
        return torch.cat([maps.mean((2, 3)), maps.amax((2, 3))], dim=1)


KINDS: dict[str, type[ImageBody]] = {"efficientnet-lite0": EfficientNetLite0, "small-cnn": SmallConv}


def build_image_body(config: dict[str, Any]) -> ImageBody:
    """The body that `config` describes, with random weights. Raises `ModelError` for an unknown kind."""
    kind = KINDS.get(str(config.get("model_type")))
    if kind is None:
        raise ModelError(
            f"model_type '{config.get('model_type')}' is not supported.", mend=f"Supported: {list(KINDS)}."
        )
    return kind(config)


def load_image_body(folder: Path) -> ImageBody:
    """The body in a model folder. Raises `ModelDamaged` if weights are missing or misshapen."""
    body = build_image_body(read_json(folder / "config.json"))
    try:
        tensors = load_file(folder / "model.safetensors")
        found = body.load_state_dict(tensors, strict=False)
    except (OSError, RuntimeError, ValueError, SafetensorError) as error:
        raise ModelDamaged(f"the weights do not fit ({error}).", where=str(folder)) from None
    missing = [name for name in found.missing_keys if not name.endswith("num_batches_tracked")]
    if missing:
        raise ModelDamaged(f"weights are missing: {', '.join(missing[:3])}.", where=str(folder))
    return body
