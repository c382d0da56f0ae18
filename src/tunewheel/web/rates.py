"""Rates: how many requests a second one client may send."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

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
                refused = Refused(429, f"{self.rate:g} requests a second may be.", "client", "Send fewer.")
                refused.headers["Retry-After"] = str(math.ceil(wait))
                raise refused
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


def client_of(scope: Scope) -> str:
    """Who asks: the name of its token, else its address."""
    return f"token {scope['token']}" if "token" in scope else str((scope.get("client") or ("unknown",))[0])
