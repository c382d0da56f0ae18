"""The part `soak`: mixed traffic for five minutes while faults happen; every single answer is checked.

An answer names its version, and must be what that version answered to the same request when nothing else was asked.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

from .. import commands
from .asking import Asking, batches, singles
from .faults import Faults, add_broken, small_disk
from .plan import BULK_ROWS, Timing
from .prepared import Prepared
from .servers import tunewheel
from .traffic import INVALID, LATEST_SECONDS

Part = dict[str, Any]
SINGLES, BATCHES, BATCH_ROWS = 160, 10, 16
# Shares of the soak: memory after the first minute, and in the end.
EARLY, LATE = (0.20, 0.28), (0.94, 1.0)
SAMPLE_SECONDS = 0.5
# Two processes, whatever its own measurement would choose, so that one of them can be killed.
WORKERS = ("--workers", "2")
# A dropped connection is explained by a worker that was killed at most so many seconds before.
KILLED_SECONDS = 10.0


def invalid() -> list[bytes]:
    """Requests that must be refused as the client's mistake."""
    too_many = json.dumps({"texts": ["a"] * (BULK_ROWS + 1)}).encode()
    mistaken = [b"", b"no json", b'{"text": 5}', b'{"texts": []}', b'{"text": ""}', b'{"other": "a"}']
    return [*mistaken, b'{"text": "a", "texts": ["b"]}', b'{"text": "\xff\xfe"}', b"[" * 100 + b"]" * 100, too_many]


def measure(prepared: Prepared, timing: Timing) -> Part:
    """Prepare the copy, ask each version alone, let traffic and faults loose. Raises `CommandFailed`."""
    with small_disk(prepared.workspace) as (workspace, undisturbed), commands.temporary_folder() as name:
        folder, (first, second) = Path(name), prepared.versions
        broken = add_broken(workspace, first)
        requests, differing = _requests(prepared, workspace, folder, timing)
        plan = folder / "traffic.json"
        with tunewheel(workspace, *WORKERS) as server, ThreadPoolExecutor(1) as pool:
            plan.write_text(json.dumps({"port": server.port, "seconds": timing.soak, "requests": requests}), "utf-8")
            longest = timing.soak + 2 * LATEST_SECONDS
            traffic = pool.submit(commands.ask, commands.module("serving.traffic", str(plan)), longest)
            faults = Faults(server, workspace, first, second, broken, undisturbed)
            story, memory = _conduct(faults, timing.soak, traffic)
            found = traffic.result().value
            said = server.said()[-20:]
    return _told(found, faults, memory) | {"differing": differing, "story": story, "said": said, "seconds": timing.soak}


def _requests(prepared: Prepared, workspace: Path, folder: Path, timing: Timing) -> tuple[list[Part], int]:
    """Singles, batches and invalid ones in a mixed order, with the answers of both versions, and how many differ."""
    texts = prepared.few()
    bodies = [*singles(texts[:SINGLES]), *batches(texts[: BATCHES * BATCH_ROWS], BATCH_ROWS)]
    answers = {}
    for version in prepared.versions:
        with tunewheel(workspace, "--version", version) as server:
            answers[version] = Asking(folder, bodies, timing).alone(server)
    valid: list[Part] = [
        {"kind": "single" if place < SINGLES else "batch", "body": body.encode().decode("latin-1"),
         "expected": {version: labels[place] for version, labels in answers.items()}}
        for place, body in enumerate(bodies)
    ]  # fmt: skip
    bad: list[Part] = [{"kind": INVALID, "body": body.decode("latin-1"), "expected": {}} for body in invalid()]
    mixed = [*valid, *bad]
    random.Random(0).shuffle(mixed)
    one, other = answers.values()
    return mixed, sum(a != b for a, b in zip(one, other, strict=True))


def _conduct(faults: Faults, seconds: float, traffic: Future[Any]) -> tuple[list[Part], list[tuple[float, float]]]:
    """Do each deed at its time, and read the memory between them, until the traffic is over."""
    waiting, story, memory = faults.schedule(), [], []
    started = time.time()
    while not traffic.done():
        passed = time.time() - started
        if waiting and passed >= waiting[0][0] * seconds:
            _, deed = waiting.pop(0)
            story.append({"at": round(passed, 1), "deed": deed.__name__, "said": _done(deed)})
            commands.say(f"    {passed:.0f} s: {story[-1]['said']}")
        memory.append((passed / seconds, faults.server.megabytes()))
        time.sleep(SAMPLE_SECONDS)
    return story, memory


def _done(deed: Any) -> str:
    """What a deed says; one that fails is told, the soak goes on."""
    try:
        return str(deed())
    except (commands.CommandFailed, OSError) as error:
        return f"failed: {error}"


def _told(found: Part, faults: Faults, memory: Sequence[tuple[float, float]]) -> Part:
    """The counts, which faults there were, what no killed worker explains, and the memory."""
    injected = {
        "killed worker": bool(faults.kills), "full disk": faults.filled, "broken version": faults.broke,
        "reload in flight": found["versions"].get(faults.second, 0) > 0,
    }  # fmt: skip
    megabytes = {name: within(memory, *bounds) for name, bounds in (("early", EARLY), ("late", LATE))}
    unexplained = sum(not explained(at, faults.kills) for at in found["drops"])
    return {
        **found,
        "drops": len(found["drops"]),
        "unexplained": unexplained,
        "injected": injected,
        "memory_mb": megabytes,
    }


def explained(at: float, kills: Sequence[float]) -> bool:
    """Whether a worker was killed just before a connection was dropped."""
    return any(0 <= at - kill <= KILLED_SECONDS for kill in kills)


def within(memory: Sequence[tuple[float, float]], begin: float, end: float) -> float | None:
    """The median of what was read between two shares of the soak; None where nothing was."""
    found = [megabytes for share, megabytes in memory if begin <= share <= end]
    return median(found) if found else None
