"""create_app: the API as one ASGI application, its limits around it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from .. import __version__
from ..errors import TunewheelError
from ..workflows.serve import ServingOptions
from .limits import BodyLimits, HeaderLimits, TimeLimit
from .metrics import Measured, Metrics
from .problems import Refused, answer_error
from .refusals import Refusals
from .routes import api, site
from .schemas import request_schemas
from .security import LOOPBACK_NAMES, Bearer, SafeHeaders, SameSite
from .service import Service

LAST_SECONDS = 2.0
ROUTES = frozenset({"/", "/docs", "/openapi.json", "/predict", "/version", "/health", "/ready", "/metrics"})


def create_app(
    service: Service, options: ServingOptions, *, token: str | None = None, loopback: bool = True
) -> FastAPI:
    """The application for one service. `token` None: nobody is asked for one; `loopback`: only local names answer."""
    metrics = Metrics(service)
    app = FastAPI(
        title="Tunewheel",
        version=__version__,
        description=f"Version {service.version} ({service.task}).",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        lifespan=_lifespan(service),
        middleware=_middleware(service, options, metrics, token, loopback),
        exception_handlers=dict.fromkeys((TunewheelError, Refused, HTTPException, TimeoutError), answer_error),
    )
    app.include_router(api(service, metrics, options.seconds))
    app.include_router(site(service, token is not None))
    _describe(app, service, secured=token is not None)
    return app


def _middleware(
    service: Service, options: ServingOptions, metrics: Metrics, token: str | None, loopback: bool
) -> list[Middleware]:
    """Outermost first: what is cheap to refuse is refused before what costs more."""
    body = options.max_image_body if service.reads == "image" else options.max_text_body
    return [
        Middleware(Measured, metrics=metrics, routes=ROUTES),
        Middleware(SafeHeaders),
        Middleware(Refusals),
        Middleware(HeaderLimits, most=options.max_headers, size=options.max_header_bytes),
        Middleware(SameSite, hosts=LOOPBACK_NAMES if loopback else ()),
        *([Middleware(Bearer, token=token)] if token is not None else []),
        Middleware(TimeLimit, seconds=options.seconds),
        Middleware(BodyLimits, path="/predict", size=body, depth=options.max_depth),
    ]


def _lifespan(service: Service) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        # The server has waited for its requests by now: what is still in the queue nobody waits for.
        await run_in_threadpool(service.stop, LAST_SECONDS)

    return lifespan


def _describe(app: FastAPI, service: Service, *, secured: bool) -> None:
    """Join to FastAPI's schema what it cannot see: the body we parse ourselves, and the token."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        schema = generate()
        components = schema.setdefault("components", {})
        components["schemas"].update(request_schemas(service.reads))
        if secured:
            components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
            schema["security"] = [{"token": []}]
        return schema

    app.openapi = openapi  # type: ignore[method-assign]
