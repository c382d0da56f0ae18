"""A task of its own for the recipe's tests, so that they do not change when a real task does."""

from typing import ClassVar, Literal

import pytest
from pydantic import Field

import tunewheel.tasks
from tunewheel.errors import RecipeError
from tunewheel.records import Options


class Sorting:
    name = "sorting"
    summary = "Which tray a thing belongs in."
    sample: ClassVar = ({"thing": "spoon", "tray": "cutlery"},)

    class Options(Options):
        """Settings of sorting."""

        label: str = Field("tray", description="Column of the tray.")
        weights: dict[str, float] = Field({}, description="Weight of each tray | by name.")
        columns: tuple[str, ...] = Field((), description="More columns.")
        threshold: float | Literal["auto"] | None = Field("auto", description="Least confidence.")
        few: tuple[int, ...] = Field((), max_length=2, description="At most two numbers.")


class Counting:
    name = "counting"
    summary = "How many there are."

    class Options(Options):
        """Settings of counting."""


@pytest.fixture(autouse=True)
def two_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"sorting": Sorting, "counting": Counting}

    def find(name: str) -> type:
        if name not in known:
            raise RecipeError(f"there is no task '{name}'.", mend="There are: counting, sorting.")
        return known[name]

    monkeypatch.setattr(tunewheel.tasks, "find", find)
    monkeypatch.setattr(tunewheel.tasks, "names", lambda: sorted(known))
