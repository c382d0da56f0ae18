"""Gradients of a batch: on an accelerator at once, on a CPU in parts side by side, one core each."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor

from ..models.heads import Headed
from ..models.lanes import Lanes
from ..models.tensors import to_tensors
from ..models.twin import Twin
from ..records import Batch
from ..task import Task
from .batches import Indices, sizes


class Gradients(Protocol):
    """Computes the loss of some rows and leaves its gradients in the module's parameters."""

    def __call__(self, batch: Batch, rows: Indices, smoothing: float) -> float: ...


class AtOnce:
    """The whole batch in one piece, through accelerate: GPUs, and bodies whose rows see each other (batch norms)."""

    def __init__(self, task: Task, module: Headed, accelerator: Accelerator, *, half: bool) -> None:
        self.task, self.module, self.accelerator, self.half = task, module, accelerator, half

    def __call__(self, batch: Batch, rows: Indices, smoothing: float) -> float:
        self.module.train()
        tensors = to_tensors(batch.select(rows), self.accelerator.device)
        with _autocast(self.accelerator.device, self.half):
            outputs = self.module(tensors)
        loss = self.task.loss(outputs, tensors, smoothing)
        self.module.zero_grad(set_to_none=True)
        self.accelerator.backward(loss)
        return float(loss.detach())


class InLanes:
    """Features of the batch's parts side by side; the decision and the loss on the whole, so that they are exactly
    those of one piece; then the gradients of the parts, added up in a fixed order."""

    def __init__(self, task: Task, module: Headed, lanes: Lanes, *, half: bool) -> None:
        self.task, self.module, self.lanes, self.half = task, module, lanes, half
        self.twin = Twin(module.backbone) if half else None
        body = [p for p in module.backbone.parameters() if p.requires_grad]
        self.moving = self.twin.moving if self.twin else [(p, p) for p in body]
        # Kept from step to step: fresh memory costs as much as the sums.
        self.sums = [torch.zeros_like(original) for original, _ in self.moving]
        self.working = module.over(self.twin.module) if self.twin else module

    def __call__(self, batch: Batch, rows: Indices, smoothing: float) -> float:
        self._prepare()
        parts = dealt(rows, sizes(batch)[rows], self.lanes.count)
        features = self.lanes.each(self._features, [batch.select(part) for part in parts])
        joined = torch.cat([part.detach() for part in features]).requires_grad_()
        whole = to_tensors(_decided(batch).select(np.concatenate(parts)))
        loss = self.task.loss(self.module.decide(joined), whole, smoothing)
        loss.backward()  # type: ignore[no-untyped-call]
        if self.moving:
            assert joined.grad is not None
            pulls = torch.split(joined.grad, [len(part) for part in features])
            found = self.lanes.each(self._backward, features, pulls)
            self.lanes.each(lambda part, of: self._add_up(found, part, of), *self._shares())
        return float(loss.detach())

    def _prepare(self) -> None:
        self.module.train()
        self.working.train()
        self.module.zero_grad(set_to_none=True)
        if self.twin:
            self.lanes.each(self.twin.refresh, *self._shares())

    def _features(self, part: Batch) -> Tensor:
        with _autocast(torch.device("cpu"), self.half), torch.set_grad_enabled(bool(self.moving)):
            return self.working.features(to_tensors(part))

    def _backward(self, features: Tensor, pull: Tensor) -> tuple[Tensor, ...]:
        tensors = [copy for _, copy in self.moving]
        return torch.autograd.grad(features, tensors, pull.to(features.dtype), materialize_grads=True)

    @torch.no_grad()
    def _add_up(self, found: list[tuple[Tensor, ...]], part: int, of: int) -> None:
        """The gradients of one share of the parameters: the sum of what the lanes found, in float32.

        In a few calls of many tensors each: threads that ask for little at a time wait for the interpreter's lock.
        """
        sums = self.sums[part::of]
        if not sums:
            return
        torch._foreach_copy_(sums, list(found[0][part::of]))
        for pulls in found[1:]:
            torch._foreach_add_(sums, list(pulls[part::of]))
        for (original, _), total in zip(self.moving[part::of], sums, strict=True):
            original.grad = total

    def _shares(self) -> tuple[list[int], list[int]]:
        """Each lane's number and how many there are."""
        return list(range(self.lanes.count)), [self.lanes.count] * self.lanes.count


def _decided(batch: Batch) -> Batch:
    """The batch without what only bodies read: token by token, window by window."""
    read = {name for name, by in batch.by.items() if by in ("tokens", "windows")}
    arrays = {name: array for name, array in batch.arrays.items() if name not in read}
    return Batch(arrays, {name: by for name, by in batch.by.items() if name not in read})


def dealt(rows: Indices, costs: Indices, count: int) -> list[Indices]:
    """`rows` in at most `count` parts of like cost and like lengths, none empty: dealt out by rising cost, there and
    back (0 1 1 0 0 1 ...)."""
    by_cost = rows[np.argsort(costs, kind="stable")]
    turns = np.arange(len(rows)) % (2 * count)
    lane = np.minimum(turns, 2 * count - 1 - turns)
    return [by_cost[lane == number] for number in range(min(count, len(rows)))]


def _autocast(device: torch.device, half: bool) -> AbstractContextManager[None]:
    return torch.autocast(device.type, torch.bfloat16, enabled=half)
