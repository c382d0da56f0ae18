"""Twin: a module as it computes in bf16, beside the float32 original that learns."""

from __future__ import annotations

import copy
from typing import Generic, TypeVar

import torch
from torch import Tensor, nn

M = TypeVar("M", bound=nn.Module)


class Twin(Generic[M]):
    """A copy of `module` whose linear layers hold their weights in bf16; all else is shared with the original.

    Autocast would turn the same float32 weights into bf16 in every step, once a thread. `moving` are the pairs of
    original and copy that learn (for a shared tensor twice the same): gradients of the copies belong to the originals.
    """

    def __init__(self, module: M) -> None:
        halves = {id(tensor): _half(tensor) for tensor in _linear_tensors(module)}
        shared = {id(tensor): tensor for tensor in [*module.parameters(), *module.buffers()]}
        self.module: M = copy.deepcopy(module, {**shared, **halves})
        self.moving: list[tuple[Tensor, Tensor]] = [
            (tensor, halves.get(id(tensor), tensor)) for tensor in module.parameters() if tensor.requires_grad
        ]
        self._halved = [(tensor, copied) for tensor, copied in self.moving if copied is not tensor]

    @torch.no_grad()
    def refresh(self, part: int = 0, of: int = 1) -> None:
        """Bring the copies up to the originals; or one part of them, so that several threads can share the work."""
        share = self._halved[part::of]
        if not share:  # nothing moves, or there are more threads than tensors
            return
        torch._foreach_copy_([copied for _, copied in share], [original for original, _ in share])


def _linear_tensors(module: nn.Module) -> list[Tensor]:
    """Weights and biases of the linear layers, those of adapters included."""
    return [tensor for part in module.modules() if isinstance(part, nn.Linear) for tensor in part.parameters()]


def _half(tensor: Tensor) -> nn.Parameter:
    return nn.Parameter(tensor.detach().to(torch.bfloat16), requires_grad=tensor.requires_grad)
