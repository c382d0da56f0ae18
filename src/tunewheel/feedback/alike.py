"""Alike: whether two answers are the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def alike(one: Any, other: Any) -> bool:
    """Whether two answers (as `answer_of` gives them) are the same; labels and spans have no order."""
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return sorted(map(_plain, one)) == sorted(map(_plain, other))
    return bool(one == other)


def _plain(part: Any) -> str:
    if isinstance(part, Mapping):
        return repr([part.get(name) for name in ("start", "end", "label")])
    return repr(part)
