"""The load generator, a process of its own: `python -m benchmarks.serving.load PLAN` prints a tally as JSON.

`once` asks each request alone, in turn, and gives all labels. `closed` has so many clients that each ask again as soon
as they are answered. `open` asks at a rate, whatever comes back. `in turn` has one client ask several servers that are
up together, now the one and now the other. Standard library only.
"""

from __future__ import annotations

import gc
import itertools
import json
import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .tally import Tally, percentile
from .wire import OK, Connection, Reply, Request, Wire, request

LONGEST = 60.0
# Beyond so many connections an arrival cannot be sent: it is counted, and the rate that was offered is told.
MOST_CONNECTIONS = 4096
DRAIN_SECONDS = 10.0


def once(wire: Wire, requests: Sequence[Request]) -> dict[str, Any]:
    """The labels that each request gets when nothing else is asked, up to the first that has no answer (`fault`)."""
    labels: list[Sequence[str]] = []
    connection = wire.connect()
    for asked in requests:
        connection, reply = _asked(wire, connection, asked)
        if reply is None or reply.status != OK:
            told = f"{reply.status} {reply.body[:200]!r}" if reply else "the connection was dropped"
            return {"labels": labels, "fault": f"request {len(labels)}, {asked.data[-200:]!r}: {told}"}
        labels.append(reply.labels)
    return {"labels": labels}


def _asked(wire: Wire, connection: Connection, asked: Request) -> tuple[Connection, Reply | None]:
    """Ask alone, on a new connection where this one was dropped; gives the one that was used, and the reply."""
    connection = connection if connection.open else wire.connect()
    wire.send(connection, asked)
    return connection, _next(wire)


def _next(wire: Wire) -> Reply | None:
    """The next reply; None when the connection was dropped or nothing came for a minute."""
    end = time.perf_counter() + LONGEST
    while time.perf_counter() < end:
        for _, _, reply in wire.events(1.0):
            return reply
    return None


def closed(wire: Wire, requests: Sequence[Request], clients: int, warm: float, seconds: float) -> dict[str, Any]:
    """Clients that wait for each answer; what is answered after `warm` seconds is counted."""
    tally, turns = Tally(), itertools.cycle(requests)
    begin = time.perf_counter() + warm
    end = begin + seconds
    for _ in range(clients):
        wire.send(wire.connect(), next(turns))
    while (now := time.perf_counter()) < end:
        for connection, asked, reply in wire.events(end - now):
            now = time.perf_counter()
            if begin <= now < end:
                tally.note(asked, reply, now - connection.sent)
            wire.send(connection if connection.open else wire.connect(), next(turns))
    return tally.to_json(seconds)


def in_turn(wires: Sequence[Wire], requests: Sequence[Sequence[Request]], rounds: int) -> dict[str, Any]:
    """All requests of one server, one after the other, then those of the next; in the next round backwards. Gives the
    median time in ms of each server in each round, and how many answers were `wrong` or missing (`dropped`)."""
    connections = [wire.connect() for wire in wires]
    medians: list[list[float | None]] = [[] for _ in wires]
    tallies = [Tally() for _ in wires]
    for number in range(rounds):
        for place in list(range(len(wires)))[:: -1 if number % 2 else 1]:
            tallies[place].taken.clear()
            for asked in requests[place]:
                connections[place], reply = _asked(wires[place], connections[place], asked)
                tallies[place].note(asked, reply, time.perf_counter() - connections[place].sent)
            medians[place].append(percentile(tallies[place].taken.get(OK, []), 0.5))
    return {"medians": medians, **{name: [getattr(one, name) for one in tallies] for name in ("wrong", "dropped")}}


def opened(wire: Wire, requests: Sequence[Request], rate: float, seconds: float) -> dict[str, Any]:
    """`rate` requests a second, whatever comes back. What is answered later is in the times, not in the goodput."""
    arrivals = Arrivals(wire, requests)
    begin = time.perf_counter()
    while (now := time.perf_counter() - begin) < seconds:
        arrivals.send(int(now * rate))
        arrivals.read(0.001)
    good = len(arrivals.tally.taken.get(OK, []))
    while arrivals.pending and time.perf_counter() - begin < seconds + DRAIN_SECONDS:
        arrivals.read(0.1)
    sent = {"offered": round(arrivals.sent / seconds, 1), "unsent": arrivals.unsent, "unanswered": arrivals.pending}
    return {**arrivals.tally.to_json(seconds), **sent, "goodput": round(good / seconds, 1)}


class Arrivals:
    """Requests that come whether others are answered or not, each on a connection that is free, or on a new one."""

    def __init__(self, wire: Wire, requests: Sequence[Request]) -> None:
        self.tally = Tally()
        self.sent = self.unsent = self.pending = 0
        self._wire = wire
        self._turns = itertools.cycle(requests)
        self._idle: list[Connection] = []

    def send(self, due: int) -> None:
        """Send until `due` requests have arrived in all."""
        while self.sent + self.unsent < due:
            connection = self._free()
            if connection is None:
                self.unsent += 1
            else:
                self._wire.send(connection, next(self._turns))
                self.sent += 1
                self.pending += 1

    def read(self, seconds: float) -> None:
        """Count what was answered meanwhile."""
        for connection, asked, reply in self._wire.events(seconds):
            self.pending -= 1
            self.tally.note(asked, reply, time.perf_counter() - connection.sent)
            if connection.open:
                self._idle.append(connection)

    def _free(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.open:
                return connection
        return self._wire.connect() if len(self._wire) < MOST_CONNECTIONS else None


def work(told: dict[str, Any]) -> dict[str, Any]:
    """What the plan asks for."""
    if told["mode"] == "in turn":
        return _in_turn(told)
    wire = Wire(told["port"])
    requests = _requests(told["port"], told["bodies"], told.get("expected"))
    try:
        if told["mode"] == "once":
            return once(wire, requests)
        if told["mode"] == "open":
            return opened(wire, requests, told["rate"], told["seconds"])
        return closed(wire, requests, told["clients"], told["warm"], told["seconds"])
    finally:
        wire.close()


def _in_turn(told: dict[str, Any]) -> dict[str, Any]:
    wires = [Wire(server["port"]) for server in told["servers"]]
    requests = [_requests(server["port"], told["bodies"], server["expected"]) for server in told["servers"]]
    try:
        return in_turn(wires, requests, told["rounds"])
    finally:
        for wire in wires:
            wire.close()


def _requests(port: int, bodies: Sequence[str], expected: Sequence[Sequence[str]] | None) -> list[Request]:
    pairs = zip(bodies, expected or [()] * len(bodies), strict=True)
    return [request(port, body.encode(), tuple(labels or ())) for body, labels in pairs]


def main() -> None:
    """Do it, and say what share of a core it took. What is taken here is taken from the server."""
    gc.disable()  # nothing here refers to itself
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    told = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    wall, cpu = time.perf_counter(), time.process_time()
    found = work(told)
    cores = (time.process_time() - cpu) / (time.perf_counter() - wall)
    print(json.dumps({**found, "generator_cores": round(cores, 3)}))


if __name__ == "__main__":
    main()
