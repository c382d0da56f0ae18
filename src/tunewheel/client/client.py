"""Client: asks a server, in requests of bounded size, and waits a bounded time where the server asks for patience."""

from __future__ import annotations

import base64
import ssl
import time
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

from ..errors import RequestInvalid, RequestTooLarge, ServingError
from .answers import Answer, Served, answer_from
from .refusals import BUSY, missing, no_answer, refused, seconds_to_wait, strange
from .remarks import Label, doubts_in, remark

Row = str | bytes | Mapping[str, Any]
ROWS_A_REQUEST, REMARKS_A_REQUEST = 256, 1_000  # what a server takes unless told otherwise
_DROPPED = (httpx.NetworkError, httpx.RemoteProtocolError)


class Client:
    """A server at `url`, over one connection that is kept; may be used by several threads.

    `seconds` bounds one request, `patience` the time that one call waits in all when the server is busy (429, 503)
    and says so. A dropped connection is tried once more. Errors are those of `tunewheel.errors`.
    """

    def __init__(
        self, url: str, *, token: str | None = None, seconds: float = 35.0, patience: float = 30.0, keep: bool = True,
        certificate: str | Path | None = None,
    ) -> None:  # fmt: skip
        """Raises `ServingError` when `url` is none, or there is no such `certificate`: a PEM file with the one that the
        server shows, or with whose authority it was signed. No connection is made yet. With `keep` false the server is
        asked to keep nothing of what it is sent."""
        address = _checked(url)
        self._seconds, self._patience = seconds, patience
        self._http = httpx.Client(
            base_url=address,
            headers={
                **({"Authorization": f"Bearer {token.strip()}"} if token else {}),
                **({} if keep else {"Tunewheel-Keep": "no"}),
            },
            timeout=seconds,
            verify=True if certificate is None else _trusting(certificate),
            trust_env=not _is_loopback(address.host),  # a proxy cannot reach this machine's own addresses
        )

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def predict(self, row: Row) -> Answer:
        """The answer to one text, to the bytes of one picture, or to one row of values by column.

        Raises `RequestInvalid`, `RequestTooLarge`, `Overloaded`, `Unauthorized`, or `ServingError` for the rest.
        """
        return self.predict_many([row])[0]

    def predict_many(self, rows: Sequence[Row]) -> list[Answer]:
        """One answer a row, in order, in as many requests as it takes. Raises what `predict` does, naming rows."""
        if isinstance(rows, str | bytes):
            raise RequestInvalid("one row was given where a list of rows belongs.", mend="Use predict for one row.")
        patience = _Patience(self._patience)
        answers: list[Answer] = []
        for first in range(0, len(rows), ROWS_A_REQUEST):
            answers += self._ask(rows[first : first + ROWS_A_REQUEST], first, patience)
        return answers

    def feedback(
        self, identity: str, *, label: Label | None = None, thumb: bool | None = None, text: str = "", who: str = ""
    ) -> list[str]:
        """Say what the right `label` of an answer is (a label, labels, or entities), whether it is right (`thumb`), or
        anything else (`text`). Gives the server's doubts, such as a label that is almost known.

        Raises `AnswerMissing` where no answer is kept under this id, or what `predict` does.
        """
        return self.feedback_many([remark(identity, label=label, thumb=thumb, text=text, who=who)])

    def feedback_many(self, remarks: Sequence[Mapping[str, Any]]) -> list[str]:
        """Many remarks, each with `id` and `label`, `thumb` or `text`, perhaps `who`; in requests of 1,000, each of
        which is kept whole or not at all."""
        patience = _Patience(self._patience)
        doubts: list[str] = []
        for first in range(0, len(remarks), REMARKS_A_REQUEST):
            some = [dict(each) for each in remarks[first : first + REMARKS_A_REQUEST]]
            response = self._send("POST", "/feedback", some, patience)
            if response.status_code != 200:
                raise missing(response) if response.status_code == 404 else refused(response)
            doubts += doubts_in(response)
        return doubts

    def ready(self) -> bool:
        """Whether the server takes requests; False where none can be reached."""
        try:
            return self._http.get("/ready").status_code == 200
        except httpx.TransportError:
            return False

    def version(self) -> Served:
        """What is served. Raises `Unauthorized` or `ServingError`."""
        response = self._send("GET", "/version", None, _Patience(self._patience))
        if response.status_code != 200:
            raise refused(response)
        try:
            values = response.json()
            return Served(values["version"], values["task"], values["reads"])
        except (ValueError, KeyError, TypeError):
            raise strange(response) from None

    def _ask(self, rows: Sequence[Row], first: int, patience: _Patience) -> list[Answer]:
        """The answers to one request of rows, or to its halves where the server takes less at a time."""
        response = self._send("POST", "/predict", {"rows": list(map(_sendable, rows))}, patience)
        if response.status_code == 200:
            return _answers(response, len(rows))
        error = refused(response, first)
        if not isinstance(error, RequestTooLarge) or len(rows) == 1:
            raise error
        half = len(rows) // 2
        return [*self._ask(rows[:half], first, patience), *self._ask(rows[half:], first + half, patience)]

    def _send(self, method: str, path: str, json: Any, patience: _Patience) -> httpx.Response:
        """The answer, whatever it is, once the server is not busy or patience is at its end."""
        while True:
            response = self._send_twice(method, path, json)
            if response.status_code not in BUSY or not patience.wait(seconds_to_wait(response)):
                return response

    def _send_twice(self, method: str, path: str, json: Any) -> httpx.Response:
        """The answer; a dropped connection is tried once more. Raises `ServingError` when there is none."""
        try:
            try:
                return self._http.request(method, path, json=json)
            except _DROPPED:
                return self._http.request(method, path, json=json)
        except httpx.TransportError as error:
            raise no_answer(error, str(self._http.base_url), self._seconds) from None


def _trusting(certificate: str | Path) -> ssl.SSLContext:
    """Connections to whoever shows this certificate, or one that it signed."""
    try:
        return ssl.create_default_context(cafile=certificate)
    except (OSError, ssl.SSLError) as error:
        what = f"the certificate cannot be read ({error})."
        raise ServingError(what, where=str(certificate), mend="Name a PEM file.") from None


class _Patience:
    """Seconds that a call may spend waiting in all."""

    def __init__(self, seconds: float) -> None:
        self._left = seconds

    def wait(self, seconds: float) -> bool:
        """Wait that long; False, at once, where that is more than is left."""
        # A server that says 0 must not be asked without a pause.
        seconds = max(seconds, 0.05)
        if seconds > self._left:
            return False
        self._left -= seconds
        time.sleep(seconds)
        return True


def _answers(response: httpx.Response, rows: int) -> list[Answer]:
    try:
        body = response.json()
        answers = [answer_from(values, body["version"]) for values in body["predictions"]]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise strange(response) from None
    if len(answers) != rows:
        raise strange(response)
    return answers


def _sendable(row: Row) -> Mapping[str, Any]:
    if isinstance(row, bytes):
        return {"image": base64.b64encode(row).decode("ascii")}
    return {"text": row} if isinstance(row, str) else row


def _checked(url: str) -> httpx.URL:
    try:
        address = httpx.URL(url)
    except httpx.InvalidURL:
        address = httpx.URL()
    if address.scheme not in ("http", "https") or not address.host:
        raise ServingError(f"{url!r} is no address of a server.", mend='Write it as "http://127.0.0.1:8321".')
    return address


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
