"""What computes faster on this machine: bf16 or fp32, for this very body (measured once and remembered), and how
many lanes, beside whatever else is at work (measured before each long training)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, TypeVar

import torch

from ..models.adapters import choose_moving
from ..models.backbone import load_backbone
from ..models.folder import config_hash
from ..models.heads import Headed
from ..models.lanes import lanes
from ..models.machine import measured
from ..models.tensors import to_tensors
from ..records import Batch, Example
from ..task import Task
from .batches import order, sizes
from .gradients import InLanes
from .options import TrainingOptions

Precision = Literal["bf16", "fp32"]
Way = TypeVar("Way")
# Less than this gain is not worth the lost digits.
WORTH = 0.9
WORTH_ALONE = 0.95
LONG = 200  # batches
PROBED_ROWS = 16
ROUNDS = 3


def device() -> torch.device:
    """Where modules compute: the GPU when there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def measured_precision(task: Task, folder: Path, examples: Sequence[Example]) -> Precision:
    """What trains the body in `folder` faster here, bf16 or fp32.

    Timed on a few of the task's own `examples` the first time a body is trained on this machine: matrix products
    gain from bf16 where convolutions may lose. It is remembered for good, so other programs must not sway it: what
    counts is the computing time of one core. `task` needs its facts and its processor.
    """
    if torch.cuda.is_available():
        return "bf16" if torch.cuda.is_bf16_supported() else "fp32"
    question = f"bf16 or fp32 on one core for {config_hash(folder)}, torch {torch.__version__}"
    found = measured(question, lambda: _faster(_step(task, folder, examples[:PROBED_ROWS])))
    return "bf16" if found == "bf16" else "fp32"


def measured_lanes(
    task: Task, module: Headed, batch: Batch, options: TrainingOptions, units: int | None = None
) -> int:  # fmt: skip
    """As many lanes as torch has cores, or one, whichever is faster now on some rows of the `batch`. In `module`
    just that moves which is to move.

    Lanes bear other programs better: one must win clearly. Short trainings, on `units` a pass, take one without
    measuring; where that is left out, the batch is all that is trained on.
    """
    count, total = torch.get_num_threads(), (units or int(sizes(batch).sum())) * options.epochs
    if torch.cuda.is_available() or count == 1 or not module.backbone.separable or total < LONG * options.batch_units:
        return 1
    rows = order(sizes(batch), options.batch_units, seed=0, epoch=0)[0]
    ways = {n: InLanes(task, module, lanes(n), half=options.precision == "bf16") for n in (1, count)}
    best = _best(lambda n: ways[n](batch, rows, 0.0), (1, count))
    return 1 if best[1] < WORTH_ALONE * best[count] else count


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
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        best = _best(step, (True, False), clock=time.thread_time)
    finally:
        torch.set_num_threads(before)
    return "bf16" if best[True] < WORTH * best[False] else "fp32"


def _best(
    run: Callable[[Way], object], ways: Sequence[Way], clock: Callable[[], float] = time.perf_counter
) -> dict[Way, float]:
    """Seconds of each way to run, the best of a few rounds in turn, so that a busy moment hurts all."""
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(ROUNDS + 1):  # the first round warms up
        for way in ways:
            started = clock()
            run(way)
            best[way] = min(best[way], clock() - started)
    return best
