"""HTTP from the client's side, as cheap as it can be: prepared bytes out, replies read in one epoll loop.

Standard library only: what is spent here is taken from the server that is measured, on the same two cores.
"""

from __future__ import annotations

import re
import select
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass

HOST = "127.0.0.1"
# A larger one would be given back to the system, page by page, after each reply.
CHUNK = 1 << 14
_LENGTH = re.compile(rb"content-length: *(\d+)")
_CLOSES = re.compile(rb"connection: *close")
_LABEL = re.compile(rb'"label": *"((?:[^"\\]|\\.)*)"')
_VERSION = re.compile(rb'"version": *"([^"]*)"')
_READ, _WRITE = select.EPOLLIN, select.EPOLLOUT
OK = 200


@dataclass(frozen=True, eq=False)
class Request:
    """The bytes of a request; the labels that the answer must give (empty: not known); a name for its kind."""

    data: bytes
    expected: tuple[str, ...] = ()
    name: str = ""


@dataclass(frozen=True)
class Reply:
    """What came back. `again`: it says when to try again; `closes`: the server ends the connection with it."""

    status: int
    body: bytes
    again: bool
    closes: bool

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels in the order of the rows, whichever system answered."""
        return tuple(found.decode() for found in _LABEL.findall(self.body))

    @property
    def version(self) -> str:
        found = _VERSION.search(self.body)
        return found[1].decode() if found else ""


def request(port: int, body: bytes, expected: tuple[str, ...] = (), name: str = "") -> Request:
    """A JSON body as a POST to /predict."""
    head = (
        f"POST /predict HTTP/1.1\r\nHost: {HOST}:{port}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return Request(head.encode() + body, expected, name)


def reply_of(data: bytes | bytearray) -> Reply | None:
    """The reply, when all of it is there. Its head has to say how long its body is."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = bytes(data[:end]).lower()
    length = _LENGTH.search(head)
    body = bytes(data[end + 4 :])
    if length and len(body) < int(length[1]):
        return None
    return Reply(int(head[9:12]), body, b"\r\nretry-after:" in head, _CLOSES.search(head) is not None)


# Refusals are the same bytes again and again: under a flood they are not parsed anew.
_REFUSALS: dict[bytes, Reply] = {}


class Connection:
    """One connection with at most one request under way (`asked`), sent at `sent`; `open` until either side ends it."""

    def __init__(self, port: int) -> None:
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.connect_ex((HOST, port))
        self.open = True
        self.asked: Request | None = None
        self.sent = 0.0
        self.left = b""
        self.came = bytearray()

    def flush(self) -> None:
        """Send what can be sent now."""
        try:
            self.left = self.left[self.socket.send(self.left) :]
        except (BlockingIOError, InterruptedError):
            pass
        except OSError:  # the other side is gone: reading says so
            self.left = b""

    def read(self) -> Reply | None:
        """The reply when it is whole. Raises `OSError` when the other side ended the connection."""
        try:
            found = self.socket.recv(CHUNK)
        except (BlockingIOError, InterruptedError):
            return None
        if not found:
            raise ConnectionResetError
        if not self.came and found in _REFUSALS:
            return _REFUSALS[found]
        self.came += found
        reply = reply_of(self.came)
        if reply:
            if reply.status != OK and len(_REFUSALS) < 16:
                _REFUSALS[bytes(self.came)] = reply
            self.came.clear()
        return reply


class Wire:
    """Connections to one server."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._poll = select.epoll()
        self._open: dict[int, Connection] = {}

    def __len__(self) -> int:
        return len(self._open)

    def connect(self) -> Connection:
        """A new connection, usable at once."""
        connection = Connection(self.port)
        self._open[connection.socket.fileno()] = connection
        self._poll.register(connection.socket, _READ)
        return connection

    def send(self, connection: Connection, asked: Request) -> None:
        """Ask on a connection that has nothing under way."""
        connection.asked, connection.left, connection.sent = asked, asked.data, time.perf_counter()
        connection.flush()
        if connection.left:
            self._poll.modify(connection.socket, _READ | _WRITE)

    def events(self, seconds: float) -> Iterator[tuple[Connection, Request, Reply | None]]:
        """Within so many seconds: which request of which connection was answered, None for one that was dropped."""
        for number, mask in self._poll.poll(seconds):
            connection = self._open.get(number)
            if connection is None:
                continue
            if mask & _WRITE:
                self._go_on(connection)
            if mask & ~_WRITE:
                yield from self._came(connection)

    def _go_on(self, connection: Connection) -> None:
        connection.flush()
        if not connection.left:
            self._poll.modify(connection.socket, _READ)

    def _came(self, connection: Connection) -> Iterator[tuple[Connection, Request, Reply | None]]:
        reply: Reply | None = None
        try:
            reply = connection.read()
            unfinished = reply is None
        except OSError:
            unfinished = False
        if unfinished:
            return
        if reply is None or reply.closes:
            self.end(connection)
        asked, connection.asked = connection.asked, None
        if asked is not None:
            yield connection, asked, reply

    def end(self, connection: Connection) -> None:
        """Close it on our side."""
        if connection.open:
            connection.open = False
            del self._open[connection.socket.fileno()]
            self._poll.unregister(connection.socket)
            connection.socket.close()

    def close(self) -> None:
        for connection in list(self._open.values()):
            self.end(connection)
        self._poll.close()
