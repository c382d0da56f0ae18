"""A headless Chromium, spoken to over its debugging pipe: open a page, run JavaScript in it, take a screenshot."""

from __future__ import annotations

import base64
import itertools
import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=900,800",
    "--remote-debugging-pipe",
)


def installed() -> str | None:
    """The path of Chromium, if this machine has it."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


class Browser:
    """One tab."""

    def __init__(self) -> None:
        self._folder = tempfile.mkdtemp()
        to_child, self._out = os.pipe()
        self._in, from_child = os.pipe()
        command = [str(installed()), *FLAGS, f"--user-data-dir={self._folder}", "about:blank"]
        shell = ["bash", "-c", f'exec "$@" 3<&{to_child} 4>&{from_child}', "sh", *command]
        self._process = subprocess.Popen(shell, pass_fds=(to_child, from_child), stderr=subprocess.DEVNULL)
        os.close(to_child)
        os.close(from_child)
        self._reader = os.fdopen(self._in, "rb")
        self._ids = itertools.count(1)
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.complaints: list[str] = []
        self._call("Log.enable")
        self._call("Runtime.enable")

    def open(self, url: str) -> None:
        """Go to `url` and wait until it is there; complaints of earlier pages are forgotten."""
        self.complaints.clear()
        self.run("window.left = true")
        self._call("Page.navigate", url=url)
        self.wait("document.readyState === 'complete' && !window.left")

    def _call(self, method: str, **parameters: Any) -> Any:
        number = next(self._ids)
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if hasattr(self, "_session"):
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            reply = json.loads(self._message())
            if reply.get("method") in ("Log.entryAdded", "Runtime.exceptionThrown"):
                self.complaints.append(json.dumps(reply["params"]))
            if reply.get("id") == number:
                return reply["result"]

    def _message(self) -> bytes:
        parts = bytearray()
        while (byte := self._reader.read(1)) != b"\0":
            if not byte:
                raise EOFError("Chromium ended")
            parts += byte
        return bytes(parts)

    def run(self, script: str) -> Any:
        """The value of a JavaScript expression in the page."""
        result = self._call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        return result["result"].get("value")

    def wait(self, condition: str, seconds: float = 10.0) -> None:
        """Until the JavaScript `condition` is true."""
        deadline = time.monotonic() + seconds
        while not self.run(f"!!({condition})"):
            if time.monotonic() > deadline:
                raise TimeoutError(condition)
            time.sleep(0.05)

    def screenshot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self._call("Page.captureScreenshot")["data"]))

    def close(self) -> None:
        self._process.terminate()
        self._process.wait()
        self._reader.close()
        os.close(self._out)
        shutil.rmtree(self._folder, ignore_errors=True)
