"""What is said when a command fails, and its exit code: the only place where errors become text.

2 a mistake that a sentence mends · 130 stopped by the user · 1 a mistake of ours, with its log · 141 nobody reads on
"""

from __future__ import annotations

import errno
import os
import platform
import sys
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import typer
from rich.text import Text
from typer.core import TyperCommand

from .. import __version__
from ..errors import TunewheelError
from .console import Unread, harmless, remarks

STOPPED, OURS, UNREAD = 130, 1, 141
_ISSUES = "Please report it with that file."
_DISK = {
    errno.ENOSPC: "the disk is full. Free some space, then run the same command again; finished work is kept.",
    errno.EDQUOT: "your disk quota is used up. Free some space, then run the same command again.",
    errno.EROFS: "this disk can only be read. Choose another folder with --workspace.",
    errno.EACCES: "permission denied. Choose a place that you may read and write.",
    errno.EPERM: "permission denied. Choose a place that you may read and write.",
    errno.EMFILE: "too many files are open. Raise the limit (ulimit -n 4096) and run the same command again.",
}


class Command(TyperCommand):
    """A command whose failures are told in sentences."""

    def invoke(self, ctx: Any) -> Any:
        with told(str(ctx.info_name), ctx.params.get("workspace")):
            return super().invoke(ctx)


@contextmanager
def told(command: str, workspace: Path | None = None) -> Iterator[None]:
    """Turn whatever is raised inside into sentences on stderr and `typer.Exit`."""
    try:
        yield
    except (typer.Exit, typer.Abort, typer.TyperException):
        raise
    except KeyboardInterrupt:
        kept = "; what was done is kept: `tunewheel tune --resume`" if command == "tune" else ""
        _end(STOPPED, [f"stopped{kept}"], style="")
    except TunewheelError as error:
        _end(error.exit_code, [str(problem) for problem in error.problems])
    except Unread:
        _leave_quietly()
    except Exception as error:
        _end(*_unexpected(error, command, workspace))


def usage(error: typer.TyperException) -> int:
    """Say in one sentence how the command line was wrong; return the exit code."""
    sentence = error.format_message()
    if type(error).__name__ == "NoArgsIsHelpError":  # a group without a command: the sentence is its help
        typer.echo(sentence, err=True)
        return error.exit_code
    if options := getattr(error, "possibilities", None):
        named = get_close_matches(str(getattr(error, "option_name", "")), options, n=1, cutoff=0.0)
        sentence = f"{error.message.rstrip('.')}. Did you mean {named[0]}?"
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "tunewheel"
    stop = "" if sentence.endswith((".", "?")) else "."
    _tell([f"{sentence[:1].lower()}{sentence[1:]}{stop} See `{path} --help`."])
    return error.exit_code


def _unexpected(error: Exception, command: str, workspace: Path | None) -> tuple[int, list[str]]:
    """Exit code and sentences for what is no `TunewheelError`: the machine's limits, or a mistake of ours."""
    if _out_of_memory(error):
        return 2, ["not enough memory. Lower training.batch_units, or choose a smaller model from `tunewheel models`."]
    if isinstance(error, OSError) and error.errno in _DISK:
        place = f"{error.filename}: " if error.filename else ""
        return 2, [place + _DISK[error.errno]]
    log = _write_log(error, command, workspace)
    return OURS, [f"sorry, this is a mistake in Tunewheel. What happened is written down in {log}. {_ISSUES}"]


def _out_of_memory(error: Exception) -> bool:
    # torch says it on the CPU with a plain RuntimeError, on a GPU with a class of its own
    said = "can't allocate memory" in str(error)
    return isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError" or said


def _leave_quietly() -> None:
    """End as programs in a pipe do; the interpreter must not try to flush what nobody reads."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    raise typer.Exit(UNREAD)


def _write_log(error: Exception, command: str, workspace: Path | None) -> Path:
    """The stack trace in a private file of the workspace, or of the temporary folder where there is none."""
    folder = workspace if workspace and workspace.is_dir() and os.access(workspace, os.W_OK) else None
    handle, name = tempfile.mkstemp(prefix="tunewheel-failure-", suffix=".log", dir=folder, text=True)
    with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as log:
        log.write(f"tunewheel {__version__} · Python {platform.python_version()} · {platform.platform()}\n")
        log.write(f"{datetime.now(UTC).isoformat(timespec='seconds')} · tunewheel {command}\n\n")
        log.writelines(traceback.format_exception(error))
    return Path(name)


def _end(code: int, sentences: Sequence[str], style: str = "bold red") -> None:
    _tell(sentences, style)
    raise typer.Exit(code) from None


def _tell(sentences: Sequence[str], style: str = "bold red") -> None:
    """`error: sentence`, or all of them numbered."""
    label = "error: " if style else ""
    lines = [f"{number}. {sentence}" for number, sentence in enumerate(sentences, 1)]
    body = sentences[0] if len(sentences) == 1 else "\n  ".join([f"{len(sentences)} mistakes", *lines])
    remarks().print(Text.assemble((label, style), harmless(body)), soft_wrap=True)
