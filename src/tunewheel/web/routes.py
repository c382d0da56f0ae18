"""The addresses of the API; each handler asks the service and says what came of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from ..errors import RequestInvalid
from ..serving import Pending
from . import pages
from .fields import field_of
from .metrics import Metrics
from .problems import Refused, from_validation
from .schemas import (
    ErrorResponse,
    PredictRequest,
    PredictResponse,
    StateResponse,
    VersionResponse,
    example_requests,
)
from .service import Service

# With this header a client says "no" to having its rows kept.
KEEP = "Tunewheel-Keep"
KEEP_SAID = "no: nothing of the rows is kept, only what was answered."
# With this one it says who asks, so that while two versions answer it always meets the same one.
KEY = "Tunewheel-Key"
KEY_SAID = "Requests with the same key are answered by the same version while two of them answer."
_ERRORS = (400, 401, 403, 408, 413, 415, 421, 422, 429, 431, 503, 504)
# Reading so short a body takes less than handing it to another thread.
SHORT_BODY = 16_384
# As JSONResponse writes it; made once.
_JSON = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))

Answering = Callable[[Request], Awaitable[Response]]


def predicting(service: Service, metrics: Metrics, seconds: float) -> Answering:
    """What answers a request to /predict."""

    async def predict(request: Request) -> Response:
        body, keep, key = await request.body(), may_be_kept(request), field_of(request.scope, KEY.lower())
        if len(body) <= SHORT_BODY:
            pending = asked(service, body, seconds, alone=request.scope.get("alone", False), keep=keep, key=key)
        else:
            pending = await run_in_threadpool(asked, service, body, seconds, keep=keep, key=key)
        waiting = pending.answers
        answers = waiting.result() if waiting.done() else await _while_connected(request, waiting)
        request.scope.update(rows=len(answers), version=pending.version)  # for whoever notes it
        metrics.rows.inc(len(answers))
        content = _JSON.encode({"version": pending.version, "predictions": answers})
        return Response(content, media_type="application/json")

    return predict


def api(service: Service, metrics: Metrics, predict: Answering) -> APIRouter:
    """What programs use: /predict, /version, /health, /ready, /metrics."""
    router = APIRouter()
    body = {"schema": {"$ref": "#/components/schemas/PredictRequest"}, "examples": example_requests(service)}
    keep = {"name": KEEP, "in": "header", "description": KEEP_SAID, "schema": {"type": "string", "enum": ["no", "yes"]}}
    key = {"name": KEY, "in": "header", "description": KEY_SAID, "schema": {"type": "string"}}
    content = {"application/json": body}
    extra = {"requestBody": {"required": True, "content": content}, "parameters": [keep, key]}
    errors: dict[int | str, dict[str, Any]] = {status: {"model": ErrorResponse} for status in _ERRORS}
    router.post(
        "/predict",
        summary="Answer one row or many",
        response_model=PredictResponse,
        openapi_extra=extra,
        responses=errors,
    )(predict)

    # In full, as FastAPI would document errors in the type of the answer itself.
    refused = {"schema": {"$ref": "#/components/schemas/ErrorResponse"}}
    guarded: dict[int | str, dict[str, Any]] = {
        status: {"description": HTTPStatus(status).phrase, "content": {"application/json": refused}}
        for status in (401, 403, 429)
    }

    @router.get("/version", summary="What is served", responses=guarded)
    async def version() -> VersionResponse:
        return VersionResponse(version=service.version, task=service.task, reads=service.reads)

    @router.get("/health", summary="Whether the process is alive")
    async def health() -> StateResponse:
        return StateResponse(state="alive")

    @router.get("/ready", summary="Whether it takes requests", responses={503: {"model": StateResponse}})
    async def ready(response: Response) -> StateResponse:
        response.status_code = 200 if service.ready else 503
        return StateResponse(state="ready" if service.ready else "not ready")

    @router.get("/metrics", summary="Numbers for Prometheus", response_class=PlainTextResponse, responses=guarded)
    async def numbers() -> Response:
        return Response(metrics.text(), media_type=CONTENT_TYPE_LATEST)

    return router


def may_be_kept(request: Request) -> bool:
    """Whether the client lets the rows of its request be kept. Raises `RequestInvalid`: who writes it in another way
    must not believe to have said no."""
    said = field_of(request.scope, KEEP.lower(), "yes").strip().lower()
    if said not in ("no", "yes"):
        raise RequestInvalid(f"'{said[:20]}' is neither no nor yes.", where=f"header {KEEP}", mend="Send no, or yes.")
    return said == "yes"


def asked(
    service: Service, body: bytes, seconds: float, *, alone: bool = False, keep: bool = True, key: str = ""
) -> Pending:  # fmt: skip
    """The answers to come to the rows of a body. Raises what `parsed` and `Service.ask` raise."""
    return service.ask(parsed(body).as_rows(service.reads), seconds, alone=alone, keep=keep, key=key)


def parsed(body: bytes) -> PredictRequest:
    """The body as a request. Raises `Refused` (400: no JSON) or `RequestInvalid` with every problem."""
    try:
        return PredictRequest.model_validate_json(body)
    except ValidationError as error:
        raise from_validation(error, "text, image, row, texts, rows", '{"text": "..."}') from None


async def _while_connected(request: Request, future: Future[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """The answers; when the client leaves or the time is over, the request leaves the queue."""
    answers = asyncio.wrap_future(future)
    left = asyncio.create_task(_disconnected(request))
    left.add_done_callback(lambda _: answers.cancel())
    try:
        return await answers
    except asyncio.CancelledError:
        if left.done() and not left.cancelled():
            raise Refused(499, "the client left.") from None
        raise
    finally:
        answers.cancel()
        left.cancel()


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def site(service: Service, needs_token: bool, *, corrected: bool = False) -> APIRouter:
    """What people use: the page to try it (where answers are `corrected`, too), the documentation, the OpenAPI
    schema."""
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    async def page(request: Request) -> HTMLResponse:
        return pages.try_it(request, service, needs_token, corrected)

    @router.get("/docs")
    async def docs(request: Request) -> HTMLResponse:
        return pages.docs(request, request.app.openapi(), example_requests(service), needs_token)

    @router.get("/openapi.json")
    async def schema(request: Request) -> JSONResponse:
        return JSONResponse(request.app.openapi())

    return router
