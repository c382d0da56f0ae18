"""Attention within windows: written out, or by torch's fused kernel where that is faster on this machine.

Fused, the scores of a window are never there all at once: long windows take less memory, and less time to read. For
sentences, and for learning in bf16, written out is faster (figures in docs/log.md).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor

from ..machine import measured

# Windows that are compared; shorter ones are always written out.
LENGTHS = (64, 128, 256, 512)
NEVER = 1_000_000
# What is computed at a time when rows are read, and of a batch by one core.
READING, LEARNING = 2048, 512
HEADS, WIDTH = 12, 32
ROUNDS = 2
# Less than this gain is within the noise.
WORTH = 0.95
_MEASURING = threading.Lock()

Way = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]


def mixed(query: Tensor, key: Tensor, value: Tensor, visible: Tensor) -> Tensor:
    """What each token of W windows draws from those of its window that are `visible` (W, 1, 1, L); all others are
    (W, heads, L, D)."""
    return (fused if _fuses(query) else written)(query, key, value, visible)


def fused(query: Tensor, key: Tensor, value: Tensor, visible: Tensor) -> Tensor:
    """By the kernel of torch."""
    return F.scaled_dot_product_attention(query, key, value, attn_mask=visible)


def written(query: Tensor, key: Tensor, value: Tensor, visible: Tensor) -> Tensor:
    """By the formula: softmax(query x key / sqrt(D)) x value."""
    hidden = torch.zeros(visible.shape, dtype=query.dtype, device=query.device).masked_fill(~visible, -1e4)
    scores = query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5 + hidden
    drawn: Tensor = scores.softmax(-1) @ value
    return drawn


def _fuses(query: Tensor) -> bool:
    if query.is_cuda:
        return True
    longest = query.shape[2]
    if longest < LENGTHS[0]:
        return False
    return longest >= least_fused(query.dtype, learning=torch.is_grad_enabled() and query.requires_grad)


def least_fused(dtype: torch.dtype, *, learning: bool) -> int:
    """The shortest windows for which the fused kernel is faster here, as all longer ones: measured once a machine."""
    with _MEASURING:  # lanes ask at the same time
        return _least_fused(dtype, learning)


@cache
def _least_fused(dtype: torch.dtype, learning: bool) -> int:
    what = f"{str(dtype).removeprefix('torch.')}, {'learning' if learning else 'reading'}"
    question = f"shortest windows for fused attention, {what}, torch {torch.__version__}"
    return int(measured(question, lambda: str(_measure(dtype, learning))))


def _measure(dtype: torch.dtype, learning: bool) -> int:
    least = NEVER
    for length in reversed(LENGTHS):
        if not _gains(length, dtype, learning):
            break
        least = length
    return least


def _gains(length: int, dtype: torch.dtype, learning: bool) -> bool:
    """By the computing time of this thread, the best of a few rounds in turn: other programs must not sway it."""
    with torch.inference_mode(False), torch.set_grad_enabled(learning):
        windows = (LEARNING if learning else READING) // length
        draw = torch.Generator().manual_seed(0)  # the global one is for training
        shape = (windows, HEADS, length, WIDTH)
        query, key, value = (torch.randn(shape, generator=draw).to(dtype).requires_grad_(learning) for _ in range(3))
        visible = torch.ones(windows, 1, 1, length, dtype=torch.bool)
        best: dict[Way, float] = {written: float("inf"), fused: float("inf")}
        for _ in range(ROUNDS + 1):  # the first round warms up
            for way in best:
                best[way] = min(best[way], _seconds(way, (query, key, value), visible))
    return best[fused] < WORTH * best[written]


def _seconds(way: Way, parts: tuple[Tensor, Tensor, Tensor], visible: Tensor) -> float:
    started = time.thread_time()
    with torch.autocast("cpu", torch.bfloat16, enabled=parts[0].dtype == torch.bfloat16):
        drawn = way(*parts, visible)
    if drawn.requires_grad:
        torch.autograd.grad(drawn, parts, torch.ones_like(drawn))
    return time.thread_time() - started
