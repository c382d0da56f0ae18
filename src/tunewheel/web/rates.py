"""Rates: how many requests a second one client may send."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from ..errors import Unauthorized
from .fields import address_of
from .problems import Refused
from .security import OPEN_ROUTES

# A client may save up so many seconds of its rate, and so many clients are remembered: the others begin afresh.
BURST_SECONDS = 2.0
REMEMBERED = 10_000


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


class RateLimit:
    """ASGI: at most `rate` requests a second of one client, its token's name or its address (429, with Retry-After).

    A token bucket: who was quiet may send `BURST_SECONDS` of the rate at once.
    """

    def __init__(self, app: ASGIApp, rate: float) -> None:
        self.app = app
        self.rate = rate
        self.most = max(rate * BURST_SECONDS, 1.0)
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] not in OPEN_ROUTES:
            wait = self.seconds_to_wait(client_of(scope), time.monotonic())
            if wait:
                raise _too_many(f"{self.rate:g} requests a second may be.", wait)
        await self.app(scope, receive, send)

    def seconds_to_wait(self, client: str, now: float) -> float:
        """0 when a request of this client may pass now; it then counts."""
        bucket = self._buckets.pop(client, None) or _Bucket(self.most, now)
        bucket.left = min(bucket.left + (now - bucket.at) * self.rate, self.most)
        bucket.at = now
        self._buckets[client] = bucket
        if len(self._buckets) > REMEMBERED:
            self._buckets.popitem(last=False)
        if bucket.left < 1:
            return (1 - bucket.left) / self.rate
        bucket.left -= 1
        return 0.0


class Guesses:
    """ASGI: one address may send `rate` wrong tokens a second; who sends more waits, whatever comes next (429)."""

    def __init__(self, app: ASGIApp, rate: float) -> None:
        self.app = app
        self._limit = RateLimit(app, rate)
        self._until: OrderedDict[str, float] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        address = address_of(scope)
        wait = self._until.get(address, 0.0) - time.monotonic()
        if wait > 0 and scope["type"] == "http" and scope["path"] not in OPEN_ROUTES:
            raise _too_many("too many wrong tokens.", wait)
        try:
            await self.app(scope, receive, send)
        except Unauthorized:
            self._guessed(address, time.monotonic())
            raise

    def _guessed(self, address: str, now: float) -> None:
        if wait := self._limit.seconds_to_wait(address, now):
            self._until[address] = now + wait
            if len(self._until) > REMEMBERED:
                self._until.popitem(last=False)


def _too_many(what: str, wait: float) -> Refused:
    refused = Refused(429, what, "client", "Send fewer.")
    refused.headers["Retry-After"] = str(math.ceil(wait))
    return refused


def client_of(scope: Scope) -> str:
    """Who asks: the name of its token, else its address."""
    return f"token {scope['token']}" if "token" in scope else address_of(scope)
