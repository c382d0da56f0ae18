"""Commands as a user runs them, each in a process of its own: what they say is shown, what they answer is read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from .sets import ROOT

TUNEWHEEL = (sys.executable, "-m", "tunewheel")
REMEMBERED_LINES = 20
LONGEST_SECONDS = 3600.0
# Bars and notices of the libraries would hide what the commands themselves say.
QUIET = {"TRANSFORMERS_VERBOSITY": "error", "TQDM_DISABLE": "1"}
# Nothing is fetched from a model hub, and no rival tells anybody that it was used.
ALONE = {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "DO_NOT_TRACK": "1"}


class CommandFailed(Exception):
    """A command that did not end well; the text is the end of what it said."""


@dataclass(frozen=True)
class Answer:
    """The JSON object that a command printed as its last line, and how long it took from start to end."""

    value: dict[str, Any]
    seconds: float


def module(name: str, *arguments: str, python: str = sys.executable) -> list[str]:
    """The command line of a module of this package, under another environment's `python` where one is given."""
    return [python, "-m", f"benchmarks.{name}", *arguments]


def ask(command: Sequence[str], longest: float = LONGEST_SECONDS) -> Answer:
    """Run `command`, passing on what it says on stderr, and read the last line of its stdout as JSON.

    Raises `CommandFailed` when it ends with another code than 0 or takes longer than `longest` seconds.
    """
    started = time.perf_counter()
    with (
        tempfile.TemporaryFile() as stdout,
        subprocess.Popen(command, stdout=stdout, stderr=subprocess.PIPE, cwd=ROOT, env=environment()) as process,
    ):
        late = threading.Timer(longest, process.kill)
        late.start()
        try:
            said = _passed_on(process)
        except BaseException:
            process.kill()  # a benchmark that is stopped must leave nothing running
            raise
        finally:
            late.cancel()
        seconds = time.perf_counter() - started
        if process.returncode:
            raise CommandFailed(f"exit code {process.returncode} after {seconds:.0f} s: {said}")
        stdout.seek(0)
        return Answer(_last_object(stdout), seconds)


def environment() -> dict[str, str]:
    """This environment, without the model hub and telemetry: every set is measured offline."""
    return {**os.environ, **ALONE, "PYTHONUNBUFFERED": "1", **QUIET}


def say(text: str) -> None:
    """A line of progress, at once."""
    print(text, flush=True)


def _passed_on(process: subprocess.Popen[bytes]) -> str:
    """Print what the process says, wait for its end, and give its last lines."""
    remembered: deque[str] = deque(maxlen=REMEMBERED_LINES)
    assert process.stderr is not None
    for line in process.stderr:
        remembered.append(line.decode("utf-8", "replace").rstrip())
        say(f"    {remembered[-1]}")
    process.wait()
    return "\n".join(remembered)


def _last_object(stdout: IO[bytes]) -> dict[str, Any]:
    printed = stdout.read().decode("utf-8").strip().rsplit("\n", 1)[-1]
    try:
        value = json.loads(printed)
    except ValueError:
        raise CommandFailed(f"the last line of stdout is no JSON: {printed[:200]!r}") from None
    return dict(value)


def temporary_folder() -> tempfile.TemporaryDirectory[str]:
    """A private folder that vanishes after use."""
    return tempfile.TemporaryDirectory(prefix="tunewheel-bench-", ignore_cleanup_errors=True)


def tune(train: Path, *flags: str, workspace: Path) -> Answer:
    """`tunewheel tune TRAIN ... --json` in `workspace`."""
    return ask([*TUNEWHEEL, "tune", str(train), *flags, "--workspace", str(workspace), "--json"])


def plan(train: Path, *flags: str, workspace: Path) -> Answer:
    """`tunewheel plan TRAIN ... --json`, its forecast kept in `workspace`."""
    return ask([*TUNEWHEEL, "plan", str(train), *flags, "--workspace", str(workspace), "--json"])
