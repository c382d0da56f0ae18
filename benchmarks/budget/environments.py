"""Environments of rivals that must not share ours: made once with pip, in a cache folder outside the repository."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from ..commands import CommandFailed, say

# Exact versions: another one would be another rival.
PACKAGES = {
    "setfit": ("torch==2.13.0", "setfit==1.2.0"),
    "autogluon": ("torch==2.13.0", "autogluon.multimodal==1.6.3"),
    "litserve": ("litserve==0.2.19", "onnxruntime==1.32.0", "tokenizers==0.23.3", "numpy==2.4.6"),
}
READY = ".ready"
LONGEST_SECONDS = 900


def python_of(name: str) -> str:
    """The Python of the environment `name`, made now where it is not there. Raises `CommandFailed`."""
    folder = environments() / name
    python = folder / "bin" / "python"
    wanted = "\n".join(PACKAGES[name])
    if not (folder / READY).is_file() or (folder / READY).read_text("utf-8") != wanted:
        say(f"    environment for {name}: {', '.join(PACKAGES[name])} into {folder}")
        _run([sys.executable, "-m", "venv", str(folder)])
        _run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES[name]])
        (folder / READY).write_text(wanted, "utf-8")
    return str(python)


def environments() -> Path:
    """Where they lie: `venvs` in TUNEWHEEL_BENCH_CACHE, by default in `~/.cache/tunewheel-bench`."""
    named = os.environ.get("TUNEWHEEL_BENCH_CACHE")
    return (Path(named).expanduser() if named else Path.home() / ".cache" / "tunewheel-bench") / "venvs"


def _run(command: list[str]) -> None:
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise CommandFailed(f"not done after {LONGEST_SECONDS} s: {' '.join(command[1:])}") from None
    if ended.returncode:
        said = [line for line in ended.stderr.splitlines() if not line.startswith("WARNING")]
        raise CommandFailed(f"{' '.join(command[1:])}: {' '.join(said[-8:])[-600:]}")
