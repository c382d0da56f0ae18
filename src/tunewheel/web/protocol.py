"""GuardedProtocol: what guards a server before there is a request: slow or endless heads, refusals that cost nothing.

Under ten times the load that a server can bear, nine requests of ten are refused: each of them must cost far less than
an answer, or the refusals take the time of the answers.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from asyncio.events import TimerHandle
from collections.abc import Callable

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ..errors import Problem
from ..serving import ServingOptions
from .problems import body
from .service import Service

# uvicorn gives each protocol what the lifespan yielded; under these names it finds its limits and its service, whom to
# tell of a refusal, and the rounds of the thread.
OPTIONS, ROUNDS, TURNED_AWAY = "options", "rounds", "turned_away"
AGAIN_SECONDS = 1
REST_SECONDS = 0.004
_PLAIN = b"POST /predict HTTP/1.1\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d{1,8})(?:\r\n|$)")
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


def is_whole(data: bytes) -> bool:
    """Whether these bytes are one plain request to /predict from its first letter to its last, and no more."""
    if not data.startswith(_PLAIN):
        return False
    head = data[: data.find(b"\r\n\r\n")].lower()
    length = _LENGTH.search(head)
    return length is not None and not _OTHERS.search(head) and len(head) + 4 + int(length[1]) == len(data)


class Rounds:
    """The thread that listens works in rounds: it sees to all that has come by now.

    What is let in during a round joins the queue only after it, so it is counted: a thousand that come together are
    not all let in, to be refused one by one. While more comes than can be answered, the thread rests between two rounds
    of refusals: it wakes once for many of them, and what answers has the core meanwhile.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._let_in, self._refused, self._due = 0, False, False

    @property
    def full(self) -> bool:
        """Whether one more request would be refused."""
        return self._service.full(self._let_in)

    def let_in(self, loop: asyncio.AbstractEventLoop) -> None:
        """A request is on its way to the queue."""
        self._let_in += 1
        self._end_soon(loop)

    def refuse(self, loop: asyncio.AbstractEventLoop) -> None:
        """A request was turned away."""
        self._refused = True
        self._end_soon(loop)

    def _end_soon(self, loop: asyncio.AbstractEventLoop) -> None:
        if not self._due:
            self._due = True
            loop.call_soon(self._end)

    def _end(self) -> None:
        if self._refused and self.full:
            time.sleep(REST_SECONDS)
        self._let_in, self._refused, self._due = 0, False, False


class GuardedProtocol(HttpToolsProtocol):
    """uvicorn's protocol with bounds: the bytes and the seconds of a request's head, the connections that are open, and
    the requests that wait. Who comes when the queue is full is turned away before anything is made for it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has come; its first request must begin soon."""
        super().connection_made(transport)
        self._options: ServingOptions = self.app_state[OPTIONS]
        self._turned_away: Callable[[], None] = self.app_state[TURNED_AWAY]
        self._rounds: Rounds = self.app_state[ROUNDS]
        self._turning_away, self._thrown_away = False, 0
        self._in_head, self._head_bytes, self._begun = True, 0, False
        self._late: TimerHandle | None = None
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """A client has gone."""
        self._head_has_come()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what has come, unless a glance says that it is turned away, or the head of a request has grown beyond
        its bounds."""
        if self._free and self._rounds.full and is_whole(data):
            self._head_has_come()
            self._unset_keepalive_if_required()
            return self._turn_away()
        super().data_received(data)
        if self._in_head and not self.transport.is_closing():
            self._head_bytes += len(data)
            if self._head_bytes > 2 * self._options.max_header_bytes:
                self._close_with(TOO_LONG)
        return None

    def on_message_begin(self) -> None:
        """The first byte of a request has come."""
        super().on_message_begin()
        self._in_head, self._head_bytes, self._begun = True, 0, True
        if self._late is None:
            self._await_head()

    def on_headers_complete(self) -> None:
        """Turn the request away, or begin to answer it."""
        self._in_head = False
        self._head_has_come()
        if len(self.connections) > self._options.max_connections:
            self._turned_away()
            return self._close_with(CROWDED)
        if self._is_for_the_queue():
            if self._answered and not self.expect_100_continue and self._rounds.full:
                self._turning_away = True
                return None
            self._rounds.let_in(self.loop)
        self.scope["alone"] = not self.tasks  # type: ignore[typeddict-unknown-key]
        return super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Of who is turned away the body is thrown away, as much of it as may be sent at all."""
        if not self._turning_away:
            if self.cycle is not None:
                super().on_body(body)
            return
        self._thrown_away += len(body)
        if self._thrown_away > self._options.max_image_body:
            self._turned_away()
            self._close_with(CROWDED)

    def on_message_complete(self) -> None:
        """The whole request has come; who was turned away is told now, when it listens, and may ask again."""
        self._begun = False
        if not self._turning_away:
            if self.cycle is not None:
                super().on_message_complete()
            return
        self._turning_away, self._thrown_away = False, 0
        self._turn_away(stay=self.parser.should_keep_alive())

    @property
    def _answered(self) -> bool:
        """Whether no request before waits for its answer."""
        return self.cycle is None or self.cycle.response_complete

    @property
    def _free(self) -> bool:
        """Whether what comes now is the beginning of a request, and may be told no at once."""
        return not self._begun and self._answered and len(self.connections) <= self._options.max_connections

    def _turn_away(self, *, stay: bool = True) -> None:
        self._turned_away()
        if not stay:
            return self._close_with(CROWDED)
        self.transport.write(BUSY)
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)
        return self._rounds.refuse(self.loop)

    def _is_for_the_queue(self) -> bool:
        return bool(self.parser.get_method() == b"POST" and self.url.partition(b"?")[0] == b"/predict")

    def _await_head(self) -> None:
        self._late = self.loop.call_later(self._options.head_seconds, self._head_is_late)

    def _head_has_come(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _head_is_late(self) -> None:
        self._late = None
        self._close_with(TOO_SLOW)

    def _close_with(self, response: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(response)
            self.transport.close()
