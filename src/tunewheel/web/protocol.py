"""GuardedProtocol: HTTP with guards: slow or endless heads, crowds, requests that nobody has room for."""

from __future__ import annotations

import asyncio
from asyncio.events import TimerHandle

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ..serving import ServingOptions
from .glance import BUSY, CROWDED, NO_BODY, TOO_LONG, TOO_SLOW, Rounds, is_whole

# uvicorn gives each protocol what the lifespan yielded; under these names it finds its limits, the rounds of the
# thread, and the doors of the process.
OPTIONS, ROUNDS, DOORS = "options", "rounds", "doors"
# Requests that a client may have sent ahead of its answers: each is kept.
AHEAD = 16
# Bytes of refusals that a client may leave unread.
UNREAD = 65_536


class GuardedProtocol(HttpToolsProtocol):
    """uvicorn's protocol with bounds: the bytes and the seconds of a request's head, the connections that are open, and
    the requests that wait. Who comes when the queue is full is turned away before anything is made for it.

    Whatever a client does or leaves undone, some timer ends its connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has come; its first request must begin soon."""
        super().connection_made(transport)
        self._options: ServingOptions = self.app_state[OPTIONS]
        self._rounds: Rounds = self.app_state[ROUNDS]
        self._turning_away, self._thrown_away = False, 0
        self._in_head, self._head_bytes, self._begun = True, 0, False
        self._late: TimerHandle | None = None
        self._told_no = 0.0
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """A client has gone."""
        self._head_has_come()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """The server stops: what is under way is finished, and nobody more comes in."""
        self.app_state[DOORS].end()
        super().shutdown()

    def data_received(self, data: bytes) -> None:
        """Parse what has come, unless a glance says that it is turned away, or the head of a request has grown beyond
        its bounds."""
        if self._free and self._rounds.full and is_whole(data):
            self._head_has_come()
            return self._turn_away()
        super().data_received(data)
        if self._in_head and not self.transport.is_closing():
            self._head_bytes += len(data)
            if self._head_bytes > 2 * self._options.max_header_bytes:
                self._close_with(TOO_LONG)
        self._wait_for_another()
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
        if len(self.connections) > self._options.max_connections or len(self.pipeline) >= AHEAD:
            return self._refuse_and_close()
        if self._is_for_the_queue():
            if self._answered and not self.expect_100_continue and self._rounds.full:
                self._turning_away = True  # its body must come all the same, and soon
                self._late = self.loop.call_later(self._options.seconds, self._head_is_late)
                return None
            self._rounds.let_in(self.loop)
        # Who was answered a moment ago is still among the tasks.
        self.scope["alone"] = all(task.done() for task in self.tasks)  # type: ignore[typeddict-unknown-key]
        return super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Of who is turned away the body is thrown away, as much of it as may be sent at all."""
        if not self._turning_away:
            if self.cycle is not None:
                super().on_body(body)
            return
        self._thrown_away += len(body)
        if self._thrown_away > self._options.max_image_body:
            self._refuse_and_close()

    def on_message_complete(self) -> None:
        """The whole request has come; who was turned away is told now, when it listens, and may ask again."""
        self._begun = False
        self._head_has_come()
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
        if self.transport.is_closing():  # what came with the request that ended it
            return None
        if not stay or self.transport.get_write_buffer_size() > UNREAD:
            return self._refuse_and_close()
        self.transport.write(BUSY)
        self._told_no = self.loop.time()  # one timer for many refusals: it looks when the last of them was
        self._wait_for_another()
        return self._rounds.refuse(self.loop)

    def _wait_for_another(self) -> None:
        """Who has been answered, and whom nothing else would end, may be idle for so long. uvicorn sees to it once a
        request: not when something comes that is none, or the rest of a body that nobody waited for."""
        waits = self._late is not None or self.timeout_keep_alive_task is not None
        if self._answered and not waits and not self.transport.is_closing():
            wait = self.timeout_keep_alive
            self.timeout_keep_alive_task = self.loop.call_later(wait, self.timeout_keep_alive_handler)

    def timeout_keep_alive_handler(self) -> None:
        """It was idle for too long, unless it was turned away meanwhile."""
        left = self._told_no + self.timeout_keep_alive - self.loop.time() if self._told_no else 0.0
        if left > 0:
            self.timeout_keep_alive_task = self.loop.call_later(left, self.timeout_keep_alive_handler)
        else:
            end(self.loop, self.transport, self._options)

    def on_response_complete(self) -> None:
        """An answer was written; who asked for no more is let go."""
        super().on_response_complete()
        if self.transport.is_closing():
            see_off(self.loop, self.transport, self._options.seconds)

    def _refuse_and_close(self) -> None:
        self._rounds.refuse(self.loop)
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
        self._close_with(NO_BODY if self._turning_away else TOO_SLOW)

    def _close_with(self, response: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(response)
            end(self.loop, self.transport, self._options)


def end(loop: asyncio.AbstractEventLoop, transport: asyncio.Transport, options: ServingOptions) -> None:
    """Close a connection when its client has read what it was told, or after a while in any case."""
    if not transport.is_closing():
        transport.close()
        see_off(loop, transport, options.seconds)


def see_off(loop: asyncio.AbstractEventLoop, transport: asyncio.Transport, seconds: float) -> None:
    """Of a connection that is closing: what its client has not read after so long is thrown away."""

    def look() -> None:  # when all that can be sent has been
        if transport.get_write_buffer_size():
            loop.call_later(seconds, transport.abort)

    loop.call_soon(look)
