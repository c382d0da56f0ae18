"""Choose: fill in what the user left open (task, columns, body, training) and say why, in one line each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from .. import tasks
from ..data import Table, profile
from ..errors import DataError, RecipeError
from ..models.cache import is_ready, obtain
from ..models.catalogue import CATALOGUE, Entry
from ..models.choose import Choice, others
from ..models.choose import choose as choose_body
from ..models.estimate import available_memory_mb
from ..models.folder import about
from ..recipe import ModelOptions, Recipe, build, mistakes, read
from ..records import Example, Options
from ..task import Task
from ..training.options import TrainingOptions
from ..training.suggest import Reads, suggest
from .rows.columns import roles_of
from .rows.gather import options_from
from .say import Say

PROFILED_ROWS = 2_000
ROLES = ("text", "label", "words", "tags", "spans", "image", "group", "time")
DATA_FLAGS = ("test", "validation", "group", "time", "split", "format", "encoding", "sheet")


@dataclass(frozen=True)
class Asked:
    """What the user settled: a recipe, whole or in part, and columns by role. The rest is chosen."""

    settings: Mapping[str, Any]
    roles: Mapping[str, str]
    sets: Sequence[str] = ()

    @cached_property
    def settled(self) -> tuple[str, Options] | None:
        """The task and its options as the recipe and `--set` settle them; None while there is a mistake in them.

        Where no task is named, it is the first that knows all of the options: nobody should have to name it for them.
        """
        given = {name: self.settings[name] for name in ("task", "options") if self.settings.get(name)}
        sets = [flag for flag in self.sets if _is_about(flag, "task", "options")]
        for name in tasks.names():
            with suppress(RecipeError):
                recipe = build({"task": name, **given}, sets)
                return recipe.task, recipe.options
        return None

    @property
    def votes(self) -> tuple[str, ...]:
        """Columns that hold the votes for one label each."""
        return tuple(getattr(self.settled[1], "votes", ())) if self.settled else ()

    def columns(self, table: Table) -> dict[str, str]:
        """The task, where it is settled, and columns by role, from the flags, the recipe and `--set`.

        A recipe that a run wrote names every column that its task could read: one that goes by its usual name need
        not be there.
        """
        task = {"task": self.settings["task"]} if self.settings.get("task") else {}
        if self.settled is None:
            return {**task, **self.roles}
        if self.votes or any(_is_about(flag, "task") for flag in self.sets):
            task = {"task": self.settled[0]}
        options = self.settled[1]
        named = {role: getattr(options, role) for role in ROLES if role in options.model_fields_set}
        usual = {role: type(options).model_fields[role].default for role in named}
        there = {role: name for role, name in named.items() if name in table.columns or name != usual[role]}
        return {**task, **there, **self.roles}


def asked_for(
    recipe: Recipe[Any] | Mapping[str, Any] | str | Path | None,
    data: str | Path | None,
    flags: Mapping[str, Any],
    sets: Sequence[str],
) -> Asked:
    """Flags over the recipe; `--set` comes over both when the recipe is built."""
    settings = _settings(recipe) if recipe else {}
    section = {name: str(flags[name]) for name in DATA_FLAGS if name in flags}
    over: dict[str, Any] = {"data": section | ({"path": str(data)} if data else {})}
    over |= {name: flags[name] for name in ("task", "seed") if name in flags}
    over |= {"model": {"name": str(flags["model"])}} if "model" in flags else {}
    return Asked(merged(settings, over), {role: flags[role] for role in ROLES if role in flags}, sets)


def _settings(recipe: Recipe[Any] | Mapping[str, Any] | str | Path) -> dict[str, Any]:
    if isinstance(recipe, Recipe):
        return recipe.model_dump(mode="json")
    return dict(recipe) if isinstance(recipe, Mapping) else read(recipe)


def _is_about(flag: str, *names: str) -> bool:
    """Whether `--set` with this flag changes one of these parts of a recipe."""
    return flag.partition("=")[0].partition(".")[0].strip() in names


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
    wanted = asked.columns(table)
    roles = roles_of(table, wanted, asked.votes)
    for line in (*table.notes, *roles.said):
        say.line(line)
    fields = tasks.find(roles.task).Options.model_fields
    options = options_from(roles, fields)
    flagged = {role: name for role, name in asked.roles.items() if role in fields}
    # A group that was found (documents) keeps neighbours on one side; an order in time must be asked for.
    wished = [role for role in ("group", "time") if role in wanted or role == "group"]
    grouping: dict[str, Any] = {role: roles.columns[role] for role in wished if role in roles.columns}
    data: dict[str, Any] = {"path": str(table.path), **grouping}
    filled = {"task": roles.task, "options": options, "data": data}
    settings = merged(merged(filled, asked.settings), {"options": flagged})
    return build(settings, asked.sets), roles.columns.get("split")


def choose_model(recipe: Recipe[Any], examples: Sequence[Example], reads: str, say: Say) -> tuple[Recipe[Any], Path]:
    """The recipe with a body, and the body's folder."""
    name = recipe.model.name
    if name == "auto":
        choice = suited_body(examples, reads)
        name = choice.entry.name
        say.line(f"Model {name}: {choice.because}.")
    folder = obtain(name, online=recipe.model.online, tell=say.line)
    return _with(recipe, model=ModelOptions(**{**recipe.model.model_dump(), "name": name})), folder


def suited_body(examples: Sequence[Example], reads: str) -> Choice:
    """The body for rows like `examples` on this machine."""
    kind: Literal["text", "image"] = "image" if reads == "image" else "text"
    return choose_body(
        _body_profile(examples), kind, cased_matters=reads == "words", memory_mb=available_memory_mb()
    )  # fmt: skip


def other_bodies(examples: Sequence[Example], chosen: Entry) -> list[Entry]:
    """The bodies beside the `chosen` one that read rows like `examples`."""
    return others(_body_profile(examples), chosen)


def other_models(
    asked: ModelOptions, chosen: str, examples: Sequence[Example], reads: str, say: Say
) -> list[str]:  # fmt: skip
    """Names of the bodies that may be tried beside the `chosen` one: those that were `asked` for, or else, where the
    user named no body, those that suit rows like `examples` and need no download, the smallest first.

    Bodies are told apart as they came, and of those for pictures one has learnt nothing yet. Raises `WeightsMissing`
    for one that was asked for and is not there.
    """
    if asked.others is not None:
        for name in asked.others:
            obtain(name, online=asked.online, tell=say.line)
        return [name for name in asked.others if name != chosen]
    if asked.name != "auto" or reads == "image":
        return []
    ready = filter(is_ready, other_bodies(examples, CATALOGUE[chosen]))
    return [entry.name for entry in sorted(ready, key=lambda entry: entry.memory_mb)]


def choose_training(recipe: Recipe[Any], asked: Asked, rows: int, reads: Any, folder: Path) -> Recipe[Any]:
    """The recipe with training settings that suit the data; those that the user settled stay."""
    chosen = suggested(folder, reads, rows)
    mine = {"training": asked.settings.get("training") or {}}
    filled = merged({**recipe.model_dump(mode="json"), "training": chosen.model_dump(mode="json")}, mine)
    made = build(filled, asked.sets)
    if made.training.class_weighting and getattr(made.options, "class_weights", "none") != "none":
        what = "options.class_weights and training.class_weighting both say what classes weigh."
        raise RecipeError(what, where="recipe", mend="Keep one of them.")
    return made


def suggested(folder: Path, reads: Reads, rows: int) -> TrainingOptions:
    """Training settings that suit the body in a model folder and so many rows."""
    return suggest(reads, rows, frozen_words=bool(about(folder).get("frozen")))


def settled_training(asked: Asked) -> set[str]:
    """Names of the training settings that the user settled, in the recipe or by `--set`."""
    named = {flag.partition("=")[0].strip() for flag in asked.sets}
    # Who says what classes weigh in the task has said it of the training, too.
    in_task = (asked.settings.get("options") or {}).get("class_weights", "none") != "none"
    weighed = {"class_weighting"} if in_task or "options.class_weights" in named else set()
    inside = {name.removeprefix("training.") for name in named if name.startswith("training.")}
    return weighed | inside | set(asked.settings.get("training") or {})


def with_precision(
    training: TrainingOptions, task: Task, folder: Path, examples: Sequence[Example]
) -> TrainingOptions:  # fmt: skip
    """The settings with the arithmetic that is faster here: written down, so that a run that is resumed or repeated
    computes as the first one did."""
    from ..training.precision import measured_precision  # loads torch

    if training.precision != "auto":
        return training
    return training.model_copy(update={"precision": measured_precision(task, folder, examples)})


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


def _body_profile(examples: Sequence[Example]) -> dict[str, Any]:
    """What the choice of a body looks at, from a profile of the rows."""
    facts = profile(examples[:PROFILED_ROWS])
    side = min(facts.get(name, {}).get("0.5", 0) for name in ("width", "height"))
    told: dict[str, Any] = {name: facts[name] for name in ("language", "languages") if name in facts}
    return {**told, "cased": facts.get("capitalised", 1.0), "side": side}
