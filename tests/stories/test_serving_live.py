"""A server lives through what happens to it: a worker dies, versions change, tokens come and go."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil
import pytest
from live_server import SECONDS, SECRET, Server, wait_for

from tunewheel.client import Client
from tunewheel.errors import ServingError
from tunewheel.workspace import Workspace


class Asking(threading.Thread):
    """Asks without a pause; a dropped connection is tried once more, as clients do."""

    def __init__(self, server: Server) -> None:
        super().__init__(daemon=True)
        self.server, self.statuses, self.over = server, [], threading.Event()
        self.start()

    def run(self) -> None:
        with httpx.Client(base_url=self.server.client.base_url, trust_env=False, timeout=20) as client:
            while not self.over.is_set():
                try:
                    self.statuses.append(self._once(client))
                except httpx.TransportError:
                    self.statuses.append(self._once(client))

    def _once(self, client: httpx.Client) -> int:
        headers = {"Authorization": f"Bearer {SECRET}"}
        return client.post("/predict", json={"text": "where is my card"}, headers=headers).status_code

    def done(self) -> list[int]:
        self.over.set()
        self.join(SECONDS)
        return self.statuses


@pytest.mark.slow
def test_workers_die_versions_change_and_nobody_is_left_without_an_answer(
    serve: Callable[..., Server], team: Path, versions: list[str]
) -> None:
    first, second = versions
    server = serve("--workers", "2", "--threads", "1")
    asking = Asking(server)
    before = server.workers()
    assert len(before) == 2
    os.kill(min(before), signal.SIGKILL)
    wait_for(lambda: len(server.workers() - {min(before)}) == 2)
    with Workspace.open(team) as workspace:
        workspace.promote(second, "a better one")
        wait_for(lambda: [server.served() for _ in range(6)] == [second] * 6)
        workspace.rollback()
        wait_for(lambda: [server.served() for _ in range(6)] == [first] * 6)
    statuses = asking.done()
    assert len(statuses) > 20 and set(statuses) == {200}
    assert (
        f'tunewheel_version{{task="text_classification",version="{first}"}} 1.0' in server.client.get("/metrics").text
    )
    assert server.stop() == 0
    noted = [json.loads(line) for line in (team / "logs" / "audit.jsonl").read_text().splitlines()]
    assert {line["token"] for line in noted} == {"story"} and {line["version"] for line in noted} >= {first, second}


def test_a_damaged_version_is_not_served_and_a_token_that_is_revoked_opens_nothing(
    serve: Callable[..., Server], team: Path, versions: list[str]
) -> None:
    first, second = versions
    server = serve("--workers", "1")
    with Workspace.open(team) as workspace:
        workspace.promote(second, "a better one")
        file = next(path for path in (team / "versions" / second).iterdir() if path.suffix == ".safetensors")
        file.write_bytes(b"x" + file.read_bytes()[1:])
        wait_for(lambda: f"{second} cannot be served" in server.said.read_text(), server.said)
        assert server.served() == first
        workspace.tokens.revoke("story")
        wait_for(lambda: server.ask().status_code == 401)
    assert server.stop() == 0
    assert "Traceback" not in server.said.read_text()


def test_https_is_served_with_the_certificate_that_was_given(serve: Callable[..., Server], tmp_path: Path) -> None:
    certificate, key = tmp_path / "c.pem", tmp_path / "k.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(certificate)]
    named = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*made, "-days", "2", *named], check=True, capture_output=True)
    server = serve("--workers", "1", "--tls-cert", str(certificate), "--tls-key", str(key))
    assert server.client.base_url.scheme == "https"
    assert server.ask().status_code == 200
    with Client(str(server.client.base_url), token=SECRET, certificate=certificate) as client:
        assert client.version().version.startswith("v")
    with (
        Client(str(server.client.base_url), token=SECRET) as stranger,
        pytest.raises(ServingError, match="certificate"),
    ):
        stranger.version()
    assert server.stop() == 0


@pytest.mark.parametrize("named", [["--tls-cert", "c.pem"], ["--tls-cert", "c.pem", "--tls-key", "k.pem"]])
def test_a_certificate_that_cannot_be_used_is_told_before_anything_is_loaded(team: Path, named: list[str]) -> None:
    command = [sys.executable, "-m", "tunewheel", "serve", "-w", str(team), "--port", "0", *named]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    assert ended.returncode == 2
    assert "certificate" in ended.stderr and "Traceback" not in ended.stderr


@pytest.mark.slow
def test_workers_do_not_outlive_a_supervisor_that_was_killed(serve: Callable[..., Server]) -> None:
    server = serve("--workers", "2", "--threads", "1")
    workers = server.workers()
    assert len(workers) == 2
    server.process.kill()
    server.process.wait()
    wait_for(lambda: not any(psutil.pid_exists(worker) for worker in workers))
