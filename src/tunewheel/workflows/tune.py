"""tune: from a labelled file to a proved, registered version."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from .. import tasks
from ..errors import RecipeError
from ..recipe import Recipe, read
from ..registry import LIVE, Version
from ..workspace import Workspace
from .anytime import Anytime
from .budget import LEAST_FOR_TORCH, Clock, seconds_of, steering_bytes
from .choose import (
    ROLES,
    Asked,
    choose_model,
    choose_training,
    draft_recipe,
    merged,
    settle_precision,
    settled_training,
    told_with_settings,
)
from .conclude import Ending, conclude
from .contend import Candidate
from .enlist import Office
from .gather import open_table
from .kept import Kept
from .kept import load as kept_of
from .lay_floors import lay_floors
from .papers import draft_papers
from .preference import preferred
from .run import Run
from .say import Say, Silent
from .sets import make_sets
from .underway import RECIPE, remember, run_folder

DATA_FLAGS = ("test", "validation", "group", "time", "split", "format", "encoding", "sheet")


def tune(
    data: str | Path | None = None,
    *,
    recipe: Recipe[Any] | str | Path | None = None,
    sets: Sequence[str] = (),
    workspace: str | Path | Workspace = "tunewheel-workspace",
    resume: bool = False,
    say: Say | None = None,
    model: str | None = None,
    seed: int | None = None,
    budget: str | None = None,
    **flags: Any,
) -> Run:
    """Fine-tune a model on a labelled file, prove it on a frozen test set, and register it.

    `flags` name columns by role (`text=`, `label=`, ...), the task (`task=`) and files or columns of the data
    section (`test=`, `validation=`, `split=`, `group=`, `time=`, `format=`, `encoding=`, `sheet=`). What is left open
    is chosen and said. `budget` ("2m", "quick") is how long the run may take in all. `resume` goes on with an
    interrupted run as it was asked for, and takes none of these.
    Raises the errors of `tunewheel.errors`.
    """
    say = say or Silent()
    if not isinstance(workspace, Workspace):
        with Workspace.open(workspace) as opened:
            return tune(
                data,
                recipe=recipe,
                sets=sets,
                workspace=opened,
                resume=resume,
                say=say,
                model=model,
                seed=seed,
                budget=budget,
                **flags,
            )
    started = time.perf_counter()
    clock = Clock(seconds_of(budget), started) if budget else None
    flags = {name: value for name, value in {**flags, "model": model, "seed": seed}.items() if value is not None}
    if resume:
        _refuse_changes(data, recipe, sets, {**flags, **({"budget": budget} if budget else {})})
    with run_folder(workspace, resume) as folder:
        asked = _asked(folder / RECIPE if resume else recipe, data, flags, sets)
        kept = kept_of(folder) if resume else Kept(clock.seconds) if clock else None
        if kept is not None:  # what was spent before counts
            clock = Clock(kept.budget, started - kept.spent)
        return _tuned(workspace, folder, asked, say, clock.started if clock else started, clock, kept)


def _refuse_changes(data: Any, recipe: Any, sets: Sequence[str], flags: Mapping[str, Any]) -> None:
    """An interrupted run that is gone on with on other rows or settings would be neither the old run nor a new one."""
    given = {"DATA": data, "--recipe": recipe, "--set": sets or None, **{f"--{name}": flags[name] for name in flags}}
    names = [name for name, value in given.items() if value is not None]
    if names:
        raise RecipeError(
            f"--resume goes on with the interrupted run as it was asked for; it takes no {', '.join(names)}.",
            mend="Give --resume alone, or leave it out to start a new run.",
        )


def _tuned(
    workspace: Workspace, folder: Path, asked: Asked, say: Say, started: float, clock: Clock | None, kept: Kept | None
) -> Run:
    """The story itself."""
    with told_with_settings(asked):
        table = open_table(_data_path(asked), asked.settings.get("data"))
        recipe, split = draft_recipe(table, asked, say)
    kind = tasks.find(recipe.task)
    task = kind(recipe.options)
    parts = make_sets(workspace, table, task, recipe.data, split, recipe.seed, say.line, steering_bytes(clock))
    task.facts = task.learn(parts.train)
    say.line(
        f"{len(parts.train)} rows to train, {len(parts.validation)} to validate, {len(parts.test)} frozen to judge."
    )
    recipe, model = choose_model(recipe, parts.train, kind.reads, say)
    recipe = choose_training(recipe, asked, len(parts.train), kind.reads, model)
    remember(folder, recipe)
    office = Office(workspace, parts, folder, model, workspace.versions.aliases().get(LIVE), hurry=clock is not None)
    drafts = partial(_draft, office, recipe) if clock else None  # who can wait for the end needs no versions before
    anytime = Anytime(drafts, len(parts.validation), started, clock.seconds if clock else None, say)
    if kept:
        anytime.go_on(kept)
        kept.save(folder)
    for floor in lay_floors(task, parts, folder / "floors", recipe.seed, say):
        anytime.offer(floor, floor.name, time.perf_counter() - floor.made.seconds)
    if clock is None or clock.left > LEAST_FOR_TORCH:
        recipe = _learnt(office, recipe, task, anytime, clock, kept, settled_training(asked), say)
    remember(folder, recipe)
    chosen, why = preferred(
        anytime.candidates,
        parts.groups(parts.validation),
        cut=bool(clock and recipe.training.steps),
        few=parts.few,
    )
    search = anytime.record(task.best_by, why)
    return conclude(Ending(office, recipe, started, search, chosen, clock), anytime.candidates, say)


def _draft(office: Office, recipe: Recipe[Any], candidate: Candidate) -> Version:
    return office.draft(candidate, draft_papers(candidate, recipe, office.sets, office.model))


def _learnt(
    office: Office,
    recipe: Recipe[Any],
    task: Any,
    anytime: Anytime,
    clock: Clock | None,
    kept: Kept | None,
    fixed: Collection[str],
    say: Say,
) -> Recipe[Any]:
    """Before and after; gives the recipe with all that was measured and chosen on the way."""
    from ..models.backbone import load_processor
    from .learn import Learner
    from .spend import Spending

    assert office.model is not None
    task.processor = load_processor(office.model, max_tokens=recipe.model.max_tokens)
    recipe = settle_precision(recipe, task, office.model, office.sets.train)
    learner = Learner(task, office.sets, office.model, recipe.seed, say, office.workspace.cache / "states")
    spending = Spending(learner, anytime, clock, kept or Kept(0.0), office.run, say, fixed)
    return recipe.model_copy(update={"training": spending.spend(recipe.training)})


def _asked(
    recipe: Recipe[Any] | str | Path | None, data: str | Path | None, flags: Mapping[str, Any], sets: Sequence[str]
) -> Asked:
    """Flags over the recipe; `--set` comes over both when the recipe is built."""
    settings = recipe.model_dump(mode="json") if isinstance(recipe, Recipe) else read(recipe) if recipe else {}
    section = {name: str(flags[name]) for name in DATA_FLAGS if name in flags}
    over: dict[str, Any] = {"data": section | ({"path": str(data)} if data else {})}
    over |= {name: flags[name] for name in ("task", "seed") if name in flags}
    over |= {"model": {"name": str(flags["model"])}} if "model" in flags else {}
    return Asked(merged(settings, over), {role: flags[role] for role in ROLES if role in flags}, sets)


def _data_path(asked: Asked) -> str:
    path = (asked.settings.get("data") or {}).get("path")
    if not path:
        raise RecipeError("no data were named.", mend="`tunewheel tune FILE`, or `data: {path: FILE}` in the recipe.")
    return str(path)
