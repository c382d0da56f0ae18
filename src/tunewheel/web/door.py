"""Door: where every connection arrives. Its protocol is made when its first request is let in, and not before.

A flood comes on thousands of connections at once, and most of what they ask is refused. What HTTP needs for a
connection costs ten times as much as the refusal.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.config import Config
from uvicorn.server import ServerState

from ..serving import ServingOptions
from .doors import Doors
from .glance import BUSY, TOO_SLOW, Rounds, is_whole
from .protocol import DOORS, OPTIONS, ROUNDS, GuardedProtocol, end


class Door(asyncio.Protocol):
    """A connection of which no request has been let in yet. It must ask soon; who was turned away may ask again."""

    def __init__(
        self, config: Config, server_state: ServerState, app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:  # fmt: skip
        self._made_of = (config, server_state, app_state, _loop)
        self._loop = _loop or asyncio.get_event_loop()
        self._connections: set[Any] = server_state.connections
        self._options: ServingOptions = app_state[OPTIONS]
        self._rounds: Rounds = app_state[ROUNDS]
        self._doors: Doors = app_state[DOORS]
        self._transport: asyncio.Transport = None  # type: ignore[assignment]
        self._told_no = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has come; its first request must begin soon."""
        self._transport = transport
        self._connections.add(self)
        self._rounds.meet()
        self._late = self._loop.call_later(self._options.head_seconds, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """A client has gone."""
        self._connections.discard(self)
        self._late.cancel()

    def data_received(self, data: bytes) -> None:
        """Turn away at a glance, or open the door."""
        if self._rounds.full and len(self._connections) <= self._options.max_connections and is_whole(data):
            self._transport.write(BUSY)
            self._told_no = self._loop.time()
            self._rounds.refuse(self._loop)
            self._doors.turned_away(self._made_of[0], self._another)
        else:
            self._open(data)

    def pause_writing(self) -> None:
        """A client that does not read what it is told is not read either."""
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        """It reads again."""
        self._transport.resume_reading()

    def shutdown(self) -> None:
        """The server stops, and nobody waits for an answer here."""
        self._doors.end()
        end(self._loop, self._transport, self._options)

    def _another(self) -> Door:
        return Door(*self._made_of)

    def _open(self, data: bytes) -> None:
        self._connections.discard(self)
        self._late.cancel()
        inside = GuardedProtocol(*self._made_of)
        self._transport.set_protocol(inside)
        inside.connection_made(self._transport)
        inside.data_received(data)

    def _look(self) -> None:
        """Close a connection that has said nothing, or nothing more since it was turned away."""
        left = self._told_no + self._options.idle_seconds - self._loop.time() if self._told_no else 0.0
        if left > 0:
            self._late = self._loop.call_later(left, self._look)
            return
        if not self._told_no:
            self._transport.write(TOO_SLOW)
        end(self._loop, self._transport, self._options)
