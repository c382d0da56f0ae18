"""Service: what the HTTP API needs from whoever answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from ..serving import Pending


class Service(Protocol):
    """A version at work. `serving.Service` is one, `serving.Switch` another; tests bring their own."""

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
    def columns(self) -> Mapping[str, str]:
        """What a row may hold ("text", "words", "image"), and the column that it is read from."""

    @property
    def sample(self) -> Sequence[Mapping[str, Any]]:
        """A few rows of the kind it reads."""

    @property
    def ready(self) -> bool:
        """Loaded, warmed up and not stopping."""

    @property
    def waiting(self) -> int:
        """Rows in its queue."""

    def full(self, coming: int = 0) -> bool:
        """Whether one more request would be refused, behind so many others that are coming."""

    def retire(self) -> None:
        """Be not `ready` from now on."""

    def stop(self, seconds: float) -> bool:
        """Accept nothing more and finish what waits, for at most `seconds`; blocks."""

    @property
    def beside(self) -> Mapping[str, int]:
        """What became of rows that another version was asked about, too: how many "agreed", "differed", ..."""

    def ask(
        self, rows: Sequence[Mapping[str, Any]], seconds: float, *, alone: bool = False, keep: bool = True,
        key: str = "",
    ) -> Pending:  # fmt: skip
        """One answer a row to come within `seconds`, and who gives it; at once, where who is `alone` takes but a
        moment. With `keep` false nothing of the rows is kept afterwards. Requests with the same `key` are answered by
        the same version. Raises errors of the `ServingError` tree."""
