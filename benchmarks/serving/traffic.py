"""The traffic of the soak, a process of its own: `python -m benchmarks.serving.traffic PLAN` prints what came of it.

Clients that ask, wait for the answer, pause and ask again: single texts, batches, requests that must be refused. A
client whose connection is dropped asks once more on a new one, at once. Standard library only.
"""

from __future__ import annotations

import itertools
import json
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .wire import OK, Connection, Reply, Request, Wire, request

INVALID = "invalid"
CLIENTS, PAUSE_SECONDS = 8, 0.02
# A request without an answer for so long is lost; the server's own limit is 30 s.
LATEST_SECONDS = 45.0
TOLD = 5
Expected = Mapping[str, tuple[str, ...]]


def outcome(kind: str, expected: Expected, reply: Reply) -> str:
    """`correct` for the version that the answer names, an honest `refused` or `rejected`, or `wrong`.

    An invalid request must be rejected as the client's mistake, any other may only be told to come back.
    """
    if reply.status in (429, 503):
        return "refused"
    if kind == INVALID:
        return "rejected" if 400 <= reply.status < 500 else "wrong"
    right = reply.status == OK and expected.get(reply.version) == reply.labels
    return "correct" if right else "wrong"


@dataclass
class Client:
    """One client: its connection, when it asks next, what it asked, and whether that was asked again."""

    connection: Connection
    due: float
    asked: Request | None = None
    again: bool = False


class Traffic:
    """All clients, and the books: each request ends in exactly one of the counts."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        self.counts: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self.versions: Counter[str] = Counter()
        self.drops: list[float] = []
        self.changes: list[tuple[float, str]] = []
        self.wrong: list[str] = []
        self.refusals: Counter[str] = Counter()
        self._wire = Wire(told["port"])
        self._expected = [{v: tuple(labels) for v, labels in one["expected"].items()} for one in told["requests"]]
        # The name of a request says its kind and where its answers stand.
        self._turns = itertools.cycle(
            request(told["port"], one["body"].encode("latin-1"), name=f"{one['kind']} {place}")
            for place, one in enumerate(told["requests"])
        )
        self._clients: dict[Connection, Client] = {}

    def run(self, seconds: float) -> None:
        """Ask for so many seconds, then wait for the last answers."""
        end = time.perf_counter() + seconds
        for number in range(CLIENTS):
            self._enter(Client(self._wire.connect(), time.perf_counter() + number * PAUSE_SECONDS / CLIENTS))
        while (now := time.perf_counter()) < end:
            self._ask(now)
            self._read(0.002)
        while any(client.asked for client in self._clients.values()):
            self._read(0.1)

    def _enter(self, client: Client) -> None:
        self._clients[client.connection] = client

    def _ask(self, now: float) -> None:
        for client in list(self._clients.values()):
            if client.asked is None and client.due <= now:
                client.asked, client.again = next(self._turns), False
                self.kinds[client.asked.name.split()[0]] += 1
                self._send(client)

    def _send(self, client: Client) -> None:
        if not client.connection.open:
            del self._clients[client.connection]
            client.connection = self._wire.connect()
            self._enter(client)
        assert client.asked is not None
        self._wire.send(client.connection, client.asked)

    def _read(self, seconds: float) -> None:
        for connection, asked, reply in self._wire.events(seconds):
            self._came(self._clients[connection], asked, reply)
        for client in list(self._clients.values()):
            if client.asked and time.perf_counter() - client.connection.sent > LATEST_SECONDS:
                self._wire.end(client.connection)
                self._over(client, "lost")

    def _came(self, client: Client, asked: Request, reply: Reply | None) -> None:
        if reply is not None:
            self._answered(client, asked, reply)
            return
        self.drops.append(time.time())
        if client.again:
            self._over(client, "lost")
            return
        client.again = True
        self._send(client)

    def _answered(self, client: Client, asked: Request, reply: Reply) -> None:
        kind, place = asked.name.split()
        found = outcome(kind, self._expected[int(place)], reply)
        if found == "correct":
            self.versions[reply.version] += 1
            if not self.changes or self.changes[-1][1] != reply.version:
                self.changes.append((time.time(), reply.version))
        if found == "refused":
            self.refusals[f"{reply.status} {'' if reply.again else '(no Retry-After) '}{reply.body[:100]!r}"] += 1
        if found == "wrong" and len(self.wrong) < TOLD:
            self.wrong.append(f"{asked.name}: {reply.status} {reply.version} {reply.body[:160]!r}")
        self._over(client, found)

    def _over(self, client: Client, found: str) -> None:
        self.counts[found] += 1
        self.counts["retried"] += client.again and found != "lost"
        client.asked, client.due = None, time.perf_counter() + PAUSE_SECONDS

    def to_json(self) -> dict[str, Any]:
        """The books."""
        return {
            "counts": dict(self.counts), "kinds": dict(self.kinds), "versions": dict(self.versions),
            "refusals": dict(self.refusals.most_common(TOLD)), "wrong": self.wrong,
            "drops": self.drops, "changes": self.changes[:200],
        }  # fmt: skip


def main() -> None:
    """Ask as the plan says."""
    told = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    traffic = Traffic(told)
    traffic.run(told["seconds"])
    print(json.dumps(traffic.to_json()))


if __name__ == "__main__":
    main()
