"""run: the application on an open socket until SIGTERM or SIGINT, in this process or in several workers."""

from __future__ import annotations

import gc
import math
import os
import resource
import signal
import socket
import ssl
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import uvicorn
from fastapi import FastAPI
from uvicorn.supervisors import Multiprocess

from ..errors import ServingError
from ..serving import Access, ServingOptions
from ..workflows.at_work import Job, at_work
from .app import create_app
from .door import Door
from .doors import Listening
from .metrics import FOLDER

READY_SECONDS = 120.0
BACKLOG = 4096
# A worker that does not answer its supervisor for so long is started anew.
HEALTH_SECONDS = 30
ORPHAN_SECONDS = 1.0
# Garbage is looked for after so many new objects (Python's own default is 700, less than one request makes). Requests
# leave none; what waits in a flood is 150,000 objects, and would be gone through again and again.
YOUNG_OBJECTS = 200_000
# How long a thread may keep the interpreter from one that waits for it (Python's own default is ten times as long).
TURN_SECONDS = 0.0005


def run(
    make: Callable[[], FastAPI],
    options: ServingOptions,
    access: Access,
    listener: socket.socket,
    *,
    workers: int = 1,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Answer requests that arrive at `listener` with the application that `make` gives, until a signal.

    Returns when all in flight are answered or too late. With several `workers` the application is made in each of
    these processes. `ready` is called when requests are answered. Raises what `make` raises, or `ServingError` when
    workers do not come up.
    """
    _open_many_files()
    listener.listen(BACKLOG)  # before anybody is told the address: who comes early waits
    if workers == 1:
        app = settled(make())
        ready()
        with _signals_end_quietly():
            uvicorn.Server(_config(app, listener, options, access)).run(sockets=[listener])
        return
    with tempfile.TemporaryDirectory(prefix="tunewheel-metrics-") as folder, _environment(FOLDER, folder):
        orphaned = partial(_ending_with, os.getpid(), make)
        made = _config(orphaned, listener, options, access, factory=True, workers=workers)
        Workers(made, [listener], ready).run()


def _open_many_files() -> None:
    """Each connection is one, and a process may open more than it usually does."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with suppress(ValueError, OSError):  # some systems have a limit of their own
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def application(job: Job, access: Access) -> FastAPI:
    """The application of one process: the version at work, following its alias. Raises what `at_work` raises."""
    switch, desk = at_work(job, access.keyring)
    return create_app(switch, job.options, access, desk)


def _ending_with(parent: int, make: Callable[[], FastAPI]) -> FastAPI:
    """The application of a worker that does not outlive its supervisor, however that one ended."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(ORPHAN_SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="tunewheel-orphan", daemon=True).start()
    return settled(make())


def settled(app: FastAPI) -> FastAPI:
    """The application of a process that does nothing else. What is there by now stays: garbage collection, which stops
    every thread, need not go through it again and again. And the thread that listens gets its turn soon."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS)
    sys.setswitchinterval(TURN_SECONDS)
    return app


def _config(
    app: Any, listener: socket.socket, options: ServingOptions, access: Access, **more: Any
) -> uvicorn.Config:  # fmt: skip
    tls = access.tls
    keys: dict[str, Any] = {"ssl_certfile": tls.certificate, "ssl_keyfile": tls.key} if tls else {}
    return Listening(
        app,
        listener,
        http=Door,
        ws="none",
        lifespan="on",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # nobody is believed about who asks
        backlog=BACKLOG,
        timeout_keep_alive=options.idle_seconds,
        timeout_graceful_shutdown=math.ceil(options.drain_seconds),
        timeout_worker_healthcheck=HEALTH_SECONDS,
        **keys,
        **more,
    )


class Workers(Multiprocess):
    """uvicorn's supervisor, which starts a worker anew that has died; says when all of them answer."""

    def __init__(self, made: uvicorn.Config, sockets: list[socket.socket], ready: Callable[[], None]) -> None:
        super().__init__(made, sockets)
        self._said_ready = ready

    def init_processes(self) -> None:
        """Start all workers at once, and wait for them. Raises `ServingError` when one does not come up."""
        super().init_processes()
        for process in self.processes:
            if not process.wait_until_ready(READY_SECONDS, self.should_exit) and not self.signal_queue:
                self.terminate_all()
                raise ServingError("a worker did not start; what it said stands above.", mend="Try --workers 1.")
        self._said_ready()


def check_tls(access: Access) -> None:
    """Raises `ServingError` when the certificate or its key cannot be used."""
    if access.tls is None:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(access.tls.certificate, access.tls.key)
    except (OSError, ssl.SSLError) as error:
        what = f"the certificate and its key cannot be used ({error})."
        raise ServingError(
            what, where=str(access.tls.certificate), mend="Both are PEM files that belong together."
        ) from None


@contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        os.environ.pop(name)
        if before is not None:
            os.environ[name] = before


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
