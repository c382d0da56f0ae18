"""Choose: fill in what the user left open (task, columns, body, training) and say why, in one line each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import tasks
from ..data import Table, infer, profile
from ..errors import DataError
from ..models.cache import obtain
from ..models.choose import choose as choose_body
from ..models.estimate import available_memory_mb
from ..models.folder import about
from ..recipe import ModelOptions, Recipe, build, mistakes
from ..records import Example
from ..task import Task
from ..training.suggest import suggest
from .gather import options_from
from .say import Say

PROFILED_ROWS = 2_000
# What the profile says of texts too short to tell.
UNTOLD = ("none", "other", "latin")
ROLES = ("text", "label", "words", "tags", "spans", "image", "group", "time")


@dataclass(frozen=True)
class Asked:
    """What the user settled: a recipe, whole or in part, and columns by role. The rest is chosen."""

    settings: Mapping[str, Any]
    roles: Mapping[str, str]
    sets: Sequence[str] = ()

    @property
    def columns(self) -> dict[str, str]:
        """Columns by role, from the flags and from the recipe."""
        options = self.settings.get("options") or {}
        return {role: options[role] for role in ROLES if isinstance(options.get(role), str)} | dict(self.roles)


@contextmanager
def told_with_settings(asked: Asked) -> Iterator[None]:
    """Mistakes of the data met inside are raised together with those of the settings: all are mended in one go."""
    try:
        yield
    except DataError as error:
        raise type(error).of([*error.problems, *mistakes(asked.settings, asked.sets)]) from None


def draft_recipe(table: Table, asked: Asked, say: Say) -> tuple[Recipe[Any], str | None]:
    """The recipe but for body and training, and the column that divides the rows, if any.

    Task and columns are inferred where not asked, and said aloud. Raises `ColumnError`, and `RecipeError` with all
    mistakes of the recipe and of `--set` together.
    """
    wanted: dict[str, Any] = dict(asked.columns)
    if "task" in asked.settings:
        wanted["task"] = asked.settings["task"]
    roles = infer(table, **wanted)
    for line in (*table.notes, *roles.said):
        say.line(line)
    options = options_from(roles, tasks.find(roles.task).Options.model_fields)
    # A group that was found (documents) keeps neighbours on one side; an order in time must be asked for.
    wished = [role for role in ("group", "time") if role in asked.columns or role == "group"]
    grouping: dict[str, Any] = {role: roles.columns[role] for role in wished if role in roles.columns}
    data: dict[str, Any] = {"path": str(table.path), **grouping}
    filled = {"task": roles.task, "options": options, "data": data}
    return build(merged(filled, asked.settings), asked.sets), roles.columns.get("split")


def choose_model(recipe: Recipe[Any], examples: Sequence[Example], reads: str, say: Say) -> tuple[Recipe[Any], Path]:
    """The recipe with a body, and the body's folder."""
    name = recipe.model.name
    if name == "auto":
        facts = profile(examples[:PROFILED_ROWS])
        choice = choose_body(
            _body_profile(facts), "image" if reads == "image" else "text",
            cased_matters=reads == "words", memory_mb=available_memory_mb(),
        )  # fmt: skip
        name = choice.entry.name
        say.line(f"Model {name}: {choice.because}.")
    folder = obtain(name, online=recipe.model.online, tell=say.line)
    return _with(recipe, model=ModelOptions(**{**recipe.model.model_dump(), "name": name})), folder


def choose_training(recipe: Recipe[Any], asked: Asked, rows: int, reads: Any, folder: Path) -> Recipe[Any]:
    """The recipe with training settings that suit the data; those that the user settled stay."""
    chosen = suggest(reads, rows, frozen_words=bool(about(folder).get("frozen")))
    mine = {"training": asked.settings.get("training") or {}}
    filled = merged({**recipe.model_dump(mode="json"), "training": chosen.model_dump(mode="json")}, mine)
    return build(filled, asked.sets)


def settle_precision(recipe: Recipe[Any], task: Task, folder: Path, examples: Sequence[Example]) -> Recipe[Any]:
    """The recipe with the arithmetic that is faster here: written down, so that a run that is resumed or repeated
    computes as the first one did."""
    from ..training.precision import measured_precision  # loads torch

    if recipe.training.precision != "auto":
        return recipe
    precision = measured_precision(task, folder, examples)
    return _with(recipe, training=recipe.training.model_copy(update={"precision": precision}))


def merged(low: Mapping[str, Any], high: Mapping[str, Any]) -> dict[str, Any]:
    """Nested settings, those of `high` over those of `low`."""
    both = {
        name: merged(low[name], value) if isinstance(value, Mapping) and isinstance(low.get(name), Mapping) else value
        for name, value in high.items()
        if value is not None
    }
    return {**low, **both}


def _with(recipe: Recipe[Any], **sections: Any) -> Recipe[Any]:
    return recipe.model_copy(update=sections)


def _body_profile(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What the choice of a body looks at, from a profile of the rows."""
    side = min(facts.get(name, {}).get("0.5", 0) for name in ("width", "height"))
    known = {code: share for code, share in facts.get("languages", {}).items() if code not in UNTOLD}
    return {
        "language": next(iter(known), "en"), "languages": known,
        "cased": facts.get("capitalised", 1.0), "side": side,
    }  # fmt: skip
