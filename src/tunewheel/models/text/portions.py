"""Portions: a batch with more tokens than memory bears is read window by window group, with the same answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

Read = Callable[[Tensor, Tensor], Tensor]
# Tokens whose activations are held at once. What training holds for 2,048 tokens of a body of 12 layers is about
# 1.5 GB; without gradients only one layer's are held.
WITH_GRADIENTS, WITHOUT = 2048, 8192
ON_A_GPU = 16


def read_in_portions(read: Read, tokens: Tensor, lengths: Tensor) -> Tensor:
    """`read(tokens, lengths)` of all windows, (T, width), in portions of whole windows where there are many tokens.

    `tokens` are ids (T,) or states (T, width), `lengths` (W,) those of the windows.

    With gradients a portion is computed again on the way back (Chen et al. 2016, arXiv 1604.06174): a text of any
    length is trained on whole, in bounded memory.
    """
    most = (WITH_GRADIENTS if torch.is_grad_enabled() else WITHOUT) * (ON_A_GPU if tokens.is_cuda else 1)
    if len(tokens) <= most:
        return read(tokens, lengths)
    parts = [
        checkpoint(read, *portion, use_reentrant=False) if torch.is_grad_enabled() else read(*portion)
        for portion in _portions(tokens, lengths, most)
    ]
    return torch.cat(parts)


def _portions(tokens: Tensor, lengths: Tensor, most: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Runs of whole windows of at most `most` tokens (one window at least), in order."""
    start, first, filled = 0, 0, 0
    for number, length in enumerate(lengths.tolist()):
        if number > first and filled + length > most:
            yield tokens[start : start + filled], lengths[first:number]
            start, first, filled = start + filled, number, 0
        filled += length
    yield tokens[start:], lengths[first:]
