"""One run on a large file, watched: its stages with their seconds, and the most memory it and its children held.

`python -m benchmarks.budget.large_run FILE --budget TIME --workspace FOLDER` is `tunewheel tune` with another listener.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import psutil

SECONDS_BETWEEN = 0.25
# `ru_maxrss` is in KiB on Linux.
KIB = 1024


class Watch:
    """The most memory in use so far: resident pages of this process and of those it started."""

    def __init__(self) -> None:
        self.most = 0
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        here = psutil.Process()
        while True:
            held = 0
            for process in (here, *here.children(recursive=True)):
                try:
                    held += process.memory_info().rss
                except psutil.NoSuchProcess:
                    continue
            self.most = max(self.most, held)
            time.sleep(SECONDS_BETWEEN)

    @property
    def megabytes(self) -> int:
        alone = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KIB
        return round(max(self.most, alone) / 1e6)


class Told:
    """A listener that notes when each stage began and ended and what the most memory was then."""

    def __init__(self, started: float, watch: Watch) -> None:
        self.started, self.watch = started, watch
        self.events: list[dict[str, Any]] = []

    def line(self, text: str) -> None:
        """A sentence, with its moment."""
        self._note(text)

    def stage(self, title: str, total: int | None = None) -> AbstractContextManager[Told]:
        """A stage, with its moments; it is its own stage."""
        return self._stage(title)

    def advance(self, amount: int = 1, **numbers: float) -> None:
        """Progress within a stage is not noted."""

    @contextmanager
    def _stage(self, title: str) -> Iterator[Told]:
        self._note(f"{title} ...")
        yield self
        self._note(f"{title}: done")

    def _note(self, text: str) -> None:
        seconds = round(time.time() - self.started, 1)
        self.events.append({"seconds": seconds, "memory_mb": self.watch.megabytes, "said": text})
        print(f"{seconds:7.1f} s  {self.watch.megabytes:5d} MB  {text}", file=sys.stderr, flush=True)


def main() -> None:
    """Tune, and print one JSON object as the last line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--budget", required=True)
    parser.add_argument("--workspace", type=Path, required=True)
    given = parser.parse_args()
    started, watch = psutil.Process().create_time(), Watch()
    told = Told(started, watch)
    with redirect_stdout(sys.stderr):
        from tunewheel.workflows.tune import tune

        run = tune(given.file, text="text", label="label", budget=given.budget, workspace=given.workspace, say=told)
    print(json.dumps({**found(run.facts), "memory_mb": watch.megabytes, "stages": told.events}))


def found(facts: Any) -> dict[str, Any]:
    """What the run says of itself."""
    return {name: facts[name] for name in ("rows", "model", "seconds", "peak_memory_mb", "forecast") if name in facts}


if __name__ == "__main__":
    main()
