"""Metrics for Prometheus: requests, latency, rows, queue depth, version; in a registry of their own."""

from __future__ import annotations

import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .service import Service

_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)


class Metrics:
    """What one server counts."""

    def __init__(self, service: Service) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "tunewheel_requests", "Requests by route and status.", ["route", "status"], registry=self.registry
        )
        self.latency = Histogram(
            "tunewheel_request_seconds", "Seconds to answer.", ["route"], buckets=_SECONDS, registry=self.registry
        )
        self.rows = Counter("tunewheel_rows", "Rows answered.", registry=self.registry)
        waiting = Gauge("tunewheel_queue_rows", "Rows waiting in the queue.", registry=self.registry)
        waiting.set_function(lambda: service.waiting)
        ready = Gauge("tunewheel_ready", "1 when the server takes requests.", registry=self.registry)
        ready.set_function(lambda: float(service.ready))
        version = Gauge("tunewheel_version", "The version served.", ["version", "task"], registry=self.registry)
        version.labels(service.version, service.task).set(1)

    def text(self) -> bytes:
        """All of it in Prometheus' text format."""
        return generate_latest(self.registry)


class Measured:
    """ASGI: counts and times every request under its route's path; unknown paths share the name "other"."""

    def __init__(self, app: ASGIApp, metrics: Metrics, routes: frozenset[str]) -> None:
        self.app = app
        self.metrics = metrics
        self.routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = "none"  # the client left before an answer began

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        started = time.perf_counter()
        route = scope["path"] if scope["path"] in self.routes else "other"
        try:
            await self.app(scope, receive, watched)
        finally:
            self.metrics.requests.labels(route, status).inc()
            self.metrics.latency.labels(route).observe(time.perf_counter() - started)
