"""The two places where the command line writes: stdout for results, stderr for everything said on the way."""

from __future__ import annotations

import json
import sys
import unicodedata
from typing import Any

from rich.console import Console
from rich.text import Text

_WIDTH_WITHOUT_TERMINAL = 160


class Unread(Exception):
    """Our output was closed by its reader, as in `tunewheel versions | head -1`."""


class _Console(Console):
    """Leaves a closed pipe to the place where failures are told."""

    def on_broken_pipe(self) -> None:
        """Called by rich, which would end the program here."""
        raise Unread


def results() -> Console:
    """Standard output: what the command was asked for."""
    return _console(stderr=False)


def remarks() -> Console:
    """Standard error: progress, remarks, mistakes."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    terminal = (sys.stderr if stderr else sys.stdout).isatty()
    width = None if terminal else _WIDTH_WITHOUT_TERMINAL
    return _Console(stderr=stderr, highlight=False, markup=False, emoji=False, width=width)


def say(console: Console, text: str, style: str = "") -> None:
    """One line of text, never cut, with nothing in it that could steer a terminal."""
    console.print(Text(harmless(text), style=style), soft_wrap=True)


def harmless(text: str) -> str:
    """`text` with control characters and half characters, which may come from a user's file, made visible."""
    return "".join(_visible(character) for character in text)


def _visible(character: str) -> str:
    if character in "\n\t" or unicodedata.category(character) not in {"Cc", "Cs"}:
        return character
    return character.encode("unicode_escape").decode("ascii")


def print_json(value: Any) -> None:
    """`value` as one line of JSON on stdout; a number that JSON does not know becomes null."""
    from pydantic_core import to_jsonable_python

    plain = to_jsonable_python(value, inf_nan_mode="null")
    unicode_output = "utf" in (sys.stdout.encoding or "").lower()
    write(json.dumps(plain, ensure_ascii=not unicode_output) + "\n")


def write(text: str) -> None:
    """`text` on stdout, as it is."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise Unread from None
