"""The command line: `tunewheel check`, `tune`, `predict`, `serve` and their kin."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line (by default this process's own) and return its exit code."""
    import typer

    from .app import app
    from .failures import usage

    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="backslashreplace")  # a terminal that lacks a character must not end a run
    if not sys.warnoptions:
        # Where a fit did not converge its score tells; and what one thread silences for a while another may undo.
        warnings.filterwarnings("ignore", module="sklearn")
    try:
        code = app(arguments, prog_name="tunewheel", standalone_mode=False)
    except typer.TyperException as error:
        return usage(error)
    except typer.Abort:
        return 1
    return code if isinstance(code, int) else 0
