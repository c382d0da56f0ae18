"""The door: who was turned away may stay for a while, and who does not listen is not read."""

import asyncio
import socket
import time
from types import SimpleNamespace
from typing import Any

import pytest
from raw_http import REQUEST, reply

from tunewheel.serving import ServingOptions
from tunewheel.web.door import Door
from tunewheel.web.doors import Doors
from tunewheel.web.glance import Rounds
from tunewheel.web.protocol import DOORS, OPTIONS, ROUNDS


@pytest.fixture
def full(start: Any):
    """A server whose queue is always full, by its port."""
    with start(head_seconds=0.3, idle_seconds=1) as server:
        server.service.current.full = lambda coming=0: True
        yield server.port


def test_who_was_turned_away_may_stay_and_ask_again(full: int) -> None:
    with socket.create_connection(("127.0.0.1", full), 10) as kept:
        for _ in range(3):
            kept.sendall(REQUEST)
            assert reply(kept).startswith(b"HTTP/1.1 503")
            time.sleep(0.4)  # longer than the first request may take to come


def test_who_says_nothing_more_is_let_go_without_a_word(full: int) -> None:
    with socket.create_connection(("127.0.0.1", full), 10) as kept:
        kept.sendall(REQUEST)
        reply(kept)
        started = time.monotonic()
        assert kept.recv(65536) == b""
        assert 0.5 < time.monotonic() - started < 5


class Wire:
    """A transport that notes what is done to it."""

    def __init__(self) -> None:
        self.done: list[Any] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *given: self.done.append((name, *given))


def test_who_does_not_listen_is_not_read() -> None:
    async def visit() -> list[Any]:
        service, wire = SimpleNamespace(full=lambda coming=0: True), Wire()
        state = {OPTIONS: ServingOptions(), ROUNDS: Rounds(service, print), DOORS: Doors()}  # type: ignore[arg-type]
        door = Door(None, SimpleNamespace(connections=set()), state)  # type: ignore[arg-type]
        door.connection_made(wire)  # type: ignore[arg-type]
        door.pause_writing()
        door.resume_writing()
        door.connection_lost(None)
        return wire.done

    assert asyncio.run(visit()) == [("pause_reading",), ("resume_reading",)]


def test_who_is_refused_for_another_reason_costs_nobody_else_their_place() -> None:
    async def crowd() -> bool:
        rounds = Rounds(SimpleNamespace(full=lambda coming=0: False), lambda count: None)  # type: ignore[arg-type]
        rounds.refuse(asyncio.get_running_loop())  # one connection too many, and room in the queue
        return rounds.full

    assert not asyncio.run(crowd())


def test_a_round_of_refusals_is_counted_once_and_rests_only_where_nobody_new_has_come(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[int] = []
    rests: list[float] = []
    monkeypatch.setattr(time, "sleep", rests.append)

    async def rounds() -> None:
        loop, kept = asyncio.get_running_loop(), Rounds(SimpleNamespace(full=lambda coming=0: True), told.append)  # type: ignore[arg-type]
        for new in (True, False):
            if new:
                kept.meet()
            for _ in range(3):
                kept.refuse(loop)
            await asyncio.sleep(0)

    asyncio.run(rounds())
    assert told == [3, 3] and len(rests) == 1
