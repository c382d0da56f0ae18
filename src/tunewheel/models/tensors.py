"""From a batch of numpy arrays to torch tensors, and back."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from ..records import Array, Batch

Tensors = Mapping[str, Tensor]


def to_tensors(batch: Batch, device: torch.device | str = "cpu") -> dict[str, Tensor]:
    """Each array of the batch as a tensor on `device`; memory is shared with numpy on the CPU."""
    return {
        name: torch.from_numpy(np.ascontiguousarray(array)).to(device, non_blocking=True)
        for name, array in batch.arrays.items()
    }


def to_arrays(outputs: Tensors) -> dict[str, Array]:
    """Named outputs of a module as float32 arrays."""
    return {name: tensor.detach().float().cpu().numpy() for name, tensor in outputs.items()}


def segment_mean(values: Tensor, counts: Tensor) -> Tensor:
    """Mean of each run of rows: `values` (T, H), `counts` (B,) summing to T; gives (B, H) in float32."""
    owner = torch.repeat_interleave(torch.arange(len(counts), device=values.device), counts.long())
    total = torch.zeros(len(counts), values.shape[1], dtype=torch.float32, device=values.device)
    return total.index_add(0, owner, values.float()) / counts.clamp(min=1).unsqueeze(1)


def starts(counts: Tensor) -> Tensor:
    """Index of the first entry of each run: exclusive cumulative sum of `counts` (B,)."""
    return torch.cumsum(counts.long(), 0) - counts.long()
