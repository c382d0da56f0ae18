"""Attention within windows: written out, or by torch's fused kernel where that is faster on this machine.

Fused, the scores of a window are never there all at once: long windows take less memory, and less time to read. For
sentences, and for learning, written out is faster or as fast (figures in docs/log.md).
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
TOKENS = 2048  # so many are read at a time
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
    if query.shape[2] < LENGTHS[0] or (torch.is_grad_enabled() and query.requires_grad):
        return False
    return query.shape[2] >= least_fused(query.dtype)


def least_fused(dtype: torch.dtype) -> int:
    """The shortest windows for which the fused kernel reads faster here, as all longer ones: measured once a machine.
    Learning never asks: it gains next to nothing, and its steps are the same in every run."""
    with _MEASURING:  # lanes ask at the same time
        return _least_fused(dtype)


@cache
def _least_fused(dtype: torch.dtype) -> int:
    what = str(dtype).removeprefix("torch.")
    question = f"shortest windows for fused attention, {what}, torch {torch.__version__}"
    return int(measured(question, lambda: str(_measure(dtype))))


def _measure(dtype: torch.dtype) -> int:
    least = NEVER
    for length in reversed(LENGTHS):
        if not _gains(length, dtype):
            break
        least = length
    return least


@torch.inference_mode()
def _gains(length: int, dtype: torch.dtype) -> bool:
    """By the computing time of this thread, the best of a few rounds in turn: other programs must not sway it."""
    windows = TOKENS // length
    draw = torch.Generator().manual_seed(0)  # the global one is for training
    shape = (windows, HEADS, length, WIDTH)
    query, key, value = (torch.randn(shape, generator=draw).to(dtype) for _ in range(3))
    visible = torch.ones(windows, 1, 1, length, dtype=torch.bool)
    best: dict[Way, float] = {written: float("inf"), fused: float("inf")}
    for _ in range(ROUNDS + 1):  # the first round warms up
        for way in best:
            best[way] = min(best[way], _seconds(way, query, key, value, visible))
    return best[fused] < WORTH * best[written]


def _seconds(way: Way, query: Tensor, key: Tensor, value: Tensor, visible: Tensor) -> float:
    started = time.thread_time()
    with torch.autocast("cpu", torch.bfloat16, enabled=query.dtype == torch.bfloat16):
        way(query, key, value, visible)
    return time.thread_time() - started
