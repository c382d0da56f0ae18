"""Problems as HTTP: every error a client can cause becomes a status and a sentence, never a stack trace."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import Request
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from ..errors import (
    AnswerMissing,
    Busy,
    DataError,
    Overloaded,
    Problem,
    RequestInvalid,
    RequestTooLarge,
    TunewheelError,
    Unauthorized,
)

_STATUS: Sequence[tuple[type[TunewheelError], int]] = (
    (RequestTooLarge, 413),
    (RequestInvalid, 422),
    (DataError, 422),
    (AnswerMissing, 404),
    (Overloaded, 503),
    (Busy, 503),
    (Unauthorized, 401),
)
_BY_STATUS: Mapping[int, tuple[str, str]] = {
    404: ("there is nothing at this address.", "GET /docs lists what there is."),
    405: ("this address does not take this method.", "GET /docs lists what there is."),
}
_log = logging.getLogger("tunewheel.web")


class Refused(Exception):
    """A request that ends here with `status`; for refusals that are about HTTP alone."""

    def __init__(self, status: int, what: str, where: str = "", mend: str = "") -> None:
        super().__init__(what)
        self.status = status
        self.problem = Problem(what, where, mend)
        self.headers: dict[str, str] = {}


# What a handler may raise to end a request; everything else is a failure of the server.
ANSWERED = (TunewheelError, Refused, HTTPException, TimeoutError)


def body(problems: Sequence[Problem]) -> dict[str, Any]:
    """The JSON of an error: `{"errors": [{"what", "where", "mend"}]}`."""
    return {"errors": [{"what": p.what, "where": p.where, "mend": p.mend} for p in problems]}


def refusal(error: Exception) -> Response:
    """The response to `error`; what is not a client's doing is logged and becomes a plain 500."""
    match error:
        case Refused():
            return JSONResponse(body([error.problem]), error.status, error.headers)
        case TunewheelError() if status := status_of(error):
            return JSONResponse(body(error.problems), status, _headers(error))
        case TimeoutError():
            return JSONResponse(body([Problem("no answer in time.", mend="Send fewer rows, or try later.")]), 504)
        case HTTPException():
            what, mend = _BY_STATUS.get(error.status_code, (str(error.detail), ""))
            return JSONResponse(body([Problem(what, mend=mend)]), error.status_code, error.headers)
    _log.error("a request failed", exc_info=error)
    return JSONResponse(body([Problem("the server failed; its log says why.", mend="Tell whoever runs it.")]), 500)


def status_of(error: TunewheelError) -> int | None:
    """The status for a client's mistake, None for an error that the client did not cause."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), None)


def _headers(error: TunewheelError) -> dict[str, str]:
    if isinstance(error, Overloaded | Busy):
        return {"Retry-After": str(getattr(error, "retry_after", 1))}
    return {"WWW-Authenticate": "Bearer"} if isinstance(error, Unauthorized) else {}


def from_validation(error: ValidationError, fields: str, sample: str) -> Exception:
    """A body that does not fit its schema: 400 when it is no JSON at all, else 422 with every problem.

    `fields` are those there are, `sample` a body that would do.
    """
    mistakes = error.errors(include_url=False, include_input=False)
    if any(mistake["type"] == "json_invalid" for mistake in mistakes):
        reason = mistakes[0].get("ctx", {}).get("error", "it cannot be parsed")
        return Refused(400, f"the body is not JSON: {reason}.", "body", f"Send {sample}; GET /docs has more.")
    problems = [_problem(mistake["loc"], mistake["type"], mistake["msg"], fields) for mistake in mistakes]
    return RequestInvalid.of(problems)


def _problem(place: Sequence[int | str], kind: str, message: str, fields: str) -> Problem:
    where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".") or "body"
    if kind == "extra_forbidden":
        return Problem("there is no such field.", where, f"Use one of {fields}.")
    what = message.removeprefix("Value error, ")
    return Problem(what if what.endswith(".") else f"{what[:1].lower()}{what[1:]}.", where)


async def answer_error(_request: Request, error: Exception) -> Response:
    """For FastAPI's table of exception handlers."""
    return refusal(error)
