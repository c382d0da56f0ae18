"""Recipe: the options of every room, composed for one task."""

from __future__ import annotations

from typing import Any, Generic, TypeVar, cast

from pydantic import Field
from pydantic.json_schema import models_json_schema

from .. import tasks
from ..records.options import Options
from ..training.options import TrainingOptions
from .sections import DataOptions, ModelOptions

TaskOptions = TypeVar("TaskOptions", bound=Options)


def _no_settings() -> Any:
    """Left out: the defaults of whichever task it is."""
    return {}


class Recipe(Options, Generic[TaskOptions]):
    """All settings of one run: with the same data, seed and machine it gives the same weights."""

    task: str = Field(description="What the model shall do; a name from `tunewheel tasks`.")
    data: DataOptions = Field(DataOptions(), description="Where the rows come from.")
    model: ModelOptions = Field(ModelOptions(), description="The pre-trained body.")
    options: TaskOptions = Field(default_factory=_no_settings, description="Settings of the task.")
    training: TrainingOptions = Field(default=TrainingOptions(), description="How the module learns.")
    seed: int = Field(
        default=0, ge=0, lt=2**32, description="Seed of every random choice: split, order of rows, new weights."
    )


def recipe_for(task_name: str) -> type[Recipe[Any]]:
    """The recipe class of a task. Raises `RecipeError` for a task that does not exist."""
    return cast("type[Recipe[Any]]", Recipe.__class_getitem__(tasks.find(task_name).Options))


def schema() -> dict[str, Any]:
    """JSON schema of a recipe: one alternative for each task."""
    classes = {name: recipe_for(name) for name in tasks.names()}
    by_class, shared = models_json_schema([(each, "validation") for each in classes.values()])
    alternatives = []
    for name, each in classes.items():
        reference = by_class[each, "validation"]["$ref"]
        shared["$defs"][reference.rsplit("/", 1)[-1]]["properties"]["task"]["const"] = name
        alternatives.append({"$ref": reference})
    return {"title": "Tunewheel recipe", "oneOf": alternatives, **shared}
