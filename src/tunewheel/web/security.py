"""Who may ask: bearer tokens, the Host and Origin of a request, and the headers of every answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .. import registry
from ..errors import Unauthorized
from ..registry import Token
from ..serving import Keyring, is_loopback
from .fields import field_of, fields_of
from .problems import Refused

OPEN_ROUTES = ("/", "/health", "/ready")
# What a token must be allowed to do; any token may read what is served and how it is asked.
NEEDED: Mapping[str, registry.Scope] = {"/predict": "predict", "/feedback": "feedback", "/metrics": "admin"}
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_RAW = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]


class SafeHeaders:
    """ASGI: adds the security headers that an answer does not set itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                there = {name for name, _ in message["headers"]}  # lower case, as ASGI says
                message["headers"] = [*message["headers"], *(one for one in _RAW if one[0] not in there)]
            await send(message)

        await self.app(scope, receive, with_headers)


class SameSite:
    """ASGI: no other web site may ask through a visitor's browser.

    On `loopback` the server answers to loopback names only, which stops DNS rebinding; an Origin other than the server
    itself is refused everywhere.
    """

    def __init__(self, app: ASGIApp, *, loopback: bool) -> None:
        self.app = app
        self.loopback = loopback

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            fields = fields_of(scope)
            self._check_host(fields.get("host", ()))
            if "origin" in fields:
                self._check_origin(fields["origin"], field_of(scope, "host"))
        await self.app(scope, receive, send)

    def _check_host(self, hosts: Sequence[str]) -> None:
        if self.loopback and (len(hosts) != 1 or not is_loopback(name_of(hosts[0]))):
            raise Refused(421, "this server has another name.", "header Host", "Ask http://127.0.0.1:PORT/ instead.")

    def _check_origin(self, origins: Sequence[str], host: str) -> None:
        if any(not _is_origin_of(origin, host) for origin in origins):
            raise Refused(403, "another web site may not ask.", "header Origin", "Ask from a program or from GET /.")


@lru_cache(256)
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
    """ASGI: everything but the page and the probes needs `Authorization: Bearer TOKEN`, and a token that may do it.

    The token's name goes with the request as `scope["token"]`.
    """

    def __init__(self, app: ASGIApp, keyring: Keyring) -> None:
        self.app = app
        self.keyring = keyring

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] not in OPEN_ROUTES:
            token = self._token(fields_of(scope).get("authorization", ()))
            scope["token"] = token.name
            self._check(token, NEEDED.get(scope["path"]))
        await self.app(scope, receive, send)

    def _token(self, values: Sequence[str]) -> Token:
        scheme, _, secret = values[0].partition(" ") if len(values) == 1 else ("", "", "")
        found = self.keyring.find(secret.strip()) if scheme.lower() == "bearer" else None
        if found is None:
            what = "the token is wrong." if values else "a token is needed."
            raise Unauthorized(what, where="header Authorization", mend="Send 'Authorization: Bearer TOKEN'.")
        return found

    def _check(self, token: Token, needed: registry.Scope | None) -> None:
        if needed and not token.allows(needed):
            what = f"the token '{token.name}' may {token.scope}, and this needs {needed}."
            raise Refused(403, what, "header Authorization", "Ask whoever runs the server for another token.")
