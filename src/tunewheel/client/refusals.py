"""What a server refuses, and a connection that fails, as the errors that Tunewheel raises everywhere."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from email.utils import parsedate_to_datetime

import httpx

from ..errors import (
    AnswerMissing,
    Overloaded,
    Problem,
    RequestInvalid,
    RequestTooLarge,
    ServingError,
    TunewheelError,
    Unauthorized,
)

BUSY = (429, 503)
_KINDS: Mapping[int, type[ServingError]] = {
    401: Unauthorized,
    413: RequestTooLarge,
    422: RequestInvalid,
    429: Overloaded,
    503: Overloaded,
}
_ROW = re.compile(r"^request row (\d+)")


def refused(response: httpx.Response, rows_before: int = 0) -> TunewheelError:
    """The error for an answer that is no success, with every problem that the server names.

    Rows are counted from the caller's first, `rows_before` the first of this request.
    """
    kind = _KINDS.get(response.status_code, ServingError)
    error = kind.of([_counted(problem, rows_before) for problem in _problems(response)])
    if isinstance(error, Overloaded):
        error.retry_after = round(seconds_to_wait(response))
    return error


def missing(response: httpx.Response) -> TunewheelError:
    """The error for ids that no answer has, with each of them."""
    return AnswerMissing.of(_problems(response))


def _problems(response: httpx.Response) -> Sequence[Problem]:
    address = str(response.request.url)
    try:
        named = response.json()["errors"]
        problems = [Problem(str(one["what"]), str(one["where"]), str(one["mend"])) for one in named]
    except (ValueError, KeyError, TypeError):
        problems = []  # a proxy in between, or no Tunewheel at all
    what = f"the server answers {response.status_code} {response.reason_phrase}.".replace(" .", ".")
    return problems or [Problem(what, address, "See whether a Tunewheel server runs there, and its log.")]


def _counted(problem: Problem, rows_before: int) -> Problem:
    where = _ROW.sub(lambda found: f"request row {int(found[1]) + rows_before}", problem.where)
    return Problem(problem.what, where, problem.mend)


def seconds_to_wait(response: httpx.Response) -> float:
    """What Retry-After asks for, in seconds or as a date; one second where it says nothing."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isdecimal():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return 1.0


def no_answer(error: httpx.TransportError, address: str, seconds: float) -> ServingError:
    """The error for a connection that gave no answer."""
    if isinstance(error, httpx.TimeoutException):
        what = f"no answer within {seconds:g} seconds."
        return ServingError(what, where=address, mend="Send fewer rows, or give the client more seconds.")
    what = f"the server cannot be reached ({str(error) or type(error).__name__})."
    return ServingError(what, where=address, mend="See whether it runs: tunewheel serve.")


def strange(response: httpx.Response) -> ServingError:
    """The error for a success that is no answer of Tunewheel."""
    what = "what answers there is no Tunewheel server."
    return ServingError(what, where=str(response.request.url), mend="Check the address.")
