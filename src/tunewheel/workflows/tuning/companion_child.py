"""The process of a companion: `python -m tunewheel.workflows.tuning.companion_child FOLDER CORES` takes over the
workbench in the folder and trains what it is asked for, a line of JSON each, until its standard input ends."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

import torch
from safetensors.torch import save_file

from ...errors import TunewheelError
from ...models.estimate import peak_memory_mb
from ...records import Step
from ...training.loop import Session
from .handover import taken_over
from .orders import Order, Outcome
from .trial import learnt
from .workbench import Workbench

PR_SET_PDEATHSIG = 1  # prctl(2); only Linux has it


def main(folder: Path, cores: int) -> None:
    """Train until there is nobody who asks. Ctrl-C is for the run, which lets this one go in its own time."""
    asking = _Asking(sys.stdin, _answers())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, asking.leave)
    _go_first()
    torch.set_num_threads(cores)
    bench = taken_over(folder)
    while order := asking.hear():
        try:
            asking.tell("ended", _outcome(bench, Order.from_json(order), asking))
        except (TunewheelError, MemoryError, RuntimeError, OSError) as error:  # short of memory, or of disk
            asking.tell("failed", str(error).splitlines()[0] if str(error) else type(error).__name__)


class _Asking:
    """Looks on while a module learns, and asks the run whether it is worth going on."""

    def __init__(self, heard: TextIO, told: TextIO) -> None:
        self.heard, self.told, self.run = heard, told, os.getppid()
        self.began = self.until = 0.0
        self.busy = self.leaving = False

    def leave(self, *_: object) -> None:
        """End now, or between two steps, when there is something to keep."""
        self.leaving = True
        if not self.busy:
            raise KeyboardInterrupt

    def share(self) -> float:
        """How much of the time is over. A run that is gone needs no more of it: what was learnt is kept, as for
        Ctrl-C."""
        if self.leaving or os.getppid() != self.run:
            raise KeyboardInterrupt
        return (time.perf_counter() - self.began) / max(self.until - self.began, 0.1)

    def judged(self, session: Session, step: Step) -> bool:
        """Whether to give the training up."""
        assert step.validation is not None
        self.tell("judged", [step.number / step.total, step.validation[session.task.best_by]])
        answer = self.hear()
        return bool(answer.get("give_up"))

    def hear(self) -> dict[str, Any]:
        """What the run says next; nothing when it is over."""
        line = self.heard.readline()
        return dict(json.loads(line)) if line.endswith("\n") else {}

    def tell(self, what: str, value: Any) -> None:
        """Say one thing to the run. One that is gone is as good as Ctrl-C."""
        try:
            self.told.write(json.dumps({what: value}) + "\n")
            self.told.flush()
        except BrokenPipeError:
            raise KeyboardInterrupt from None


def _outcome(bench: Workbench, order: Order, asking: _Asking) -> dict[str, Any]:
    """What comes of one training; its weights are written where they are wanted, unless it was given up."""
    asking.began, asking.until, asking.busy = time.perf_counter(), order.until, True
    try:
        trial = bench.trial(order.options, order.seed, Path(order.checkpoints), asking)
    finally:
        asking.busy = False
    if trial.ended != "pruned":
        save_file(learnt(trial.module), order.weights)
    return Outcome.of(trial, peak_memory_mb()).to_json()


def _go_first() -> None:
    """Where memory runs out, it is this process that ends, and not the run; and it ends with a run that is killed."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _answers() -> TextIO:
    """Standard output for answers only: what anybody prints goes where errors go."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return answers


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), int(sys.argv[2]))
    except KeyboardInterrupt:
        os._exit(0)
