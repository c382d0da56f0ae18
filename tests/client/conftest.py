import importlib.util
import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest


def _of_web():
    """The servers of tests/web: one fixture serves both folders."""
    path = Path(__file__).parents[1] / "web" / "conftest.py"
    spec = importlib.util.spec_from_file_location("web_servers", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["web_servers"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def start():
    """The context manager that starts a real server: `with start(predictor, max_rows=3) as server`."""
    return _of_web().running


GOOD = {"version": "v0001", "predictions": [{"id": "1", "confidence": 1.0, "label": "cards"}]}


@pytest.fixture(scope="session")
def scripted():
    """A server that answers what it is told, one after the other: (status, headers, body), or None to hang up."""
    return _scripted


@contextmanager
def _scripted(*answers) -> Iterator[tuple[str, list]]:
    left, seen = list(answers), []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            seen.append((self.path, dict(self.headers), json.loads(body or b"null")))
            now = left.pop(0) if left else (200, {}, GOOD)
            self.close_connection = now is None
            if now is not None:
                status, headers, content = now
                content = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(content))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

        do_GET = do_POST = answer

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", seen
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
