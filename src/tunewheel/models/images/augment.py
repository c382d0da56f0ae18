"""Small random changes to pictures in training: a shift by a few pixels and, where it is harmless, a mirror image."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Augment(nn.Module):
    """Shifts each picture by up to `shift` of its sides, edges repeated, and mirrors every other one if `flip`.

    Takes and gives pixels (B, C, H, W) of any type. Random numbers come from torch's global generator.
    """

    def __init__(self, shift: float, flip: bool) -> None:
        super().__init__()
        self.shift = shift
        self.flip = flip

    def forward(self, pixels: Tensor) -> Tensor:
        height, width = pixels.shape[2:]
        rows = self._places(len(pixels), height)
        columns = self._places(len(pixels), width)
        if self.flip:
            mirrored = torch.rand(len(pixels), 1) < 0.5
            columns = torch.where(mirrored, width - 1 - columns, columns)
        which = torch.arange(len(pixels))[:, None, None]
        moved = pixels[
            which.to(pixels.device), :, rows.to(pixels.device)[:, :, None], columns.to(pixels.device)[:, None, :]
        ]
        return moved.permute(0, 3, 1, 2)

    def _places(self, count: int, size: int) -> Tensor:
        """From where each row (or column) of each picture is taken, (count, size)."""
        most = int(self.shift * size + 0.5)
        offsets = torch.randint(-most, most + 1, (count, 1))
        return (torch.arange(size) + offsets).clamp(0, size - 1)
