"""Doors: more sockets that listen at one address, for as long as a flood lasts.

libuv accepts one connection a round for each socket that listens. That shares what comes evenly among the processes at
one address: with eight sockets each, the first to wake took all of eight clients. But in a flood new connections would
wait for seconds behind others before anybody told them to come back. Figures in docs/log.md.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import uvicorn

# So many more, until nobody was turned away for so long.
MORE, CALM_SECONDS = 7, 2.0


class Listening(uvicorn.Config):
    """uvicorn's settings, and the socket that listens."""

    def __init__(self, app: Any, listener: socket.socket, **settings: Any) -> None:
        super().__init__(app, **settings)
        self.listener = listener


class Doors:
    """Those of one process. They are opened when somebody is turned away, and closed by themselves."""

    def __init__(self) -> None:
        self._more: list[asyncio.Server] = []
        self._opening: asyncio.Task[None] | None = None
        self._last = 0.0
        self._over = False

    @property
    def count(self) -> int:
        """How many are open besides the first."""
        return len(self._more)

    def turned_away(self, config: uvicorn.Config, make: Callable[[], asyncio.Protocol]) -> None:
        """Somebody was: open them at the socket of `config`, if they are not. `make` sees to a new connection."""
        loop = asyncio.get_running_loop()
        self._last = loop.time()
        if self._opening is None and isinstance(config, Listening) and not self._over:
            self._opening = loop.create_task(self._open(config, make))

    def end(self) -> None:
        """The server stops: close them for good."""
        self._over = True
        self._close()

    async def _open(self, config: Listening, make: Callable[[], asyncio.Protocol]) -> None:
        loop = asyncio.get_running_loop()
        with suppress(OSError):  # a flood may take all files that a process may have: then these must do
            for _ in range(MORE):
                server = await loop.create_server(
                    make, sock=config.listener.dup(), ssl=config.ssl, backlog=config.backlog
                )  # fmt: skip
                self._more.append(server)
        self._look() if not self._over else self._close()

    def _look(self) -> None:
        """Close them when all has been calm for long enough."""
        loop = asyncio.get_running_loop()
        left = self._last + CALM_SECONDS - loop.time()
        if left > 0:
            loop.call_later(left, self._look)
        else:
            self._close()

    def _close(self) -> None:
        for server in self._more:
            server.close()
        self._more.clear()
        self._opening = None
