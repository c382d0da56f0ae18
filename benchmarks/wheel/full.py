"""One stream with real `tunewheel turn`s, which fine-tune the whole model; see `measure` for what it needs."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

WORKFLOW = "tunewheel.workflows.turn"


def measure() -> dict[str, Any]:
    """Turns of the vader stream through the command line."""
    if find_spec(WORKFLOW) is None:
        return {"absent": f"not run: there is no {WORKFLOW} yet"}
    return {"absent": "not run: the replay through the command line is not written yet"}
