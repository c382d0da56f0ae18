"""plan: what each way to fine-tune would take here, and what fits a budget, before anything is trained."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from .. import tasks
from ..errors import TunewheelError
from ..models.cache import is_ready, obtain
from ..models.catalogue import CATALOGUE
from ..models.estimate import available_memory_mb, held_memory_mb
from ..recipe import ModelOptions, Recipe
from ..records import Example
from ..serving.predictor import cost
from ..task import Task
from ..workspace import Workspace
from .choose import Asked, asked_for, choose_model, choose_training, draft_recipe, other_bodies, told_with_settings
from .planning.outlook import Floored, Rows, floored
from .planning.probe import Told
from .planning.probing import Body, probe_all
from .planning.ways import Limits, Way, advice, floor_score, run_memory_mb, ways_of
from .rows.gather import open_table
from .rows.sets import Sets, sketch_sets
from .say import Say, Silent
from .tuning.budget import Clock, seconds_of, steering_bytes
from .tuning.forecast import Forecast, keep, mark

MOST_BODIES = 3


@dataclass(frozen=True)
class Absent:
    """A body that suits the rows and was not probed, and why."""

    model: str
    download_mb: int
    why: str


@dataclass(frozen=True)
class Plan:
    """What came of planning. The first way is the one that `tune` takes; `seconds` is what planning took, `kept` where
    the forecast is, to be graded by the run."""

    file: str
    task: str
    metric: str
    rows: dict[str, int]
    budget_seconds: float | None
    price_an_hour: float | None
    free_memory_mb: int
    floor: dict[str, Any] | None
    ways: list[Way]
    absent: list[Absent]
    advice: str
    seconds: float = 0.0
    kept: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The object of `--json`."""
        return asdict(self)


def plan(
    data: str | Path,
    *,
    workspace: str | Path | None = None,
    budget: str | None = None,
    price: float | None = None,
    model: str | None = None,
    seed: int | None = None,
    sets: Sequence[str] = (),
    quick: bool = False,
    say: Say | None = None,
    **flags: Any,
) -> Plan:
    """Say what fine-tuning on a labelled file would take (time, memory, disk) and bring (score), for each way to do it.

    Flags as in `tune`. `budget` ("5m") says how long a run may take, `price` what an hour of this machine costs. A few
    steps of each way are timed, with `quick` only those of the way that `tune` takes; nothing is kept but the forecast,
    in the `workspace`, if one is named. Raises the errors of `tunewheel.errors`.
    """
    say, started = say or Silent(), time.perf_counter()
    seconds = seconds_of(budget) if budget else None
    limits = Limits(seconds, price, available_memory_mb())
    given = {name: value for name, value in {**flags, "model": model, "seed": seed}.items() if value is not None}
    asked = asked_for(None, data, given, sets)
    with ExitStack() as stack:
        opened = stack.enter_context(Workspace.open(workspace)) if workspace else None
        look = _look(opened, asked, say, Clock(seconds, started) if seconds else None, started)
        made = _planned(look, asked, limits, quick, say)
        made = replace(made, seconds=round(time.perf_counter() - started, 1))
        return _kept(opened, look, made) if opened else made


@dataclass(frozen=True)
class _Look:
    """The rows, the recipe as `tune` would fill it, and what reading took: seconds, and memory in MB."""

    recipe: Recipe[Any]
    task: Task
    sets: Sets
    folder: Path
    seconds: float
    memory_mb: float


def _look(
    workspace: Workspace | None, asked: Asked, say: Say, clock: Clock | None, started: float
) -> _Look:  # fmt: skip
    with told_with_settings(asked):
        table = open_table(asked.settings["data"]["path"], asked.settings["data"])
        recipe, split = draft_recipe(table, asked, say)
    kind = tasks.find(recipe.task)
    task = kind(recipe.options)
    sets = sketch_sets(workspace, table, task, recipe.data, split, recipe.seed, say.line, steering_bytes(clock))
    task.facts = task.learn(sets.train)
    read = time.perf_counter() - started
    recipe, folder = choose_model(recipe, sets.train, kind.reads, say)
    recipe = choose_training(recipe, asked, len(sets.train), kind.reads, folder)
    return _Look(recipe, task, sets, folder, read, held_memory_mb())


def _planned(look: _Look, asked: Asked, limits: Limits, quick: bool, say: Say) -> Plan:
    sets = look.sets
    longer = _mean_cost(sets.test) / max(_mean_cost(sets.validation), 1.0)
    rows = Rows(**sets.rows, few=sets.few, longer=longer)
    found = list(_bodies(look, asked, say))[: 1 if quick else None]
    bodies = [body for body in found if isinstance(body, Body)]
    probing = probe_all(sets, look.task, look.recipe.seed, bodies, say, search=limits.seconds is not None, quick=quick)
    read = floored(rows, look.seconds, look.memory_mb, probing.floors)
    ways = ways_of(probing.ways, rows, read, look.task.reads, limits)
    return Plan(
        Path(look.recipe.data.path or "").name, look.task.name, look.task.best_by, sets.rows, limits.seconds,
        limits.price, limits.memory_mb, _floor(probing.floors, rows, read), ways,
        [body for body in found if isinstance(body, Absent)], advice(ways, limits, quick=quick),
    )  # fmt: skip


def _mean_cost(examples: Sequence[Example]) -> float:
    return sum(map(cost, examples)) / max(len(examples), 1)


def _bodies(look: _Look, asked: Asked, say: Say) -> Iterator[Body | Absent]:
    """The body that `tune` takes; then, where none was named, the others that suit the rows."""
    chosen = look.recipe.model.name
    yield Body(chosen, look.folder, look.recipe.model.max_tokens, look.recipe.training)
    if (asked.settings.get("model") or {}).get("name") or chosen not in CATALOGUE:
        return
    for entry in other_bodies(look.sets.train, CATALOGUE[chosen])[: MOST_BODIES - 1]:
        if not is_ready(entry):
            why = f"not fetched yet; --model {entry.name} fetches it"
            yield Absent(entry.name, entry.download_mb, why)
            continue
        try:
            yield _body(entry.name, look, asked, say)
        except TunewheelError as error:
            yield Absent(entry.name, entry.download_mb, error.problems[0].what)


def _body(name: str, look: _Look, asked: Asked, say: Say) -> Body:
    folder = obtain(name, tell=say.line)
    recipe = look.recipe.model_copy(update={"model": ModelOptions(name=name)})
    recipe = choose_training(recipe, asked, len(look.sets.train), look.task.reads, folder)
    return Body(name, folder, recipe.model.max_tokens, recipe.training)


def _floor(told: Told | None, rows: Rows, read: Floored) -> dict[str, Any] | None:
    """The strongest floor, as plain facts."""
    if told is None or told.scored is None:
        return None
    return {"name": told.scored.name, "seconds": round(read.seconds, 1), "score": floor_score(told, rows)}


def _kept(workspace: Workspace, look: _Look, made: Plan) -> Plan:
    """The plan, its forecast for what `tune` does kept where `tune` finds it."""
    memory = run_memory_mb(made.ways, Limits(made.budget_seconds, None, made.free_memory_mb), look.task.reads)
    if memory is None:
        return made
    seconds = made.budget_seconds or made.ways[0].seconds or 0.0  # a run with a budget uses all of it
    name = mark(look.recipe, look.sets.fingerprints, made.budget_seconds)
    forecast = Forecast(seconds, memory, made.ways[0].pass_seconds or 0.0)
    path = keep(workspace.cache, name, forecast, made.to_json())
    return replace(made, kept=str(path))
