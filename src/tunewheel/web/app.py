"""create_app: the API as one ASGI application, its limits around it."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from types import FrameType
from typing import Any

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware

from .. import __version__
from ..serving import Access, ServingOptions
from ..workflows.desk import Desk
from .audit import Audited, AuditLog
from .corrections import corrections, feedback_schemas
from .direct import Direct
from .doors import Doors
from .glance import Rounds
from .limits import BodyLimits, HeaderLimits, TimeLimit
from .metrics import Measured, Metrics, forget_dead
from .problems import ANSWERED, answer_error
from .protocol import DOORS, OPTIONS, ROUNDS
from .rates import Guesses, RateLimit
from .refusals import Refusals
from .routes import Answering, api, predicting, site
from .schemas import request_schemas
from .security import OPEN_ROUTES, Bearer, SafeHeaders, SameSite
from .service import Service

LAST_SECONDS = 2.0
NO_TELEMETRY = TelemetryConfig(tracing=False, metrics=False, logs=False, operation_spans=False, auto_configure=False)
ROUTES = frozenset(
    {"/", "/docs", "/openapi.json", "/predict", "/feedback", "/version", "/health", "/ready", "/metrics"}
)


def create_app(
    service: Service, options: ServingOptions, access: Access | None = None, desk: Desk | None = None
) -> FastAPI:  # fmt: skip
    """The application for one service; without `access` for programs on this machine, which need no token; without a
    `desk` nothing is kept and nobody can correct."""
    access = access or Access()
    metrics = Metrics(service)
    log = AuditLog(access.log) if access.log else None
    secured = access.keyring is not None
    predict = predicting(service, metrics, options.seconds)
    app = FastAPI(
        title="Tunewheel",
        version=__version__,
        description=f"Version {service.version} ({service.task}).",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        telemetry=NO_TELEMETRY,
        lifespan=_lifespan(service, options, metrics, log, desk),
        middleware=_middleware(service, options, metrics, access, log, predict),
        exception_handlers=dict.fromkeys(ANSWERED, answer_error),
    )
    app.include_router(api(service, metrics, predict))
    app.include_router(corrections(service, metrics, desk))
    app.include_router(site(service, secured, corrected=desk is not None))
    _describe(app, service, options, secured=secured)
    return app


def _middleware(
    service: Service, options: ServingOptions, metrics: Metrics, access: Access, log: AuditLog | None,
    predict: Answering,
) -> list[Middleware]:  # fmt: skip
    """Outermost first: what is cheap to refuse is refused before what costs more."""
    body = options.max_image_body if service.reads == "image" else options.max_text_body
    return [
        Middleware(Measured, metrics=metrics, routes=ROUTES),
        *([Middleware(Audited, log=log)] if log else []),
        Middleware(SafeHeaders),
        Middleware(Refusals),
        Middleware(HeaderLimits, most=options.max_headers, size=options.max_header_bytes),
        Middleware(SameSite, loopback=access.loopback),
        *([Middleware(Guesses, rate=options.rate)] if access.keyring and options.rate else []),
        *([Middleware(Bearer, keyring=access.keyring)] if access.keyring else []),
        *([Middleware(RateLimit, rate=options.rate)] if options.rate else []),
        Middleware(TimeLimit, seconds=options.seconds),
        Middleware(BodyLimits, sizes={"/predict": body, "/feedback": options.max_text_body}, depth=options.max_depth),
        Middleware(Direct, path="/predict", answer=predict),
    ]


def _lifespan(
    service: Service, options: ServingOptions, metrics: Metrics, log: AuditLog | None, desk: Desk | None
) -> Callable[[FastAPI], AbstractAsyncContextManager[dict[str, Any]]]:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        not_ready_on_signals(service)
        keeper = desk.keeper if desk else None
        if keeper:
            keeper.told = metrics.journal
        forget_dead()
        doors = Doors()
        looking = asyncio.create_task(metrics.keep_looking())
        yield {OPTIONS: options, ROUNDS: Rounds(service, metrics.turned_away), DOORS: doors}
        doors.end()
        looking.cancel()
        # The server has waited for its requests by now: what is still in the queue nobody waits for.
        await run_in_threadpool(service.stop, LAST_SECONDS)
        if keeper:
            await run_in_threadpool(keeper.close, LAST_SECONDS)
        if log:
            log.close()

    return lifespan


def not_ready_on_signals(service: Service) -> None:
    """Say "not ready" the moment the process is told to stop, before the server's own handler lets it drain."""
    if threading.current_thread() is not threading.main_thread():
        return
    for number in (signal.SIGTERM, signal.SIGINT):
        handler = signal.getsignal(number)
        if callable(handler):
            signal.signal(number, partial(_retired, service, handler))


def _retired(service: Service, handler: Callable[[int, FrameType | None], Any], number: int, frame: Any) -> None:
    service.retire()
    handler(number, frame)


def _describe(app: FastAPI, service: Service, options: ServingOptions, *, secured: bool) -> None:
    """Join to FastAPI's schema what it cannot see: the body we parse ourselves, and the token."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        schema = generate()
        components = schema.setdefault("components", {})
        components["schemas"].update({**request_schemas(service, options), **feedback_schemas()})
        if secured:
            components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
            schema["security"] = [{"token": []}]
            for path in schema["paths"].keys() & set(OPEN_ROUTES):
                schema["paths"][path]["get"]["security"] = []
        return schema

    app.openapi = openapi  # type: ignore[method-assign]
