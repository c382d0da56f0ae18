"""Refusals: where a request that is turned away before the application sees it gets its answer."""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .fields import fields_of
from .problems import refusal

# A client that is still sending reads no answer: this much more of its body is read and thrown away first.
LINGER_BYTES = 16_000_000
LINGER_SECONDS = 2.0


class Refusals:
    """ASGI: turns every exception from within into a response, if none has begun, and ends the connection."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        exchange = _Exchange(receive, send)
        try:
            await self.app(scope, exchange.receive, exchange.send)
        except Exception as error:  # the edge of the program: told to the client or to the log, see `refusal`
            response = refusal(error)
            if exchange.begun:
                return
            if "expect" not in fields_of(scope):  # else the client sends its body only after our word
                await exchange.linger()
            response.headers["Connection"] = "close"
            await response(scope, receive, send)


class _Exchange:
    """One request and its response, watched: has the body ended, has the answer begun?"""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self.ended = False
        self.begun = False

    async def receive(self) -> Message:
        message = await self._receive()
        self.ended = not message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        self.begun = True
        await self._send(message)

    async def linger(self) -> None:
        """Throw away what still comes, within bounds of size and time."""
        left = LINGER_BYTES
        try:
            async with asyncio.timeout(LINGER_SECONDS):
                while not self.ended and left > 0:
                    left -= len((await self.receive()).get("body", b""))
        except TimeoutError:
            return
