"""Who may ask: a bearer token, the Host and Origin of a request, and the headers of every answer."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..errors import Unauthorized
from .problems import Refused

OPEN_ROUTES = ("/", "/health", "/ready")
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class SafeHeaders:
    """ASGI: adds the security headers that an answer does not set itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, with_headers)


class SameSite:
    """ASGI: no other web site may ask through a visitor's browser.

    `hosts` are the names this server answers to (empty: any). On loopback that stops DNS rebinding; an Origin
    other than the server itself is refused everywhere.
    """

    def __init__(self, app: ASGIApp, hosts: Sequence[str]) -> None:
        self.app = app
        self.hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            self._check_host(headers.getlist("host"))
            self._check_origin(headers.getlist("origin"), headers.get("host", ""))
        await self.app(scope, receive, send)

    def _check_host(self, hosts: Sequence[str]) -> None:
        if self.hosts and (len(hosts) != 1 or name_of(hosts[0]) not in self.hosts):
            raise Refused(421, "this server has another name.", "header Host", "Ask http://127.0.0.1:PORT/ instead.")

    def _check_origin(self, origins: Sequence[str], host: str) -> None:
        if any(not _is_origin_of(origin, host) for origin in origins):
            raise Refused(403, "another web site may not ask.", "header Origin", "Ask from a program or from GET /.")


def name_of(host: str) -> str:
    """The name in a Host header, without its port and brackets; empty when it is none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_origin_of(origin: str, host: str) -> bool:
    scheme, _, rest = origin.partition("://")
    return scheme in ("http", "https") and rest.lower() == host.lower()


class Bearer:
    """ASGI: everything but the page and the probes needs `Authorization: Bearer TOKEN`.

    The SHA-256 digests are compared in constant time; the token itself is not kept.
    """

    def __init__(self, app: ASGIApp, token: str) -> None:
        self.app = app
        self.digest = hashlib.sha256(token.encode()).digest()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] not in OPEN_ROUTES:
            self._check(Headers(scope=scope).getlist("authorization"))
        await self.app(scope, receive, send)

    def _check(self, values: Sequence[str]) -> None:
        scheme, _, token = values[0].partition(" ") if len(values) == 1 else ("", "", "")
        given = hashlib.sha256(token.strip().encode("latin-1")).digest()
        if scheme.lower() != "bearer" or not hmac.compare_digest(given, self.digest):
            what = "the token is wrong." if values else "a token is needed."
            raise Unauthorized(what, where="header Authorization", mend="Send 'Authorization: Bearer TOKEN'.")
