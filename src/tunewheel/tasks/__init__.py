"""Tasks are found by file name, here and under the entry-point group `tunewheel.tasks` of other packages."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Mapping
from difflib import get_close_matches
from importlib.metadata import entry_points

from ..errors import RecipeError
from ..task import Task

GROUP = "tunewheel.tasks"


def names() -> list[str]:
    """The names of all tasks that can be had, sorted."""
    return sorted(_places())


def find(name: str) -> type[Task]:
    """The task of that name. Raises `RecipeError` with the closest name."""
    places = _places()
    if name not in places:
        close = get_close_matches(name, places, 1)
        hint = f"Did you mean '{close[0]}'?" if close else f"There are: {', '.join(sorted(places))}."
        raise RecipeError(f"there is no task '{name}'.", mend=hint)
    module = importlib.import_module(places[name])
    return next(
        found
        for _, found in inspect.getmembers(module, inspect.isclass)
        if issubclass(found, Task) and found.__module__ == module.__name__
    )


def _places() -> Mapping[str, str]:
    """Task name to module name."""
    here = {info.name: f"{__name__}.{info.name}" for info in pkgutil.iter_modules(__path__)}
    return {**{point.name: point.value for point in entry_points(group=GROUP)}, **here}
