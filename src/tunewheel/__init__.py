"""Tunewheel: from a labelled file to a proved, served, fine-tuned model in one command.

    import tunewheel as tw
    run = tw.tune("reviews.csv")
    tw.load("tunewheel-workspace").predict(["Great service"])

Importing this package opens no database and loads no torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .errors import TunewheelError
    from .workflows.live import load
    from .workflows.tune import tune

__version__ = "0.1.0"
__all__ = ["TunewheelError", "__version__", "load", "tune"]

_PLACES = {"tune": "workflows.tune", "load": "workflows.live", "TunewheelError": "errors"}


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for."""
    if name not in _PLACES:
        raise AttributeError(f"module 'tunewheel' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(f".{_PLACES[name]}", __name__), name)
