"""Service: what the HTTP API needs from whoever answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Any, Protocol


class Service(Protocol):
    """One version at work. `serving.Service` is one; tests bring their own."""

    @property
    def version(self) -> str:
        """Its id, part of every answer."""

    @property
    def task(self) -> str:
        """The task's name."""

    @property
    def reads(self) -> str:
        """What a row holds: "text", "words" or "image"."""

    @property
    def sample(self) -> Sequence[Mapping[str, Any]]:
        """A few rows of the kind it reads."""

    @property
    def ready(self) -> bool:
        """Loaded, warmed up and not stopping."""

    @property
    def waiting(self) -> int:
        """Rows in its queue."""

    def retire(self) -> None:
        """Be not `ready` from now on."""

    def stop(self, seconds: float) -> bool:
        """Accept nothing more and finish what waits, for at most `seconds`; blocks."""

    def submit(self, rows: Sequence[Mapping[str, Any]], seconds: float) -> Future[list[dict[str, Any]]]:
        """One answer a row to come within `seconds`. Raises errors of the `ServingError` tree."""
