"""Sent: a `send` that remembers what began the response, for who counts or notes requests."""

from __future__ import annotations

from starlette.types import Message, Send


class Sent:
    """Passes messages on. `status` is that of the response; 0 as long as none has begun, or the client left before."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        await self._send(message)
