"""Malformed files: each must end `check` and `tune` fast, with exit code 2 and a sentence, never a stack trace."""

from __future__ import annotations

import importlib.util
import os
import re
import signal
import subprocess
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from . import commands
from .sets import ROOT, evenly

MAKERS_FILE = ROOT / "tests" / "data" / "malformed.py"
LONGEST_SECONDS = 20.0
AT_A_TIME = 2
MISTAKE = 2
# At least three words: a sentence, not a code.
SENTENCE = re.compile(r"[^\W\d_]+\W+[^\W\d_]+\W+[^\W\d_]+")


@dataclass(frozen=True)
class Ending:
    """How one command on one file ended; `fault` says what is not as it must be, empty when all is."""

    file: str
    command: str
    code: int
    seconds: float
    said: str
    fault: str


def measure(rows: int | None) -> dict[str, Any]:
    """Every file through both commands, two at a time. For a trial only `rows` of the files, evenly spread."""
    makers: Mapping[str, Any] = _makers().MAKERS
    names = sorted(makers)
    chosen = [names[number] for number in evenly(len(names), rows or len(names))]
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        endings = [ending for both in pool.map(lambda name: _both(name, makers[name]), chosen) for ending in both]
    faulty = [ending for ending in endings if ending.fault]
    return {
        "files": len(chosen),
        "commands": len(endings),
        "clear": len(chosen) - len({ending.file for ending in faulty}),
        "slowest_seconds": max(ending.seconds for ending in endings),
        "faulty": [asdict(ending) for ending in faulty],
    }


def _makers() -> ModuleType:
    """The file of makers, which the tests use too."""
    spec = importlib.util.spec_from_file_location("malformed_makers", MAKERS_FILE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _both(name: str, make: Any) -> list[Ending]:
    """`check` and `tune` on one file."""
    with commands.temporary_folder() as folder:
        path = str(make(Path(folder)))
        workspace = str(Path(folder, "workspace"))
        endings = [
            run(name, "check", path, folder=folder),
            run(name, "tune", path, "--workspace", workspace, folder=folder),
        ]
    for ending in endings:
        commands.say(f"    {ending.command} {name}: {ending.fault or 'clear'} ({ending.seconds:.1f} s)")
    return endings


def run(name: str, *arguments: str, folder: str) -> Ending:
    """One command, stopped with all that it started when it takes too long."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [*commands.TUNEWHEEL, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        env=commands.environment(),
        start_new_session=True,
    )
    try:
        stdout, stderr = process.communicate(timeout=LONGEST_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        stdout, stderr = process.communicate()
    seconds = round(time.perf_counter() - started, 1)
    # `check` answers with its findings, which are its result; whatever else is wrong is said on stderr.
    told = (stdout if arguments[0] == "check" else b"") + stderr
    said = told.decode("utf-8", "replace")
    return Ending(
        name, arguments[0], process.returncode, seconds, said[-600:], fault(process.returncode, seconds, said)
    )


def fault(code: int, seconds: float, said: str) -> str:
    """What is wrong with an ending."""
    if seconds >= LONGEST_SECONDS:
        return f"not done after {LONGEST_SECONDS:.0f} s"
    if "Traceback (most recent call last)" in said:
        return "a stack trace"
    if code != MISTAKE:
        return f"exit code {code}"
    return "" if SENTENCE.search(said) else "no sentence"
