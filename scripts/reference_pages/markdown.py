"""Markdown: tables and blocks that nothing in them can break."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table; an empty cell where there is nothing to say."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def block(text: str, language: str = "") -> str:
    """A block of code."""
    return f"```{language}\n{text.strip()}\n```"


def json_block(value: Any) -> str:
    """A value as JSON that a person can read."""
    return block(json.dumps(value, indent=2, ensure_ascii=False), "json")


def page(*parts: str) -> str:
    """Parts with an empty line between them."""
    return "\n\n".join(part.strip() for part in parts if part)


def _cell(value: object) -> str:
    return " ".join(str(value).replace("|", "\\|").split())
