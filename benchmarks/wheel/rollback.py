"""Rollback under traffic: seconds until the previous version answers, requests that were lost, answers as before.

A copy of the workspace of the serving benchmark, with its load generator: eight clients ask while `tunewheel rollback`
is called. Single answers before and after are compared whole, with every probability, but for their ids.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx

from .. import commands
from ..serving.asking import Asking, singles
from ..serving.plan import Timing
from ..serving.prepared import Prepared, prepared, run
from ..serving.servers import Server, tunewheel
from ..serving.traffic import LATEST_SECONDS
from ..serving.wire import HOST

Part = dict[str, Any]
TEXTS = 100
SECONDS, ROLLED_BACK_AFTER = 20.0, 8.0
# What differs from one answer to the next by its nature.
FLEETING = ("id", "seconds")


def measure() -> Part:
    """Promote, let traffic flow, roll back in the midst of it. Raises `CommandFailed`."""
    ready = prepared()
    with commands.temporary_folder() as name:
        folder = Path(name)
        workspace = folder / "workspace"
        shutil.copytree(ready.workspace, workspace, symlinks=True)
        return _rolled_back(ready, workspace, folder)


def _rolled_back(ready: Prepared, workspace: Path, folder: Path) -> Part:
    texts, (first, second) = ready.few()[:TEXTS], ready.versions
    plan = folder / "traffic.json"
    requests = _requests(workspace, folder, singles(texts), ready.versions)
    with tunewheel(workspace) as server, ThreadPoolExecutor(1) as pool:
        before = _answers(server, texts)
        run(workspace, "promote", second)
        plan.write_text(json.dumps({"port": server.port, "seconds": SECONDS, "requests": requests}), "utf-8")
        module = commands.module("serving.traffic", str(plan))
        traffic = pool.submit(commands.ask, module, SECONDS + 2 * LATEST_SECONDS)
        time.sleep(ROLLED_BACK_AFTER)
        started = time.time()
        run(workspace, "rollback")
        took = time.time() - started
        found = traffic.result().value
        after = _answers(server, texts)
    back = [at - started for at, version in found["changes"] if version == first and at > started]
    counts = found["counts"]
    return {
        "seconds": round(back[0], 2) if back else None, "command_seconds": round(took, 2), "counts": counts,
        "lost": counts.get("lost", 0) + counts.get("refused", 0) + counts.get("wrong", 0) + len(found["drops"]),
        "different": sum(one != other for one, other in zip(before, after, strict=True)), "answers": len(before),
    }  # fmt: skip


def _requests(workspace: Path, folder: Path, bodies: list[str], versions: Sequence[str]) -> list[Part]:
    """Each body with the labels that both versions answer."""
    labels = {}
    for version in versions:
        with tunewheel(workspace, "--version", version) as server:
            labels[version] = Asking(folder, bodies, Timing()).alone(server)
    return [
        {"kind": "single", "body": body.encode().decode("latin-1"),
         "expected": {version: told[place] for version, told in labels.items()}}
        for place, body in enumerate(bodies)
    ]  # fmt: skip


def _answers(server: Server, texts: Sequence[str]) -> list[Part]:
    """The whole answer to each text when nothing else is asked."""
    with httpx.Client(base_url=f"http://{HOST}:{server.port}", timeout=60.0, trust_env=False) as client:
        return [_lasting(client.post("/predict", json={"text": text}).json()) for text in texts]


def _lasting(answer: Any) -> Any:
    """An answer without what is different every time."""
    if isinstance(answer, dict):
        return {name: _lasting(value) for name, value in answer.items() if name not in FLEETING}
    return [_lasting(each) for each in answer] if isinstance(answer, list) else answer
