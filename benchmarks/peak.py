"""How near training comes to what the processor can do: the measured peak of matrix products, and the work a token."""

from __future__ import annotations

import time

import torch
from torch import nn

# Sides of the square matrices that are tried: the best of them is the peak.
SIDES = (768, 1024, 1536, 2048)
SECONDS = 0.5
ROUNDS = 3
# Multiplications and additions a weight: one pass forward, two back.
FORWARD, TRAINED = 2, 6


def matmul_peak(dtype: torch.dtype = torch.bfloat16) -> float:
    """Floating-point operations a second of the fastest matrix product, with all threads; the best of three rounds."""
    return max(_rate(side, dtype) for _ in range(ROUNDS) for side in SIDES)


def _rate(side: int, dtype: torch.dtype) -> float:
    left, right = (torch.randn(side, side).to(dtype) for _ in range(2))
    result = torch.empty(side, side, dtype=dtype)
    torch.mm(left, right, out=result)
    products, started = 0, time.perf_counter()
    while time.perf_counter() - started < SECONDS:
        torch.mm(left, right, out=result)
        products += 1
    return products * 2.0 * side**3 / (time.perf_counter() - started)


def work_a_token(blocks: list[nn.Module]) -> int:
    """Operations to train one token: those of the linear layers in blocks that move; what attends costs little more."""
    return TRAINED * sum(
        part.weight.numel()
        for block in blocks
        for part in block.modules()
        if isinstance(part, nn.Linear) and part.weight.requires_grad
    )
