"""A version is tried, promoted and taken back while clients ask without a pause: nobody is left without an answer."""

import csv
import itertools
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from live_server import SECONDS, SECRET, Server, wait_for

from tunewheel.workspace import Workspace

CLIENTS, KEYS = 4, 24


@dataclass(frozen=True)
class Heard:
    """What a client heard: when it asked and when it was answered, under which key, and what."""

    asked: float
    at: float
    key: str
    status: int
    version: str


class Client(threading.Thread):
    """Asks one text after another without a pause, under several keys; a request is never repeated."""

    def __init__(self, server: Server, texts: list[str], number: int) -> None:
        super().__init__(daemon=True)
        self.server, self.number = server, number
        self.texts = itertools.cycle(texts[number:] + texts[:number])
        self.heard: list[Heard] = []
        self.over = threading.Event()
        self.start()

    def run(self) -> None:
        base, headers = self.server.client.base_url, {"Authorization": f"Bearer {SECRET}"}
        with httpx.Client(base_url=base, trust_env=False, timeout=30, headers=headers) as client:
            for count in itertools.count():
                if self.over.is_set():
                    return
                key, asked = f"{self.number}-{count % KEYS}", time.monotonic()
                answer = client.post("/predict", json={"text": next(self.texts)}, headers={"Tunewheel-Key": key})
                version = answer.json().get("version", "")
                self.heard.append(Heard(asked, time.monotonic(), key, answer.status_code, version))


def tunewheel(team: Path, *arguments: str) -> None:
    command = [sys.executable, "-m", "tunewheel", *arguments, "-w", str(team)]
    subprocess.run(command, check=True, capture_output=True, timeout=SECONDS)


def answers(server: Server, texts: list[str]) -> list[dict[str, Any]]:
    """The answers to these texts, each asked alone, without their ids."""
    found = []
    for text in texts:
        (answer,) = server.ask(text).json()["predictions"]
        found.append({name: value for name, value in answer.items() if name != "id"})
    return found


@pytest.mark.slow
def test_a_version_is_tried_promoted_and_taken_back_under_traffic(
    serve: Callable[..., Server], tuned: Any, team: Path, versions: list[str]
) -> None:
    first, second = versions
    with tuned.data.open() as file:
        texts = [row["text"] for row in csv.DictReader(file)][:40]
    server = serve("--workers", "2", "--threads", "1")
    before = answers(server, texts)
    clients = [Client(server, texts, number) for number in range(CLIENTS)]

    def heard() -> list[Heard]:
        return [one for client in clients for one in client.heard]

    def answered_by(version: str, since: float, many: int = 60) -> bool:
        """Whether the newest answers of every client are this version's."""
        newest = [client.heard[-many // CLIENTS :] for client in clients]
        return all(one.version == version and one.asked > since for some in newest for one in some)

    tunewheel(team, "canary", "40%", second, "--differ", "99%", "--slower", "1000")
    wait_for(lambda: len({one.version for one in heard()[-40:]}) == 2)
    started = time.monotonic() + 2  # by then both workers have it
    wait_for(lambda: sum(one.asked > started for one in heard()) > 2 * CLIENTS * KEYS)
    met = defaultdict(set)
    for one in heard():
        if one.asked > started:
            met[one.key].add(one.version)
    assert {len(found) for found in met.values()} == {1}
    assert {version for found in met.values() for version in found} == {first, second}

    tunewheel(team, "promote", second, "--reason", "the canary did well")
    promoted = time.monotonic()
    wait_for(lambda: answered_by(second, promoted))
    told = time.monotonic()
    tunewheel(team, "rollback")
    wait_for(lambda: answered_by(first, told))
    for client in clients:
        client.over.set()
        client.join(SECONDS)

    assert Counter(one.status for one in heard()) == {200: len(heard())}
    assert {one.version for one in heard()} == {first, second}
    took = min(one.at for one in heard() if one.asked > told and one.version == first) - told
    last = max(one.at for one in heard() if one.version == second) - told
    print(f"{len(heard())} answers; rollback: the first after {took:.2f} s, the last of the other after {last:.2f} s")
    assert answers(server, texts) == before
    assert server.stop() == 0
    with Workspace.open(team) as workspace:
        kept = workspace.journal.count(role="live") + workspace.journal.count(version=second, role="canary")
        assert kept == len(heard()) + 2 * len(texts)
        assert workspace.rollout.now() is None
        workspace.ledger.verify()
