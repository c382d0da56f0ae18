"""Companion: another process of a run, which trains beside it. Two trainings side by side, each on half of the cores,
get further than one after the other on all of them where batches are small (figures in docs/log.md)."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .handover import hand_over
from .kept import Training
from .orders import Order, Outcome
from .workbench import Workbench

FOLDER, ERRORS = "beside", "errors.txt"
# Seconds to save what was learnt, and to be late with what one was asked for, besides looking at it once more.
LEAVING, GRACE = 20.0, 15.0
Judge = Callable[[float, float], bool]


class Lost(Exception):
    """The other process has ended: why."""


class Failed(Lost):
    """The other process could not do what it was asked for: why."""


@dataclass(frozen=True)
class Beside:
    """A training of the other process; when it began and when its time is up (readings of `time.perf_counter`), where
    its weights will be, and what will come of it."""

    training: Training
    suggestion: Any
    began: float
    until: float
    weights: Path
    result: Future[Outcome]


class Companion:
    """Trains on a copy of `bench` in `folder`, with so many cores, one training at a time, and looks at the validation
    rows in so many seconds (`looking`). Use it as a context. Raises `OSError` where the copy has no room or the process
    cannot be started."""

    def __init__(self, bench: Workbench, folder: Path, cores: int, looking: float = 0.0) -> None:
        self.folder, self.looking = folder, looking
        self.beside: Beside | None = None
        self._open = ExitStack()
        with ExitStack() as begun:
            begun.callback(shutil.rmtree, folder, ignore_errors=True)
            shutil.rmtree(folder, ignore_errors=True)
            hand_over(bench, folder)
            self._errors = begun.enter_context((folder / ERRORS).open("w", encoding="utf-8"))
            self._process = self._started(cores)
            begun.callback(self._ended)
            self._listener = begun.enter_context(ThreadPoolExecutor(1, "companion"))
            begun.callback(self._let_go)
            self._open = begun.pop_all()

    def _started(self, cores: int) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tunewheel.workflows.tuning.companion_child", str(self.folder), str(cores)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": self._errors}
        return subprocess.Popen(command, text=True, encoding="utf-8", **pipes)  # type: ignore[call-overload, no-any-return]

    def __enter__(self) -> Companion:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Let it save what it was at, and end."""
        self._open.close()

    def begin(self, training: Training, checkpoints: Path, seconds: float, suggestion: Any = None) -> None:
        """Have it trained within so many seconds; `suggestion` hears how it goes, and may give it up."""
        began, weights = time.perf_counter(), self.folder / f"weights{training.number:03d}.safetensors"
        until = began + max(seconds, 0.0)
        order = Order(training.options, training.seed, str(checkpoints), str(weights), until)
        judge = suggestion.report if suggestion else _patient
        result = self._listener.submit(self._train, order, judge)
        self.beside = Beside(training, suggestion, began, until, weights, result)

    def waited(self, seconds: float) -> bool:
        """Whether what it trains has ended, after so many seconds at most. A process that is far too late is ended."""
        if self.beside is None or self.beside.result.done():
            return True
        wait([self.beside.result], seconds)
        if time.perf_counter() > self.beside.until + GRACE + self.looking:
            self._process.kill()
        return self.beside.result.done()

    def _train(self, order: Order, judge: Judge) -> Outcome:
        """Ask for it, and answer until it has ended. Raises `Lost`."""
        try:
            self._tell(order.to_json())
            while True:
                heard = self._hear()
                if "judged" in heard:
                    self._tell({"give_up": judge(*heard["judged"])})
                elif "failed" in heard:
                    raise Failed(heard["failed"])
                else:
                    return Outcome.from_json(heard["ended"])
        except (OSError, ValueError, LookupError) as error:
            raise Lost(self._why()) from error

    def _tell(self, what: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()

    def _hear(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line.endswith("\n"):
            raise Lost(self._why())
        return dict(json.loads(line))

    def _why(self) -> str:
        """The last that the process said before it ended."""
        path = self.folder / ERRORS
        said = path.read_text("utf-8", "replace").strip().splitlines() if path.exists() else []
        return said[-1] if said else "its process was ended"

    def _let_go(self) -> None:
        """What it trains is saved between two steps; who waits for orders ends at once."""
        self._process.terminate()
        try:
            self._process.wait(LEAVING)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def _ended(self) -> None:
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            with suppress(OSError):  # what was not sent to a process that is gone is lost with it
                assert stream is not None
                stream.close()


def _patient(share: float, score: float) -> bool:
    return False
