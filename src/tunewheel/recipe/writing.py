"""A recipe as YAML that a person can read, edit and run again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from .composed import Recipe

_HEADER = "# A recipe for Tunewheel. Run it again: tunewheel tune --recipe THIS_FILE\n"
_BARE = re.compile(r"[^\W\d_][\w/-]*(\.[\w/-]+)*")
_READ_OTHERWISE = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}  # by some YAML readers


def dump(recipe: Recipe[Any], why: Mapping[str, str] | None = None) -> str:
    """YAML of every setting in a fixed order; `load` gives an equal recipe back.

    `why` maps a setting (`training.epochs`) to the reason it was chosen, which becomes a comment beside it.
    """
    return _HEADER + "".join(f"{line}\n" for line in _lines(recipe.model_dump(mode="json"), why or {}, ()))


def _lines(values: Mapping[str, Any], why: Mapping[str, str], above: tuple[str, ...]) -> Iterator[str]:
    """A group, one setting a line, groups inside it indented."""
    for name, value in values.items():
        path = (*above, name)
        reason = " ".join(why.get(".".join(path), "").split())
        comment = f"  # chosen: {reason}" if reason.isprintable() and reason else ""
        head = "  " * len(above) + _text(name) + ":"
        if isinstance(value, Mapping) and value:
            yield head + comment
            yield from _lines(value, why, path)
        else:
            yield f"{head} {value_text(value)}{comment}"


def value_text(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_text(name)}: {value_text(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(value_text, value)) + "]"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    return re.sub(r"^(-?)(inf|nan)$", r"\1.\2", repr(value))


def _text(text: str) -> str:
    """Text bare where no reader of YAML could take it for anything else, otherwise in double quotes."""
    if _BARE.fullmatch(text) and text.isprintable() and text.lower() not in _READ_OTHERWISE:
        return text
    return yaml.dump(text, default_style='"', allow_unicode=True, width=10**9).rstrip("\n")
