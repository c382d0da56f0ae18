"""The faults of the soak: a worker killed, a full disk, a broken version put live, another good one in its place."""

from __future__ import annotations

import errno
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tunewheel.registry import LIVE, Draft
from tunewheel.workspace import Workspace

from .. import commands
from .prepared import run
from .servers import Server

SPARE_MB = 32
# What a workspace holds that no server reads; it is made again, empty, when the workspace is opened.
LEFT_OUT = ("runs", "cache", "reports")
# Smaller children (a tracker of resources) are no workers: they hold no model.
WORKER_BYTES = 60e6
WEIGHTS = "weights.safetensors"


@contextmanager
def small_disk(workspace: Path) -> Iterator[tuple[Path, str]]:
    """A copy of the workspace on a disk with little room, and why that was not possible: then it is a plain copy."""
    with commands.temporary_folder() as folder:
        size = sum(path.stat().st_size for path in workspace.rglob("*") if path.is_file()) // 1_000_000
        options = ["-t", "tmpfs", "-o", f"size={2 * size + SPARE_MB}m", "tunewheel-bench", folder]
        mounted = _told(["mount", *options])
        try:
            shutil.copytree(workspace, Path(folder) / "workspace", ignore=shutil.ignore_patterns(*LEFT_OUT))
            yield Path(folder) / "workspace", mounted
        finally:
            if not mounted:
                _told(["umount", "--lazy", folder])


def _told(command: list[str]) -> str:
    """Why a command failed; empty when it did not."""
    try:
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        return str(error)
    return ended.stderr.strip()[:200] or f"exit code {ended.returncode}" if ended.returncode else ""


def add_broken(workspace: Path, version: str) -> str:
    """Register a copy of a version, then change one byte in its weights; gives its id."""
    with Workspace.open(workspace, create=False) as opened:
        found, bundle = opened.versions.get(version), opened.bundle(version)

        def fill(folder: Path) -> None:
            for name in bundle.manifest.files:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(bundle.path / name, folder / name)

        broken = opened.register(fill, Draft(name="broken", task=found.task, kind=found.kind))
        _flip(opened.path / broken.folder / WEIGHTS)
        return broken.id


def _flip(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        byte = file.read(1)[0]
        file.seek(-1, 1)
        file.write(bytes([byte ^ 0xFF]))


@dataclass
class Faults:
    """What is done to a server and its workspace; each deed gives a sentence for the story."""

    server: Server
    workspace: Path
    first: str
    second: str
    broken: str
    undisturbed: str
    kills: list[float] = field(default_factory=list)
    filled: bool = False
    broke: bool = False

    def schedule(self) -> list[tuple[float, Callable[[], str]]]:
        """The deeds by the share of the soak that has passed.

        The first reload comes before memory is first read, so that a previous version that is kept warm is in both.
        """
        return [
            (0.05, self.reload), (0.12, self.roll_back), (0.30, self.kill), (0.40, self.fill), (0.55, self.free),
            (0.60, self.break_live), (0.70, self.mend), (0.76, self.reload), (0.84, self.roll_back), (0.90, self.kill),
        ]  # fmt: skip

    def reload(self) -> str:
        return run(self.workspace, "promote", self.second)

    def roll_back(self) -> str:
        return run(self.workspace, "rollback")

    def kill(self) -> str:
        """SIGKILL to a worker process, where there are any."""
        workers = [child for child in self.server.processes()[1:] if child.memory_info().rss > WORKER_BYTES]
        if not workers:
            return "the server is one process without workers: none was killed"
        self.kills.append(time.time())
        workers[0].kill()
        return f"worker {workers[0].pid} of {len(workers)} killed"

    @property
    def _filler(self) -> Path:
        return self.workspace.parent / "filler"

    def fill(self) -> str:
        """Take all the room there is."""
        if self.undisturbed:
            return f"the disk was not filled: {self.undisturbed}"
        with self._filler.open("wb", buffering=0) as file:
            self.filled = _until_full(file.write)
        return f"the disk is full, {psutil.disk_usage(str(self.workspace)).free} bytes are left"

    def free(self) -> str:
        self._filler.unlink(missing_ok=True)
        return "the disk has room again"

    def break_live(self) -> str:
        """`promote` must refuse a broken version; then the alias is moved to it all the same."""
        try:
            run(self.workspace, "promote", self.broken)
            refused = "promote took it"
        except commands.CommandFailed:
            refused = "promote refused it"
        self._live(self.broken)
        self.broke = True
        return f"{self.broken} is live and broken ({refused})"

    def mend(self) -> str:
        self._live(self.first)
        return f"{self.first} is live again"

    def _live(self, version: str) -> None:
        with Workspace.open(self.workspace, create=False) as opened:
            opened.versions.set_alias(LIVE, version, reason="soak")


def _until_full(write: Callable[[bytes], int]) -> bool:
    """Whether the disk said that it is full; what is written last is a byte."""
    for size in (1 << 20, 1 << 12, 1):
        try:
            while write(bytes(size)):
                pass
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
    return True
