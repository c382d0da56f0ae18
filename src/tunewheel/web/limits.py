"""Limits that hold before anything is parsed: headers, size, encoding, nesting; and the time a request may take."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..errors import Overloaded, RequestTooLarge
from .fields import field_of
from .problems import Refused

# Possessive, and the closing quote optional, so that no input makes it look at a byte twice.
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_BRACKET = re.compile(rb"[\[\]{}]")
# So many bodies of the largest size may be coming in at a time.
AT_ONCE = 64


class HeaderLimits:
    """ASGI: at most `most` headers of `size` bytes together (431)."""

    def __init__(self, app: ASGIApp, most: int, size: int) -> None:
        self.app = app
        self.most = most
        self.size = size

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = scope["headers"]
            if len(headers) > self.most or sum(len(name) + len(value) for name, value in headers) > self.size:
                limit = f"{self.most} headers of {self.size:,} bytes together may be."
                raise Refused(431, limit, "headers", "Send fewer.")
        await self.app(scope, receive, send)


class BodyLimits:
    """ASGI: a POST to one of the paths in `sizes` carries UTF-8 JSON (415, 400) of at most so many bytes (413), at most
    `depth` deep (400).

    Other addresses read no body. The body is counted while it streams in, whatever Content-Length says; and all of them
    together hold no more than so many of the largest.
    """

    def __init__(self, app: ASGIApp, sizes: Mapping[str, int], depth: int) -> None:
        self.app = app
        self.sizes = sizes
        self.depth = depth
        self._held = 0  # bytes of bodies that are still coming in

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"] not in self.sizes:
            await self.app(scope, receive, send)
            return
        most = self.sizes[scope["path"]]
        check_content_type(field_of(scope, "content-type"), field_of(scope, "content-encoding"))
        check_size(int(field_of(scope, "content-length", "0")), most)
        body = await self._read(receive, most)
        if body is not None:
            check_json(body, self.depth)
            await self.app(scope, replay(body, receive), send)

    async def _read(self, receive: Receive, most: int) -> bytes | None:
        """The whole body; None when the client left before its end."""
        parts = bytearray()
        try:
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return None
                parts += message.get("body", b"")
                self._held += len(message.get("body", b""))
                check_size(len(parts), most)
                if self._held > AT_ONCE * most:
                    raise Overloaded("more is being sent than there is memory for.", mend="Try again later.")
                if not message.get("more_body", False):
                    return bytes(parts)
        finally:
            self._held -= len(parts)


def check_size(size: int, most: int) -> None:
    """Raises `RequestTooLarge` for a body of more than `most` bytes."""
    if size > most:
        raise RequestTooLarge(
            f"the body is larger than {most:,} bytes.", where="body", mend="Send fewer or shorter rows."
        )


def check_content_type(content_type: str, encoding: str) -> None:
    """Only plain `application/json` in UTF-8 is read. Raises `Refused` (415)."""
    kind, _, parameter = (part.strip() for part in content_type.lower().partition(";"))
    if kind != "application/json" or parameter.replace('"', "").replace(" ", "") not in ("", "charset=utf-8"):
        mend = "Send 'Content-Type: application/json', in UTF-8."
        raise Refused(415, "the body must be JSON.", "header Content-Type", mend)
    if encoding.lower() not in ("", "identity"):
        raise Refused(415, "compressed bodies are not read.", "header Content-Encoding", "Send it plain.")


def check_json(body: bytes, depth: int) -> None:
    """UTF-8, and not nested deeper than `depth`; whether it is JSON the parser will say. Raises `Refused` (400)."""
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        where = f"body, byte {error.start}"
        raise Refused(400, "the body is not UTF-8.", where, "Save or encode the text as UTF-8.") from None
    if deeper_than(body, depth):
        raise Refused(400, f"the JSON is nested more than {depth} deep.", "body", "Flatten it; GET /docs has examples.")


def deeper_than(body: bytes, depth: int) -> bool:
    """Whether brackets outside strings are open more than `depth` deep anywhere; stops at the first such place."""
    level = 0
    for bracket in _BRACKET.finditer(_STRING.sub(b"", body)):
        level += 1 if bracket.group() in b"[{" else -1
        if level > depth:
            return True
    return False


def replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives `body` once and afterwards waits for what the client does next."""
    message: Message | None = {"type": "http.request", "body": body, "more_body": False}

    async def receive_again() -> Message:
        nonlocal message
        given, message = message, None
        return given if given is not None else await receive()

    return receive_again


class TimeLimit:
    """ASGI: a request ends after `seconds` (504, or 408 when its body was still on the way)."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self.app = app
        self.seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        arrived = False

        async def watched() -> Message:
            nonlocal arrived
            message = await receive()
            arrived = not message.get("more_body", False)
            return message

        try:
            async with asyncio.timeout(self.seconds):
                await self.app(scope, watched, send)
        except TimeoutError:
            if arrived or scope["method"] != "POST":
                raise
            raise Refused(408, "the body did not arrive in time.", "body", "Send it in one go.") from None
