"""GuardedProtocol: what guards a server before there is a request: slow or endless heads, refusals that cost nothing.

Under ten times the load that a server can bear, nine requests of ten are refused: each of them must cost far less than
an answer, or the refusals take the time of the answers.
"""

from __future__ import annotations

import asyncio
import json
from asyncio.events import TimerHandle
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ..errors import Problem
from ..serving import ServingOptions
from .problems import body

# uvicorn gives each protocol what the lifespan yielded; under these names it finds its limits and its service.
OPTIONS, SERVICE, TURNED_AWAY = "options", "service", "turned_away"
AGAIN_SECONDS = 1


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


class GuardedProtocol(HttpToolsProtocol):
    """uvicorn's protocol with bounds: the bytes and the seconds of a request's head, the connections that are open, and
    the requests that wait. Who comes when the queue is full is turned away before anything is made for it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has come; its first request must begin soon."""
        super().connection_made(transport)
        self._options: ServingOptions = self.app_state[OPTIONS]
        self._service: Any = self.app_state[SERVICE]
        self._turned_away: Callable[[], None] = self.app_state[TURNED_AWAY]
        self._turning_away, self._thrown_away = False, 0
        self._in_head, self._head_bytes = True, 0
        self._late: TimerHandle | None = None
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """A client has gone."""
        self._head_has_come()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what has come, unless the head of a request has grown beyond its bounds."""
        super().data_received(data)
        if self._in_head and not self.transport.is_closing():
            self._head_bytes += len(data)
            if self._head_bytes > 2 * self._options.max_header_bytes:
                self._close_with(TOO_LONG)

    def on_message_begin(self) -> None:
        """The first byte of a request has come."""
        super().on_message_begin()
        self._in_head, self._head_bytes = True, 0
        if self._late is None:
            self._await_head()

    def on_headers_complete(self) -> None:
        """Turn the request away, or begin to answer it."""
        self._in_head = False
        self._head_has_come()
        if len(self.connections) > self._options.max_connections:
            self._turned_away()
            return self._close_with(CROWDED)
        idle = self.cycle is None or self.cycle.response_complete
        if idle and not self.expect_100_continue and self._is_for_the_queue() and self._service.full:
            self._turning_away = True
            self._turned_away()
            return None
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
            self._close_with(CROWDED)

    def on_message_complete(self) -> None:
        """The whole request has come; who was turned away is told now, when it listens, and may ask again."""
        if not self._turning_away:
            if self.cycle is not None:
                super().on_message_complete()
            return
        self._turning_away, self._thrown_away = False, 0
        if self.parser.should_keep_alive():
            self.transport.write(BUSY)
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )
        else:
            self._close_with(CROWDED)

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
