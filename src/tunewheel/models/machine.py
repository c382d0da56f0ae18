"""What was measured on this machine, remembered beside the cached models: nothing is timed twice."""

from __future__ import annotations

import json
import os
import platform
import tempfile
from collections.abc import Callable
from pathlib import Path

from .cache import cache_folder
from .estimate import cores
from .folder import write_json

FILE = "machine.json"
CPU_FACTS = Path("/proc/cpuinfo")


def measured(question: str, measure: Callable[[], str]) -> str:
    """The answer to `question` on this processor and its cores: remembered, or found now by `measure`."""
    key = f"{processor()}, {cores()} cores: {question}"
    known = _known()
    if key not in known:
        known[key] = measure()
        _keep({**_known(), key: known[key]})
    return known[key]


def processor() -> str:
    """The processor's name, as the system has it."""
    try:
        facts = CPU_FACTS.read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(":", 1)[1].strip() for line in facts if line.startswith("model name")), platform.machine())


def _known() -> dict[str, str]:
    """All answers; none when the file is not there or not readable."""
    try:
        known = json.loads((cache_folder().parent / FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(key): str(value) for key, value in known.items()} if isinstance(known, dict) else {}


def _keep(known: dict[str, str]) -> None:
    """Replace the file in one step. A cache that cannot be written to only costs a measurement the next time."""
    try:
        cache_folder().parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=cache_folder().parent, prefix=f".{FILE}-")
        os.close(handle)
        write_json(Path(name), known)
        Path(name).replace(cache_folder().parent / FILE)
    except OSError:
        return
