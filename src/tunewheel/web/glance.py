"""A glance: who is turned away before anything is made for the request, and what is said.

Under ten times the load that a server can bear, nine requests of ten are refused: each of them must cost far less than
an answer, or the refusals take the time of the answers.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable
from hashlib import blake2b

from ..errors import Problem
from .problems import body
from .service import Service

AGAIN_SECONDS = 1
REST_SECONDS = 0.008
HEADS, LONGEST_HEAD = 512, 2_048  # heads that are known; longer ones are the parser's business
_sizes: dict[bytes, int] = {}
_PLAIN = b"POST /predict HTTP/1.1\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d{1,8})(?:\r\n|\Z)")
# Headers that say how a request ends, or what the client waits for: these are the parser's business.
_OTHERS = re.compile(
    rb"\r\n(?:transfer-encoding|expect|connection|upgrade|[ \t])|\r\ncontent-length.*\r\ncontent-length", re.S
)


def refused(status: bytes, what: str, mend: str, *headers: bytes) -> bytes:
    """A whole response, made once."""
    content = json.dumps(body([Problem(what, mend=mend)])).encode()
    lines = [b"HTTP/1.1 " + status, b"content-type: application/json", b"content-length: %d" % len(content), *headers]
    return b"\r\n".join([*lines, b"", content])


BUSY = refused(
    b"503 Service Unavailable", "more requests are waiting than may.", "Try again later.",
    b"retry-after: %d" % AGAIN_SECONDS, b"cache-control: no-store", b"x-content-type-options: nosniff",
)  # fmt: skip
CROWDED = BUSY.replace(b"retry-after", b"connection: close\r\nretry-after", 1)
TOO_LONG = refused(
    b"431 Request Header Fields Too Large", "the headers are too large.", "Send fewer.", b"connection: close"
)
TOO_SLOW = refused(b"408 Request Timeout", "the headers did not arrive in time.", "Send faster.", b"connection: close")
NO_BODY = refused(b"408 Request Timeout", "the body did not arrive in time.", "Send faster.", b"connection: close")


def is_whole(data: bytes) -> bool:
    """Whether these bytes are one plain request to /predict from its first letter to its last, and no more."""
    end = data.find(b"\r\n\r\n", 0, LONGEST_HEAD)
    return end > 0 and data.startswith(_PLAIN) and _known_size(data[:end]) == len(data)


def _known_size(head: bytes) -> int:
    """How long a request with this head is. Clients send the same heads again and again: they are known by a hash, for
    they may hold tokens."""
    known = blake2b(head, digest_size=16).digest()
    size = _sizes.get(known)
    if size is None:
        if len(_sizes) >= HEADS:
            _sizes.clear()
        size = _sizes[known] = _size_after(head)
    return size


def _size_after(head: bytes) -> int:
    """The same, read from the head; 0 where it is not plain."""
    head = head.lower()
    length = _LENGTH.search(head)
    return len(head) + 4 + int(length[1]) if length and not _OTHERS.search(head) else 0


class Rounds:
    """The thread that listens works in rounds: it sees to all that has come by now.

    What is let in during a round joins the queue only after it, so it is counted: a thousand that come together are
    not all let in, to be refused one by one. While more comes than can be answered, the thread rests between two rounds
    of refusals: it wakes once for many of them, and what answers has the core meanwhile. But a round accepts only
    a few new connections (see doors.py), and others may wait behind them. `turned_away` is told after a round how many
    it refused.
    """

    def __init__(self, service: Service, turned_away: Callable[[int], None]) -> None:
        self._service = service
        self._turned_away = turned_away
        self._let_in = self._refused = 0
        self._due = self._met = self._full = False

    @property
    def full(self) -> bool:
        """Whether one more request would be refused. Once that is so, it is for the rest of the round."""
        if not self._full and self._service.full(self._let_in):
            self._full = True
            self._end_soon(asyncio.get_running_loop())
        return self._full

    def meet(self) -> None:
        """A new connection has come."""
        self._met = True

    def let_in(self, loop: asyncio.AbstractEventLoop) -> None:
        """A request is on its way to the queue."""
        self._let_in += 1
        self._end_soon(loop)

    def refuse(self, loop: asyncio.AbstractEventLoop) -> None:
        """A request was turned away."""
        self._refused += 1
        self._end_soon(loop)

    def _end_soon(self, loop: asyncio.AbstractEventLoop) -> None:
        if not self._due:
            self._due = True
            loop.call_soon(self._end)

    def _end(self) -> None:
        refused, met = self._refused, self._met
        self._let_in, self._refused, self._due, self._met, self._full = 0, 0, False, False, False
        if not refused:
            return
        self._turned_away(refused)
        if self.full and not met:
            time.sleep(REST_SECONDS)
