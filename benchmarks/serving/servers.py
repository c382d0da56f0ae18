"""Servers as child processes on free loopback ports: started, awaited, and stopped with all that they started."""

from __future__ import annotations

import http.client
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from .. import commands
from ..budget.environments import python_of
from ..served import ADDRESS
from ..sets import ROOT
from .prepared import Prepared
from .wire import HOST

READY_SECONDS, STOP_SECONDS = 300.0, 40.0


@dataclass(frozen=True)
class Server:
    """A server at work: its port, its first process, the file with what it says."""

    port: int
    process: psutil.Process
    log: Path

    def said(self) -> list[str]:
        """The lines it has said so far."""
        return [line[:200] for line in self.log.read_text("utf-8", "replace").splitlines()]

    def processes(self) -> list[psutil.Process]:
        """All its processes, the first one first."""
        try:
            return [self.process, *self.process.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def megabytes(self) -> float:
        """Resident memory of all its processes."""
        total = 0
        for process in self.processes():
            with suppress(psutil.Error):
                total += process.memory_info().rss
        return round(total / 1e6, 1)


@contextmanager
def tunewheel(workspace: Path, *flags: str) -> Iterator[Server]:
    """`tunewheel serve` with its defaults; what it says tells where it listens."""
    command = [*commands.TUNEWHEEL, "serve", "--port", "0", "--workspace", str(workspace), *flags]
    with _started(command) as (process, log):
        yield Server(_ready(process, log, "/ready", None), process, log)


@contextmanager
def pipeline(prepared: Prepared) -> Iterator[Server]:
    """The FastAPI app around `transformers.pipeline`."""
    port = free_port()
    with _started(commands.module("serving.rivals.pipeline_app", str(prepared.rival), str(port))) as (process, log):
        yield Server(_ready(process, log, "/ready", port), process, log)


@contextmanager
def litserve(prepared: Prepared, *flags: str) -> Iterator[Server]:
    """LitServe around the same graph."""
    port = free_port()
    name, arguments = "serving.rivals.litserve_app", (str(prepared.engine), str(port), *flags)
    with _started(commands.module(name, *arguments, python=python_of("litserve"))) as (process, log):
        yield Server(_ready(process, log, "/health", port), process, log)


def free_port() -> int:
    """A port of the loopback that nobody has now."""
    with socket.socket() as found:
        found.bind((HOST, 0))
        return int(found.getsockname()[1])


@contextmanager
def _started(command: Sequence[str]) -> Iterator[tuple[psutil.Process, Path]]:
    with commands.temporary_folder() as folder:
        log = Path(folder) / "server.log"
        with log.open("wb") as file:
            started = subprocess.Popen(command, stdout=file, stderr=file, cwd=ROOT, env=commands.environment())
        process = psutil.Process(started.pid)
        try:
            yield process, log
        finally:
            _stop(started, process)


def _stop(started: subprocess.Popen[bytes], process: psutil.Process) -> None:
    """Tell it to stop; whatever is left of it later is killed."""
    family = []
    with suppress(psutil.NoSuchProcess):
        family = process.children(recursive=True)
    started.terminate()
    with suppress(subprocess.TimeoutExpired):
        started.wait(STOP_SECONDS)
    started.kill()
    started.wait()
    for left in psutil.wait_procs(family, timeout=1.0)[1]:
        with suppress(psutil.NoSuchProcess):
            left.kill()


def _ready(process: psutil.Process, log: Path, path: str, port: int | None) -> int:
    """The port, when it answers at `path` with 200. Raises `CommandFailed`."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        said = ADDRESS.search(log.read_text("utf-8", "replace"))
        there = port or (int(said[1].rsplit(":", 1)[1]) if said else None)
        if there and _answers(there, path):
            return there
        time.sleep(0.1)
    raise commands.CommandFailed(f"the server did not become ready: {log.read_text('utf-8', 'replace')[-1000:]}")


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
