"""Precision: bf16 only where the machine has it and where it is not slower. Measured once per process."""

from __future__ import annotations

import time
from functools import cache
from typing import Literal

import torch


def device() -> torch.device:
    """Where modules compute: the GPU when there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def choose_precision(wanted: Literal["auto", "bf16", "fp32"]) -> Literal["bf16", "fp32"]:
    """The arithmetic to train with: as wanted, or what was measured to be faster here."""
    if wanted == "auto":
        return "bf16" if bf16_is_faster() else "fp32"
    return wanted


@cache
def bf16_is_faster() -> bool:
    """Whether a linear layer of an encoder's size runs faster in bf16, forward and back, than in float32."""
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported())
    return _seconds(torch.bfloat16) < 0.9 * _seconds(torch.float32)


def _seconds(kind: torch.dtype, rounds: int = 5) -> float:
    """Best time of a matrix product (512 x 384) by (384 x 1536) with its two backward products."""
    left = torch.randn(512, 384).to(kind)
    right = torch.randn(384, 1536).to(kind)
    best = float("inf")
    for _ in range(rounds + 1):
        started = time.perf_counter()
        product = left @ right
        _ = product @ right.T, left.T @ product
        best = min(best, time.perf_counter() - started)
    return best
