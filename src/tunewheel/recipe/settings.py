"""Settings as a person gave them: plain values, where each one stands, and what is wrong so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Any

from ..errors import Problem

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a setting stands: a line of a file (0: the file as a whole), or a flag (no line)."""

    source: str
    line: int | None = None

    def __str__(self) -> str:
        return f"{self.source}:{self.line}" if self.line else self.source


@dataclass(slots=True)
class Settings:
    """Nested plain values; `places` says where a path was written, `problems` what is already known to be wrong.

    Each problem is kept with its place, so that all of them can be told in the order of the file.
    """

    values: dict[str, Any] = field(default_factory=dict)
    places: dict[Path, Place] = field(default_factory=dict)
    problems: list[tuple[Place | None, Problem]] = field(default_factory=list)

    def place(self, path: Path) -> Place | None:
        """Where `path` was written, or its nearest enclosing group; None for settings that came from Python."""
        while path not in self.places and path:
            path = path[:-1]
        return self.places.get(path)

    def complain(self, path: Path, what: str, mend: str = "", place: Place | None = None) -> None:
        """Remember a mistake at `path`."""
        place = place or self.place(path)
        self.problems.append((place, Problem(what, _where(place, path), mend)))

    def put(self, path: Path, value: Any, place: Place) -> None:
        """Set `path`, making the groups on the way; a group that is not one is left for validation to report."""
        group: Any = self.values
        for name in path[:-1]:
            if group.get(name) is None:
                group[name] = {}
            group = group[name]
            if not isinstance(group, dict):
                return
        group[path[-1]] = value
        self.places = {known: at for known, at in self.places.items() if known[: len(path)] != path}
        self.places[path] = place

    def given(self, path: Path) -> Path:
        """The longest beginning of `path` that was really given."""
        current: Any = self.values
        for depth, name in enumerate(path):
            inside = (isinstance(current, dict) and name in current) or (
                isinstance(current, list) and isinstance(name, int) and name < len(current)
            )
            if not inside:
                return path[:depth]
            current = current[name]
        return path

    def in_order(self) -> list[Problem]:
        """All problems: those of a file by line, then the others as they came."""
        return [problem for _, problem in sorted(self.problems, key=lambda found: _rank(found[0]))]


def _rank(place: Place | None) -> float:
    return inf if place is None or place.line is None else place.line


def dotted(path: Path) -> str:
    """`training.epochs`, `options.labels[2]`."""
    words = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return words.removeprefix(".")


def plain(settings: Mapping[str, Any]) -> dict[str, Any]:
    """A deep copy with plain values (paths as text, tuples as lists), as YAML would have given them."""
    from pydantic_core import to_jsonable_python

    copied: dict[str, Any] = to_jsonable_python(settings)
    return copied


def _where(place: Place | None, path: Path) -> str:
    """`my.yaml:12: training.epochs` for a line of a file, `--set training.epochs` for a flag."""
    if place is None:
        return dotted(path)
    separator = " " if place.line is None else ": "
    return f"{place}{separator}{dotted(path)}" if path else str(place)
