"""Doors: more of them in a flood, and none of them after it."""

import asyncio
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from raw_http import REQUEST, reply

from tunewheel.web import doors as room
from tunewheel.web.doors import MORE, Doors, Listening

FILES = Path("/proc/self/fd")


@pytest.fixture
def listening() -> Iterator[Listening]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = Listening(None, listener, backlog=16)
        config.ssl = None  # as loading it would have it
        yield config


async def until(true: Any) -> None:
    for _ in range(200):
        if true():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came true")


def test_who_is_turned_away_opens_them_and_calm_closes_them(
    listening: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "CALM_SECONDS", 0.1)

    async def flood() -> None:
        doors = Doors()
        for _ in range(2):  # a second flood opens them again
            for _ in range(5):
                doors.turned_away(listening, asyncio.Protocol)
            await until(lambda: doors.count == MORE)
            _, writer = await asyncio.open_connection(*listening.listener.getsockname())
            writer.close()
            await until(lambda: doors.count == 0)

    asyncio.run(flood())


def test_where_there_are_no_files_left_the_first_one_goes_on_and_they_are_tried_again_later(
    listening: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "CALM_SECONDS", 0.1)

    def none_left() -> socket.socket:
        raise OSError(24, "too many open files")

    async def flood() -> None:
        doors = Doors()
        with monkeypatch.context() as patch:
            patch.setattr(listening, "listener", SimpleNamespace(dup=none_left))
            doors.turned_away(listening, asyncio.Protocol)
            await asyncio.sleep(0.3)
        assert doors.count == 0
        doors.turned_away(listening, asyncio.Protocol)
        await until(lambda: doors.count == MORE)
        doors.end()

    asyncio.run(flood())


def test_a_server_that_stops_closes_them_and_opens_none(listening: Listening) -> None:
    async def stop() -> tuple[int, int]:
        doors = Doors()
        doors.turned_away(listening, asyncio.Protocol)
        await until(lambda: doors.count == MORE)
        doors.end()
        after = doors.count
        doors.turned_away(listening, asyncio.Protocol)
        await asyncio.sleep(0.05)
        return after, doors.count

    assert asyncio.run(stop()) == (0, 0)


@pytest.mark.skipif(not FILES.is_dir(), reason="only Linux shows the files of a process")
def test_a_server_at_work_has_one_and_more_while_it_turns_away(start: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "CALM_SECONDS", 0.2)
    with start() as server:
        before = doors_of_one_address()
        server.service.current.full = lambda coming=0: True
        with socket.create_connection(("127.0.0.1", server.port), 10) as client:
            client.sendall(REQUEST)
            assert reply(client).startswith(b"HTTP/1.1 503")
        asyncio.run(until(lambda: doors_of_one_address() == before + MORE))
        asyncio.run(until(lambda: doors_of_one_address() == before))


def doors_of_one_address() -> int:
    """How many files of this process are one and the same socket, at most."""
    links = []
    for path in FILES.iterdir():
        with suppress(OSError):  # one that was closed meanwhile
            links.append(str(path.readlink()))
    return max(Counter(link for link in links if link.startswith("socket:")).values())
