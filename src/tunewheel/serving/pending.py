"""Pending: answers to come, and who gives them."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field

from .present import Answer


@dataclass(slots=True)
class Pending:
    """Answers to come. `version` is who gave them, once they are there: another one may have to step in."""

    version: str
    answers: Future[list[Answer]] = field(default_factory=Future)
