"""run: the application on an open socket until SIGTERM or SIGINT, and what is in flight then is finished."""

from __future__ import annotations

import math
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn

from ..workflows.serve import ServingOptions
from .app import create_app
from .service import Service


class Server(uvicorn.Server):
    """A uvicorn server that says "not ready" the moment it is told to stop."""

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self._service = service

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop accepting, finish what is in flight; a second SIGINT does not wait for it."""
        self._service.retire()
        super().handle_exit(sig, frame)


def run(
    service: Service, options: ServingOptions, listener: socket.socket, *, token: str | None, loopback: bool
) -> None:
    """Answer requests that arrive at `listener` until a signal; returns when all in flight are answered or too late."""
    app = create_app(service, options, token=token, loopback=loopback)
    config = uvicorn.Config(
        app,
        http="h11",
        ws="none",
        lifespan="on",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # nobody is believed about who asks
        limit_concurrency=options.max_connections,
        timeout_graceful_shutdown=math.ceil(options.drain_seconds),
        h11_max_incomplete_event_size=2 * options.max_header_bytes,
    )
    with _signals_end_quietly():
        Server(config, service).run(sockets=[listener])


@contextmanager
def _signals_end_quietly() -> Iterator[None]:
    """uvicorn raises the signal once more when it is done; after a finished drain that must not look like a crash."""
    signals = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(number, lambda *_: None) for number in signals]
    try:
        yield
    finally:
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)
