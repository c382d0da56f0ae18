import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "fakes"))

import httpx
import pytest
import uvicorn
from keyword_task import predictor
from memory_journal import MemoryJournal

from tunewheel.feedback.options import JournalOptions
from tunewheel.registry import Token, digest
from tunewheel.serving import Access, Keeper, Keyring, Service, ServingOptions
from tunewheel.web import create_app
from tunewheel.web.door import Door
from tunewheel.web.doors import Listening
from tunewheel.workflows.desk import Desk
from tunewheel.workflows.serve import listen


class Running:
    """A server on a free loopback port and a client of it."""

    def __init__(self, service: Service, port: int, client: httpx.Client, journal: MemoryJournal) -> None:
        self.service = service
        self.journal = journal
        self.port = port
        self.client = client

    def ask(self, json, **kwargs) -> httpx.Response:
        return self.client.post("/predict", json=json, **kwargs)

    def raw(self, data: bytes) -> bytes:
        """What the server says to bytes that no client library would send."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.sendall(data)
            parts = b""
            while chunk := connection.recv(65536):
                parts += chunk
                if b"\r\n\r\n" in parts and b"}" in parts.rpartition(b"\r\n\r\n")[2]:
                    break
            return parts


@contextmanager
def running(
    made=None,
    *,
    token=None,
    tokens=(),
    loopback=True,
    start=True,
    log=None,
    keep=True,
    patience=0.0,
    behind=lambda service: service,
    idle=5,
    **limits,
) -> Iterator[Running]:
    options = ServingOptions(**limits)
    journal = MemoryJournal()
    keeper = Keeper(journal, JournalOptions()) if keep else None
    service = Service(made or predictor(), options, keeper)
    desk = Desk(journal, lambda: service.predictor.task, keeper, patience=patience) if keep else None
    if start:
        service.start()
    with listen("127.0.0.1", 0) as listener:
        keyring = Keyring([*tokens, *([Token("given", "admin", digest(token))] if token else [])])
        access = Access(keyring if token or tokens else None, loopback, log=log)
        answering = behind(service)
        app = create_app(answering, options, access, desk)
        settings = {"ws": "none", "log_level": "error", "server_header": False, "access_log": False}
        settings["timeout_keep_alive"] = idle
        server = uvicorn.Server(Listening(app, listener, http=Door, **settings))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        port = listener.getsockname()[1]
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10, trust_env=False) as client:
                yield Running(answering, port, client, journal)
        finally:
            server.should_exit = True
            thread.join(10)


@pytest.fixture(scope="session")
def start():
    """The context manager that starts a server: `with start(predictor, max_rows=3) as server`."""
    return running


@pytest.fixture(scope="session")
def server() -> Iterator[Running]:
    """A server with the default limits, shared by tests that do not hurt it."""
    with running() as started:
        yield started


def told(response: httpx.Response) -> str:
    """All sentences of an error answer; it must have the shape that is documented."""
    errors = response.json()["errors"]
    assert errors and all(set(error) == {"what", "where", "mend"} and error["what"] for error in errors)
    assert "Traceback" not in response.text and ".py" not in response.text
    return " ".join(" ".join(error.values()) for error in errors)


@pytest.fixture(scope="session", name="told")
def told_fixture():
    return told
