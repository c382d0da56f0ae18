import asyncio
import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import raw_http
from keyword_task import predictor, slow
from raw_http import REQUEST, reply

from tunewheel.web.glance import Rounds, is_whole
from tunewheel.web.protocol import AHEAD, see_off


def test_a_client_that_sends_no_head_is_let_go(start):
    with start(head_seconds=0.3) as server, socket.create_connection(("127.0.0.1", server.port), 10) as silent:
        assert silent.recv(65536).startswith(b"HTTP/1.1 408")
        assert silent.recv(65536) == b""


def test_a_head_that_comes_letter_by_letter_is_let_go(start):
    with start(head_seconds=0.5) as server, socket.create_connection(("127.0.0.1", server.port), 10) as slow_one:
        slow_one.settimeout(0.05)
        answer, started = b"", time.monotonic()
        while not answer and time.monotonic() - started < 10:
            slow_one.sendall(b"G")
            try:
                answer = slow_one.recv(65536)
            except TimeoutError:
                continue
        assert b" 400 " in answer or b" 408 " in answer
        assert time.monotonic() - started < 5


def test_a_connection_that_is_kept_open_may_wait_between_requests(start):
    with start(head_seconds=0.3) as server, socket.create_connection(("127.0.0.1", server.port), 10) as kept:
        for _ in range(2):
            kept.sendall(REQUEST)
            assert reply(kept).startswith(b"HTTP/1.1 200")
            time.sleep(0.5)


@contextmanager
def queue_filled(server):
    """One request is worked, and another takes the one place in the queue; in the end both are answered."""
    url = f"http://127.0.0.1:{server.port}/predict"
    asking = {"json": {"text": "card"}, "trust_env": False, "timeout": 10}
    threads = [threading.Thread(target=httpx.post, args=(url,), kwargs=asking) for _ in range(2)]
    threads[0].start()
    time.sleep(0.2)  # it is worked, and no longer waits
    threads[1].start()
    while not server.service.full():
        time.sleep(0.01)
    yield
    for thread in threads:
        thread.join(10)


@pytest.mark.parametrize("pieces", [[REQUEST], [REQUEST[:40], REQUEST[40:]], [REQUEST[:-5], REQUEST[-5:]]])
def test_who_is_turned_away_may_ask_again_on_the_same_connection(start, pieces):
    with start(predictor(slow(1.0)), start=False, queue_rows=1) as server:
        with socket.create_connection(("127.0.0.1", server.port), 10) as kept:
            with queue_filled(server):
                started = time.monotonic()
                for piece in pieces:
                    kept.sendall(piece)
                    time.sleep(0.05)
                refused = reply(kept)
                assert refused.startswith(b"HTTP/1.1 503") and b"retry-after: 1" in refused
                assert time.monotonic() - started < 0.6
            kept.sendall(REQUEST)
            assert reply(kept).startswith(b"HTTP/1.1 200")
        text = server.client.get("/metrics").text
        assert 'tunewheel_requests_total{route="/predict",status="503"} 1.0' in text


def test_only_a_plain_request_that_is_all_there_is_told_at_a_glance():
    assert is_whole(REQUEST)
    assert not is_whole(REQUEST[:-1]) and not is_whole(REQUEST + b"POST")
    assert not is_whole(REQUEST.replace(b"/predict", b"/feedback")) and not is_whole(b"GET / HTTP/1.1\r\n\r\n")
    for header in (b"Transfer-Encoding: chunked", b"Expect: 100-continue", b"Connection: close", b"Content-Length: 16"):
        assert not is_whole(REQUEST.replace(b"Host:", header + b"\r\nHost:"))


class Room:
    """A service with room for so many requests."""

    def __init__(self, room: int) -> None:
        self.room = room

    def full(self, coming: int = 0) -> bool:
        return coming >= self.room


def test_what_is_let_in_during_a_round_counts_before_it_has_joined_the_queue():
    async def a_round() -> None:
        loop, rounds = asyncio.get_running_loop(), Rounds(Room(2), print)
        for _ in range(2):
            assert not rounds.full
            rounds.let_in(loop)
        assert rounds.full
        await asyncio.sleep(0)
        assert not rounds.full  # by now they have joined: the queue itself knows of them

    asyncio.run(a_round())


def test_a_queue_that_was_full_is_looked_at_again_in_the_next_round_though_nobody_was_refused():
    async def a_round() -> None:
        room = Room(0)
        rounds = Rounds(room, print)
        assert rounds.full
        room.room = 1
        assert rounds.full  # whoever asks in the same round hears the same
        await asyncio.sleep(0)
        assert not rounds.full

    asyncio.run(a_round())


def test_who_was_turned_away_again_and_again_is_let_go_when_it_has_been_idle_since_the_last_time(start, monkeypatch):
    with start(idle=1) as server, socket.create_connection(("127.0.0.1", server.port), 10) as kept:
        kept.sendall(REQUEST)
        assert reply(kept).startswith(b"HTTP/1.1 200")  # from here on it has a protocol of its own
        monkeypatch.setattr(type(server.service), "full", lambda self, coming=0: True)
        for _ in range(5):  # for twice as long as it may be idle
            kept.sendall(REQUEST)
            assert reply(kept).startswith(b"HTTP/1.1 503")
            time.sleep(0.4)
        began = time.monotonic()
        assert ended(kept) and 0.2 < time.monotonic() - began < 3.0


def test_who_reads_no_refusals_is_let_go_before_they_fill_the_memory(start, monkeypatch):
    ask = b"POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    with start(seconds=0.5) as server, socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        deaf.settimeout(5)
        deaf.connect(("127.0.0.1", server.port))
        monkeypatch.setattr(type(server.service), "full", lambda self, coming=0: True)
        with pytest.raises(OSError):  # a reset
            for _ in range(2_000):
                deaf.sendall(200 * ask)


def test_beyond_the_most_connections_one_is_told_to_go(start):
    with start(max_connections=3) as server:
        open_ones = [socket.create_connection(("127.0.0.1", server.port), 10) for _ in range(4)]
        open_ones[-1].sendall(REQUEST)
        refused = reply(open_ones[-1])
        assert refused.startswith(b"HTTP/1.1 503") and b"connection: close" in refused
        for connection in open_ones:
            connection.close()


def test_a_head_without_an_end_is_refused_before_it_fills_the_memory(start):
    with start(max_header_bytes=2_000) as server, socket.create_connection(("127.0.0.1", server.port), 10) as endless:
        endless.sendall(b"GET / HTTP/1.1\r\nX: ")
        answer = b""
        endless.settimeout(0.2)
        for _ in range(100):
            try:
                endless.sendall(b"x" * 500)
                answer = endless.recv(65536)
            except TimeoutError:
                continue
            break
        assert answer.startswith(b"HTTP/1.1 431")


def ended(connection: socket.socket, seconds: float = 5.0) -> bool:
    """Whether the server ends the connection within so long."""
    connection.settimeout(seconds)
    try:
        while connection.recv(65536):
            pass
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False
    return True


def test_who_is_turned_away_and_never_sends_its_body_is_let_go(start):
    with (
        start(predictor(slow(1.0)), start=False, queue_rows=1, seconds=0.5) as server,
        socket.create_connection(("127.0.0.1", server.port), 10) as silent,
        queue_filled(server),
    ):
        silent.sendall(REQUEST[:-5])
        silent.settimeout(5)
        assert b"the body did not arrive in time" in silent.recv(65536)
        assert ended(silent)


@pytest.mark.parametrize("more", [b"x", b"\r\n"], ids=["a byte of a body nobody waited for", "an empty line"])
def test_who_sends_something_after_its_answer_is_no_longer_idle_than_others(start, more):
    ask = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    ask += b"Content-Length: 9\r\n\r\n" if more == b"x" else b"\r\n"
    with start(idle=1) as server, socket.create_connection(("127.0.0.1", server.port), 10) as one:
        one.sendall(ask)
        assert reply(one).startswith(b"HTTP/1.1 200")
        one.sendall(more)
        assert ended(one)


def test_of_requests_sent_ahead_of_their_answers_only_so_many_are_kept(start):
    with start(predictor(slow(0.3))) as server, socket.create_connection(("127.0.0.1", server.port), 10) as hasty:
        hasty.sendall(REQUEST * (AHEAD + 3))
        assert ended(hasty)
    with start() as server, socket.create_connection(("127.0.0.1", server.port), 10) as patient:
        patient.sendall(REQUEST * AHEAD)
        answers, parts = b"", b""
        while answers.count(b"HTTP/1.1 200") < AHEAD and (parts := patient.recv(65536)):
            answers += parts
        assert answers.count(b"HTTP/1.1 200") == AHEAD


@pytest.mark.parametrize(("unread", "aborted"), [(0, False), (9, True)])
def test_what_a_client_does_not_read_is_thrown_away_after_a_while(unread, aborted):
    class Transport:
        """One that is closing, with so many bytes left."""

        gone = False

        def get_write_buffer_size(self) -> int:
            return unread

        def abort(self) -> None:
            self.gone = True

    async def leave(transport: Transport) -> bool:
        see_off(asyncio.get_running_loop(), transport, 0.05)
        await asyncio.sleep(0.2)
        return transport.gone

    assert asyncio.run(leave(Transport())) is aborted


# In a process of its own: one in this process would be kept from asking by the server itself.
ASKING = """
import socket, sys
from raw_http import REQUEST, reply
with socket.create_connection(("127.0.0.1", int(sys.argv[1])), 10) as one:
    for _ in range(200):
        one.sendall(REQUEST)
        assert reply(one).startswith(b"HTTP/1.1 200")
"""


def test_who_asks_again_the_moment_it_is_answered_is_alone_again(start):
    told = []

    def listening(service):
        ask = service.ask
        service.ask = lambda rows, seconds, **how: (told.append(how["alone"]), ask(rows, seconds, **how))[1]
        return service

    with start(behind=listening) as server:
        path = {**os.environ, "PYTHONPATH": str(Path(raw_http.__file__).parent)}
        subprocess.run([sys.executable, "-c", ASKING, str(server.port)], check=True, timeout=60, env=path)
    assert told == [True] * 200
