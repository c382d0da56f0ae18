"""How a workflow speaks while it works: lines and stages, told to whoever listens."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol


class Stage(Protocol):
    """A piece of work under way."""

    def advance(self, amount: int = 1, **numbers: float) -> None:
        """`amount` more units are done; `numbers` (`loss`, `validation`, ...) replace the ones shown before."""


class Say(Protocol):
    """A listener: the terminal's progress bar, a web page, a test."""

    def line(self, text: str) -> None:
        """One sentence for people."""

    def stage(self, title: str, total: int | None = None) -> AbstractContextManager[Stage]:
        """Announce work of `total` units (None: not known), for as long as the context lasts."""


class Silent:
    """A listener that says nothing. It is its own stage."""

    def line(self, text: str) -> None:
        """Ignore the sentence."""

    def stage(self, title: str, total: int | None = None) -> AbstractContextManager[Stage]:
        """Ignore the stage."""
        return nullcontext(self)

    def advance(self, amount: int = 1, **numbers: float) -> None:
        """Ignore the progress."""
