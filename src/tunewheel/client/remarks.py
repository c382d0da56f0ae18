"""What a program says of an answer, as the server takes it, and what the server says to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import httpx

from .answers import Entity
from .refusals import strange

Label = str | Sequence[str] | Sequence[Entity | Mapping[str, Any]]


def remark(identity: str, *, label: Label | None, thumb: bool | None, text: str, who: str) -> dict[str, Any]:
    """A remark with what was given, and nothing else."""
    said = {"label": label if label is None or isinstance(label, str) else list(map(_plain, label)), "thumb": thumb}
    optional = {"text": text, "who": who}
    given = {name: value for name, value in said.items() if value is not None}
    return {"id": identity, **given, **{name: value for name, value in optional.items() if value}}


def doubts_in(response: httpx.Response) -> list[str]:
    """The server's doubts as sentences, each with its place. Raises `ServingError` for no answer of Tunewheel."""
    try:
        return [f"{one['where']}: {one['what']} {one['mend']}".strip() for one in response.json()["warnings"]]
    except (ValueError, KeyError, TypeError):
        raise strange(response) from None


def _plain(part: Any) -> Any:
    return asdict(part) if isinstance(part, Entity) else part
