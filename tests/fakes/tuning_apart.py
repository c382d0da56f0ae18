"""`tune` in a process of its own: `tuning_apart.py DATA WORKSPACE MODEL SEED`. Prints what it says and each step."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tunewheel.workflows.say import Silent, Stage
from tunewheel.workflows.tune import tune

SETTINGS = ("training.epochs=4", "training.batch_units=256", "training.precision=fp32", "training.dropout=0.2")


class Aloud(Silent):
    """Says everything at once, so that a parent process can kill at the right moment."""

    def __init__(self) -> None:
        self.step = 0

    def line(self, text: str) -> None:
        print(text, flush=True)

    @contextmanager
    def stage(self, title: str, total: int | None = None) -> Iterator[Stage]:
        if title == "Fine-tuning":
            yield self
        else:
            yield Silent()

    def advance(self, amount: int = 1, **numbers: float) -> None:
        self.step += amount
        print(f"step {self.step}", flush=True)


if __name__ == "__main__":
    data, workspace, model, seed = sys.argv[1:]
    run = tune(data, workspace=workspace, model=model, seed=int(seed), sets=SETTINGS, say=Aloud())
    print(f"version {run.version.id}", flush=True)
