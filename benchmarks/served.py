"""Served equals evaluated: every test row is asked over HTTP and compared with the version's evaluated answers."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tunewheel.workflows.rows.judged import judged_rows
from tunewheel.workspace import Workspace

from . import commands
from .sets import ROOT, Row, requests_for

ROWS_A_REQUEST = 64
READY_SECONDS = 120.0
STOP_SECONDS = 60.0
ADDRESS = re.compile(r" at (http://127\.0\.0\.1:\d+)\s")


def compare(workspace: Path, version: str, test: Path) -> dict[str, Any]:
    """Ask for all rows of the `test` file; give how many answers are those in the version's bundle.

    A row that is refused counts as not equal, and the first refusal is told under `refused`.
    """
    evaluated = evaluated_answers(workspace, version)
    rows = list(requests_for(test))
    started = time.perf_counter()
    with serving(workspace, version) as address:
        answers, refused = ask_all(address, rows)
    same = sum(one == other for one, other in zip(evaluated, answers, strict=False))
    told = {"refused": refused} if refused else {}
    seconds = round(time.perf_counter() - started, 1)
    return {"rows": max(len(evaluated), len(rows)), "same": same, "seconds": seconds, **told}


def evaluated_answers(workspace: Path, version: str) -> list[Any]:
    """What the version answered when it was judged, a frozen test row each."""
    with Workspace.open(workspace, create=False) as opened:
        return [comparable(row.predicted) for row in judged_rows(opened.bundle(version))]


def comparable(value: Any) -> Any:
    """A label as it is; entities as (start, end, label), whatever else is known of them."""
    if not isinstance(value, list):
        return value
    return [(v["start"], v["end"], v["label"]) if isinstance(v, dict) else v for v in value]


@contextmanager
def serving(workspace: Path, version: str) -> Iterator[str]:
    """The address of `tunewheel serve` on a free loopback port; it is told to stop in the end."""
    log = workspace.parent / "serve.log"
    command = [*commands.TUNEWHEEL, "serve", "--version", version, "--port", "0", "--workspace", str(workspace)]
    with log.open("wb") as file:
        process = subprocess.Popen(command, stderr=file, cwd=ROOT, env=commands.environment())
    try:
        yield _address_when_ready(process, log)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _address_when_ready(process: subprocess.Popen[bytes], log: Path) -> str:
    """Wait until the server has said where it listens and says that it is ready. Raises `CommandFailed`."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        said = ADDRESS.search(log.read_text("utf-8", "replace"))
        if said and _ready(said[1]):
            return said[1]
        time.sleep(0.2)
    raise commands.CommandFailed(f"the server did not become ready: {log.read_text('utf-8', 'replace')[-1000:]}")


def _ready(address: str) -> bool:
    try:
        return httpx.get(f"{address}/ready", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def ask_all(address: str, rows: Sequence[Row]) -> tuple[list[Any], str]:
    """An answer a row (None where the server refused), and the first refusal in its own words."""
    answers: list[Any] = []
    refused = ""
    with httpx.Client(base_url=address, timeout=60.0, trust_env=False) as client:
        for start in range(0, len(rows), ROWS_A_REQUEST):
            asked = rows[start : start + ROWS_A_REQUEST]
            response = client.post("/predict", json={"rows": asked})
            if response.status_code == 200:
                answers += [served_answer(answer) for answer in response.json()["predictions"]]
            else:
                answers += [None] * len(asked)
                refused = refused or f"{response.status_code}: {response.text[:300]}"
    return answers, refused


def served_answer(answer: dict[str, Any]) -> Any:
    """The part of an answer that must be equal to the evaluated one."""
    if "label" in answer:
        return answer["label"]
    return comparable(answer["entities"] if "entities" in answer else answer["labels"])
