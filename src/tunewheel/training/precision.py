"""Precision: bf16 only where it is faster for this very body on this machine. Measured once and remembered."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import torch

from ..models.adapters import choose_moving
from ..models.backbone import load_backbone
from ..models.folder import config_hash
from ..models.heads import Headed
from ..models.machine import measured
from ..models.tensors import to_tensors
from ..records import Example
from ..task import Task

Precision = Literal["bf16", "fp32"]
# Less than this gain is not worth the lost digits.
WORTH = 0.9
PROBED_ROWS = 32
ROUNDS = 3


def device() -> torch.device:
    """Where modules compute: the GPU when there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def measured_precision(task: Task, folder: Path, examples: Sequence[Example]) -> Precision:
    """What trains the body in `folder` faster here, bf16 or fp32.

    Timed on a few of the task's own `examples` the first time a body is trained on this machine: matrix products
    gain from bf16 where convolutions may lose. `task` needs its facts and its processor.
    """
    if torch.cuda.is_available():
        return "bf16" if torch.cuda.is_bf16_supported() else "fp32"
    question = f"bf16 or fp32 for {config_hash(folder)}, torch {torch.__version__}"
    found = measured(question, lambda: _faster(_step(task, folder, examples[:PROBED_ROWS])))
    return "bf16" if found == "bf16" else "fp32"


def _step(task: Task, folder: Path, examples: Sequence[Example]) -> Callable[[bool], None]:
    """One training step without the optimiser, in bf16 or not."""
    module: Headed = task.adapt(load_backbone(folder))  # type: ignore[assignment]
    choose_moving(module.train(), "full", words=False)
    tensors = to_tensors(task.encode(examples))

    def step(half: bool) -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            outputs = module(tensors)
        task.loss(outputs, tensors).backward()  # type: ignore[no-untyped-call]
        module.zero_grad(set_to_none=True)

    return step


def _faster(step: Callable[[bool], None]) -> Precision:
    """The best of a few rounds each, in turn, so that a busy moment hurts both."""
    best = {True: float("inf"), False: float("inf")}
    for _ in range(ROUNDS + 1):  # the first round warms up
        for half in best:
            started = time.perf_counter()
            step(half)
            best[half] = min(best[half], time.perf_counter() - started)
    return "bf16" if best[True] < WORTH * best[False] else "fp32"
