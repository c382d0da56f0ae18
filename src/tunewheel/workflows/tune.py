"""tune: from a labelled file to a proved, registered version."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import tasks
from ..errors import RecipeError
from ..models.cache import obtain
from ..recipe import Recipe
from ..registry import LIVE, Version
from ..registry.revive import task_of
from ..task import Task
from ..training.options import TrainingOptions
from ..workspace import Workspace
from .choose import (
    Asked,
    asked_for,
    choose_model,
    choose_training,
    draft_recipe,
    other_models,
    settled_training,
    told_with_settings,
    with_precision,
)
from .promotion import Gate, promote_if_proved
from .rows.gather import open_table
from .rows.lessons import Lessons
from .rows.sets import Sets, divided_anew, make_sets
from .run import Run
from .say import Say, Silent
from .tidy import tidy
from .tuning.anytime import Anytime
from .tuning.body import Body
from .tuning.budget import LEAST_FOR_TORCH, OTHER_BODIES, Clock, floors_bytes, seconds_of, steering_bytes
from .tuning.conclude import Ending, conclude
from .tuning.contend import Candidate
from .tuning.divisions import means
from .tuning.enlist import Office
from .tuning.forecast import kept as planned_before
from .tuning.forecast import mark
from .tuning.kept import Kept
from .tuning.kept import load as kept_of
from .tuning.lay_floors import lay_floors
from .tuning.papers import draft_papers
from .tuning.preference import preferred
from .tuning.underway import RECIPE, remember, run_folder, settled_in

if TYPE_CHECKING:
    from .tuning.trainings import Trainings


def tune(
    data: str | Path | None = None,
    *,
    recipe: Recipe[Any] | Mapping[str, Any] | str | Path | None = None,
    sets: Sequence[str] = (),
    workspace: str | Path | Workspace = "tunewheel-workspace",
    resume: bool | str = False,
    say: Say | None = None,
    model: str | None = None,
    seed: int | None = None,
    budget: str | None = None,
    lessons: Lessons | None = None,
    gate: Gate = promote_if_proved,
    **flags: Any,
) -> Run:
    """Fine-tune a model on a labelled file, prove it on a frozen test set, and register it.

    `flags` name columns by role (`text=`, `label=`, ...), the task (`task=`) and files or columns of the data
    section (`test=`, `validation=`, `split=`, `group=`, `time=`, `format=`, `encoding=`, `sheet=`). What is left open
    is chosen and said. `budget` ("2m", "quick") is how long the run may take in all. `lessons` are rows that people
    taught, to be learnt beside the file; `gate` decides whether the version goes live. `resume` goes on with the newest
    interrupted run, or the one of this name, as it was asked for, and takes none of these but the gate.
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
                lessons=lessons,
                gate=gate,
                **flags,
            )
    started = time.perf_counter()
    clock = Clock(seconds_of(budget), started) if budget else None
    flags = {name: value for name, value in {**flags, "model": model, "seed": seed}.items() if value is not None}
    if resume:
        _refuse_changes(data, recipe, sets, {**flags, **({"budget": budget} if budget else {})})
    if not resume:
        tidy(workspace, say=say)
    with run_folder(workspace, resume) as folder:
        asked = asked_for(folder / RECIPE if resume else recipe, data, flags, sets)
        lessons = Lessons.load(folder) if resume else lessons or Lessons(said=workspace.journal.last())
        if lessons != Lessons():
            lessons.save(folder)
        kept = kept_of(folder) if resume else Kept(clock.seconds) if clock else None
        if kept is not None and not resume:
            kept.save(folder)  # before anything says that there is a run: without it there would be no budget
        if kept is not None:  # what an earlier start has spent counts
            clock = Clock(kept.budget, started - kept.spent)
        began = clock.started if clock else started
        settled = settled_in(folder) if resume else None
        settled = sorted(settled_training(asked)) if settled is None else settled
        return _tuned(_Begun(workspace, folder, asked, say, began, clock, kept, lessons, gate, settled, bool(resume)))


@dataclass(frozen=True)
class _Begun:
    """A run under way: where, what was asked for, who listens, when it began, what a budget leaves it, and the training
    settings that the user `settled`."""

    workspace: Workspace
    folder: Path
    asked: Asked
    say: Say
    started: float
    clock: Clock | None
    kept: Kept | None
    lessons: Lessons
    gate: Gate
    settled: list[str]
    resumed: bool


def _refuse_changes(data: Any, recipe: Any, sets: Sequence[str], flags: Mapping[str, Any]) -> None:
    """An interrupted run that is gone on with on other rows or settings would be neither the old run nor a new one."""
    given = {"DATA": data, "--recipe": recipe, "--set": sets or None, **{f"--{name}": flags[name] for name in flags}}
    names = [name for name, value in given.items() if value is not None]
    if names:
        raise RecipeError(
            f"--resume goes on with the interrupted run as it was asked for; it takes no {', '.join(names)}.",
            mend="Give --resume alone, or leave it out to start a new run.",
        )


def _tuned(begun: _Begun) -> Run:
    """The story itself."""
    say, clock = begun.say, begun.clock
    with told_with_settings(begun.asked):
        table = open_table(_data_path(begun.asked), begun.asked.settings.get("data"), begun.workspace.cache / "rows")
        recipe, split = draft_recipe(table, begun.asked, say)
    kind = tasks.find(recipe.task)
    task = kind(recipe.options)
    most = steering_bytes(clock)
    sets = make_sets(
        begun.workspace, table, task, recipe.data, split, recipe.seed, say.line, most, begun.lessons
    )  # fmt: skip
    task.facts = task.learn(sets.train)
    say.line(f"{len(sets.train)} rows to train, {len(sets.validation)} to validate, {len(sets.test)} frozen to judge.")
    asked_model = recipe.model
    recipe, model = choose_model(recipe, sets.train, kind.reads, say)
    if begun.kept and not begun.resumed and begun.kept.budget >= OTHER_BODIES:
        begun.kept.others = other_models(asked_model, recipe.model.name, sets.train, kind.reads, say)
    recipe = choose_training(recipe, begun.asked, len(sets.train), kind.reads, model)
    remember(begun.folder, recipe, begun.settled)
    name = mark(recipe, sets.fingerprints, clock.seconds if clock else None)
    planned = None if begun.resumed else planned_before(begun.workspace.cache, name)
    parent = begun.workspace.versions.aliases().get(LIVE)
    office = Office(begun.workspace, sets, begun.folder, parent, hurry=clock is not None)
    anytime, recipe = _found(begun, office, task, recipe, model)
    remember(begun.folder, recipe, begun.settled)
    cut = bool(begun.kept and begun.kept.cut)
    found = means(begun.kept.repeats, begun.kept.best.number) if begun.kept and begun.kept.best else None
    chosen, why = preferred(anytime.candidates, sets.groups(sets.validation), cut=cut, few=sets.few, found=found)
    search = anytime.record(task.best_by, why)
    beside_mb, took = (begun.kept.beside_mb, begun.kept.pass_seconds) if begun.kept else (0.0, 0.0)
    ending = Ending(office, recipe, begun.started, search, chosen, begun.gate, clock, planned, beside_mb, took)
    return conclude(ending, anytime.candidates, say)


def _found(
    begun: _Begun, office: Office, task: Task, recipe: Recipe[Any], model: Path
) -> tuple[Anytime, Recipe[Any]]:  # fmt: skip
    """Everything that was trained, floors first, and the recipe with all that was measured and chosen on the way."""
    clock, kept, rows = begun.clock, begun.kept, len(office.sets.validation)
    drafts = partial(_draft, office, recipe) if clock else None  # who can wait for the end needs no versions before
    anytime = Anytime(drafts, rows, begun.started, clock.seconds if clock else None, begun.say)
    if kept and clock:
        anytime.go_on(kept)
        kept.spent = time.perf_counter() - clock.started
        kept.save(begun.folder)
    if clock and office.sets.few:  # then the floors take no longer than loading what comes next
        threading.Thread(target=import_module, args=("tunewheel.workflows.tuning.learn",), daemon=True).start()
    most = floors_bytes(clock)
    floors = lay_floors(
        task, office.sets, begun.folder / "floors", recipe.seed, begun.say, most, soon=clock is not None
    )
    for floor in floors:
        anytime.offer(floor, floor.name, time.perf_counter() - floor.made.seconds)
    if clock is None or clock.left > LEAST_FOR_TORCH or (kept and kept.best):
        if kept and kept.body:  # an earlier start went on with another body
            recipe, model = _with_body(recipe, kept.body), obtain(kept.body, tell=begun.say.line)
        body = Body.of(recipe.model.name, model, task, recipe.model.max_tokens)
        recipe = _learnt(begun, office, body, recipe, anytime)
    return anytime, recipe


def _draft(office: Office, recipe: Recipe[Any], candidate: Candidate) -> Version:
    """A draft, with the recipe of its own training and body."""
    options = candidate.made.options or recipe.training
    own = recipe.model_copy(update={"training": options})
    if candidate.made.body:
        own = _with_body(own, candidate.made.body.name)
    return office.draft(candidate, draft_papers(candidate, own, office.sets))


def _learnt(begun: _Begun, office: Office, body: Body, recipe: Recipe[Any], anytime: Anytime) -> Recipe[Any]:
    """Before and after; gives the recipe with the training that it came down to."""
    from .tuning.learn import Learner
    from .tuning.other_bodies import OtherBodies, suited
    from .tuning.spend import Spending
    from .tuning.trainings import Trainings

    kept = begun.kept or Kept(0.0)
    if kept.body:
        training = suited(body, recipe.training, office.sets.train, begun.settled)
        recipe = recipe.model_copy(update={"training": training})
    training = with_precision(recipe.training, body.task, body.folder, office.sets.train)
    recipe = recipe.model_copy(update={"training": training})
    anytime.lead(body.name)
    cache = office.workspace.cache / "states"
    learner = Learner(body, office.sets, recipe.seed, begun.say, cache)

    def settled(options: TrainingOptions) -> None:
        remember(begun.folder, recipe.model_copy(update={"training": options}), begun.settled)

    trainings = Trainings(learner, anytime, begun.clock, kept, begun.folder)
    follow = _following(begun, office, recipe, trainings)
    others = OtherBodies(kept, recipe.model.max_tokens, begun.say)

    def divide(number: int) -> Sets | None:
        return divided_anew(office.sets, recipe.data, recipe.seed + number)

    spending = Spending(trainings, begun.say, begun.settled, settled, follow, others, divide)
    training = spending.spend(recipe.training, office.restore)
    return _with_body(recipe, spending.learner.body.name).model_copy(update={"training": training})


def _with_body(recipe: Recipe[Any], name: str) -> Recipe[Any]:
    """The recipe that repeats what was done with this body, and tries no other."""
    return recipe.model_copy(update={"model": recipe.model.model_copy(update={"name": name, "others": None})})


def _following(
    begun: _Begun, office: Office, recipe: Recipe[Any], trainings: Trainings
) -> Callable[[TrainingOptions], None] | None:  # fmt: skip
    """In a turn, how to go on from the live version; None where it cannot be followed."""
    from .tuning.follow import Following, followed

    if not begun.lessons.turn or office.parent is None:
        return None
    live = office.workspace.bundle(office.parent)
    if not followed(live, office.sets, recipe.seed):
        return None
    return Following(trainings, office.restore(office.parent), task_of(live).facts["labels"]).follow


def _data_path(asked: Asked) -> str:
    path = (asked.settings.get("data") or {}).get("path")
    if not path:
        raise RecipeError("no data were named.", mend="`tunewheel tune FILE`, or `data: {path: FILE}` in the recipe.")
    return str(path)
