"""Metrics for Prometheus: requests, latency, rows, queue depth, version; of one process, or of all workers together."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterable
from pathlib import Path

import psutil
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from starlette.types import ASGIApp, Receive, Scope, Send

from .sent import Sent
from .service import Service

_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
# Where several processes keep their numbers, so that each of them can tell those of all. Read by prometheus_client.
FOLDER = "PROMETHEUS_MULTIPROC_DIR"
EVERY_SECONDS = 1.0


class Metrics:
    """What a server counts. `text` reads the gauges off the service; other workers' are at most a second old, as long
    as they `keep_looking`."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "tunewheel_requests", "Requests by route and status.", ["route", "status"], registry=self.registry
        )
        self.latency = Histogram(
            "tunewheel_request_seconds", "Seconds to answer.", ["route"], buckets=_SECONDS, registry=self.registry
        )
        self.rows = Counter("tunewheel_rows", "Rows answered.", registry=self.registry)
        self.said = Counter("tunewheel_feedback", "Remarks of people that were kept.", registry=self.registry)
        self._journal = Counter(
            "tunewheel_journal_answers",
            "Answers by what became of them: kept, dropped.",
            ["end"],
            registry=self.registry,
        )
        self._waiting = self._gauge("tunewheel_queue_rows", "Rows waiting in the queue.", [], "livesum")
        self._ready = self._gauge("tunewheel_ready", "1 when the server takes requests.", [], "livemin")
        self._version = self._gauge(
            "tunewheel_version", "1 for the version served, 0 for one before.", ["version", "task"], "livemax"
        )
        self._beside = self._gauge(
            "tunewheel_beside_rows",
            "Rows that live version and candidate were both to answer: agreed, differed, failed, dropped.",
            ["end"],
            "livesum",
        )
        self._shown = ("", "")
        self._refused: Counter | None = None
        self.look()

    def look(self) -> None:
        """Read the gauges."""
        self._waiting.set(self._service.waiting)
        self._ready.set(float(self._service.ready))
        for end, count in self._service.beside.items():
            self._beside.labels(end).set(count)
        served = (self._service.version, self._service.task)
        if served != self._shown:
            if self._shown[0]:
                self._version.labels(*self._shown).set(0)
            self._version.labels(*served).set(1)
            self._shown = served

    async def keep_looking(self) -> None:
        """Read the gauges every second, for as long as the server lasts: other workers tell of them, too."""
        while True:
            self.look()
            await asyncio.sleep(EVERY_SECONDS)

    def turned_away(self, count: int) -> None:
        """Count requests that were refused before the application saw them."""
        self._refused = self._refused or self.requests.labels("/predict", "503")
        self._refused.inc(count)

    def journal(self, end: str, count: int) -> None:
        """Count answers that were "kept" in the journal or "dropped" on the way."""
        self._journal.labels(end).inc(count)

    def text(self) -> bytes:
        """All of it in Prometheus' text format."""
        self.look()
        return generate_latest(self._of_all() if FOLDER in os.environ else self.registry)

    def _gauge(self, name: str, said: str, labels: Iterable[str], over: str) -> Gauge:
        """A gauge; `over` says how those of several processes become one."""
        return Gauge(name, said, labels, registry=self.registry, multiprocess_mode=over)  # type: ignore[arg-type]

    @staticmethod
    def _of_all() -> CollectorRegistry:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return registry


def forget_dead() -> None:
    """Leave out the gauges of workers that have died. Does nothing in a server of one process."""
    folder = Path(os.environ.get(FOLDER, ""))
    pids = {file.stem.rpartition("_")[2] for file in folder.glob("gauge_live*_*.db")} if FOLDER in os.environ else set()
    for pid in pids:
        if not psutil.pid_exists(int(pid)):
            mark_process_dead(int(pid))  # type: ignore[no-untyped-call]


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
        sent = Sent(send)
        started = time.perf_counter()
        route = scope["path"] if scope["path"] in self.routes else "other"
        try:
            await self.app(scope, receive, sent)
        finally:
            self.metrics.requests.labels(route, str(sent.status or "none")).inc()
            self.metrics.latency.labels(route).observe(time.perf_counter() - started)
