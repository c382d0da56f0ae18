"""Asking a server through the load generator, a process of its own that is told what to do by a file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import commands
from .plan import Timing
from .servers import Server

Labels = Sequence[Sequence[str]]
BEYOND = 120.0


def singles(texts: Sequence[str]) -> list[str]:
    """A body a text."""
    return [json.dumps({"text": text}, ensure_ascii=False) for text in texts]


def batches(texts: Sequence[str], rows: int) -> list[str]:
    """Bodies of so many texts each."""
    starts = range(0, len(texts), rows)
    return [json.dumps({"texts": list(texts[start : start + rows])}, ensure_ascii=False) for start in starts]


@dataclass
class Asking:
    """Bodies that are sent in turn, and once they were asked alone the labels that every answer must have."""

    folder: Path
    bodies: list[str]
    timing: Timing
    expected: Labels | None = None

    def alone(self, server: Server) -> Labels:
        """The answer to each body when nothing else is asked; kept as what is expected. Raises `CommandFailed`."""
        if self.expected is None:
            found = self._asked(server, mode="once")
            if "fault" in found:
                raise commands.CommandFailed(f"{found['fault']}; the server said {server.said()[-5:]}")
            self.expected = found["labels"]
        return self.expected or []

    def closed(self, server: Server, clients: int) -> dict[str, Any]:
        """So many clients that ask again as soon as they are answered."""
        timing = self.timing
        return self._asked(server, mode="closed", clients=clients, warm=timing.warm, seconds=timing.measured)

    def opened(self, server: Server, rate: float) -> dict[str, Any]:
        """Arrivals at a rate, whatever comes back."""
        return self._asked(server, mode="open", rate=rate, seconds=self.timing.overload)

    def _asked(self, server: Server, **told: Any) -> dict[str, Any]:
        known = {"port": server.port, "bodies": self.bodies, "expected": self.expected}
        longest = BEYOND + told.get("warm", 0.0) + told.get("seconds", 600.0)
        return _generated(self.folder, {**known, **told}, longest)


def in_turn(asked: Sequence[tuple[Asking, Server]], rounds: int) -> dict[str, Any]:
    """Servers that are up together, asked by one client in turn: the median times of each in each round."""
    first = asked[0][0]
    servers = [{"port": server.port, "expected": asking.expected} for asking, server in asked]
    told = {"mode": "in turn", "servers": servers, "bodies": first.bodies, "rounds": rounds}
    return _generated(first.folder, told, BEYOND + 600.0)


def _generated(folder: Path, told: dict[str, Any], longest: float) -> dict[str, Any]:
    """What the load generator says when it was told so."""
    plan = folder / "load.json"
    plan.write_text(json.dumps(told), "utf-8")
    return commands.ask(commands.module("serving.load", str(plan)), longest).value
