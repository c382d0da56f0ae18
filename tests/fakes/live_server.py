"""`tunewheel serve` in a process of its own, for stories."""

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil

SECRET = "a-secret-for-the-story"
SECONDS = 150.0


class Server:
    """`tunewheel serve` in a process of its own."""

    def __init__(self, workspace: Path, *arguments: str) -> None:
        self.workspace, self.said = workspace, workspace.parent / "said.txt"
        command = [sys.executable, "-m", "tunewheel", "serve", "-w", str(workspace), "--port", "0", *arguments]
        with self.said.open("w") as said:
            self.process = subprocess.Popen(command, stderr=said)
        found = wait_for(lambda: re.search(r"at (https?://[\d.:]+)", self.said.read_text()), self.said)
        self.client = httpx.Client(base_url=found[1], trust_env=False, timeout=20, verify=False)
        self.client.headers["Authorization"] = f"Bearer {SECRET}"

    def ask(self, text: str = "where is my card") -> httpx.Response:
        return self.client.post("/predict", json={"text": text})

    def served(self) -> str:
        return str(self.ask().json().get("version"))

    def workers(self) -> set[int]:
        return {child.pid for child in psutil.Process(self.process.pid).children() if self._works(child)}

    @staticmethod
    def _works(child: psutil.Process) -> bool:
        try:
            return "spawn_main" in " ".join(child.cmdline())
        except psutil.Error:  # it has just ended
            return False

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(SECONDS)

    def close(self) -> None:
        """Leave nothing behind, whatever became of the test."""
        self.client.close()
        if self.process.poll() is None:
            workers = self.workers()
            self.process.kill()
            self.process.wait()
            wait_for(lambda: not any(psutil.pid_exists(worker) for worker in workers))


def wait_for(what, told=None):
    """What the function gives, as soon as that is something."""
    latest = time.monotonic() + SECONDS
    while not (found := what()):
        assert time.monotonic() < latest, told.read_text() if told else "it did not happen"
        time.sleep(0.05)
    return found
