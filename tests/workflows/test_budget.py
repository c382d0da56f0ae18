"""Budgets: how they are written, what they buy, and that a run keeps to them."""

import itertools
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from listening import Listening
from small_texts import intents, write_csv

from tunewheel.errors import RecipeError
from tunewheel.training.floors.frozen import TITLE as FROZEN
from tunewheel.training.options import TrainingOptions
from tunewheel.workflows.run import Run
from tunewheel.workflows.tune import tune
from tunewheel.workflows.tuning import anytime, budget, kept, offering, readings, searching, spend, trainings, watching
from tunewheel.workflows.tuning.budget import Clock, Cost, afford, fitted, seconds_of
from tunewheel.workflows.tuning.learn import Learner
from tunewheel.workflows.tuning.preference import preferred
from tunewheel.workspace import Workspace

OPTIONS = TrainingOptions(epochs=4)
FULL, HALF = Cost(epoch=100.0, steps=50), Cost(epoch=20.0, steps=50)


def bought(left: float, options: TrainingOptions = OPTIONS, layers: int = 6) -> tuple[TrainingOptions, str]:
    options_bought, told = tried_to_buy(left, options, layers)
    assert options_bought is not None
    return options_bought, told


def tried_to_buy(
    left: float, options: TrainingOptions = OPTIONS, layers: int = 6
) -> tuple[TrainingOptions | None, str]:
    return afford(options, layers, lambda: left, lambda way: HALF if way.mode == "partial" else FULL)


@pytest.fixture(autouse=True)
def one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """No training runs beside another."""
    monkeypatch.setattr(searching, "MOST_HANDED", 0)


@pytest.mark.parametrize(
    ("written", "seconds"), [("90s", 90), ("2m", 120), ("1.5h", 5400), (" 45 ", 45), ("quick", 60), ("thorough", 3600)]
)
def test_budgets_are_read_as_people_write_them(written: str, seconds: float) -> None:
    assert seconds_of(written) == seconds


@pytest.mark.parametrize("written", ["", "soon", "2d", "-3m", "1s", "1000h", "2m30s"])
def test_what_is_no_budget_is_told_with_an_example(written: str) -> None:
    with pytest.raises(RecipeError, match="For example 90s, 2m or 1h"):
        seconds_of(written)


def test_enough_time_buys_all_passes() -> None:
    assert bought(402)[0] == OPTIONS


def test_less_time_buys_fewer_steps_and_a_few_to_spare_that_the_clock_may_cut() -> None:
    options, told = bought(251.6)
    assert (options.mode, options.epochs, options.steps) == ("full", 3, math.ceil(budget.SPARE * 125))
    assert "all layers move for 2.5 passes of about 100.0 s each" in told


def test_where_one_pass_of_all_layers_does_not_fit_the_upper_half_moves() -> None:
    options, told = bought(90)
    assert (options.mode, options.layers, options.epochs, options.steps) == ("partial", 3, 4, None)
    assert "the upper 3 layers move" in told


def test_a_body_of_one_layer_and_a_mode_that_was_asked_for_are_not_made_lighter() -> None:
    assert bought(90, layers=1)[0].mode == "full"
    options, told = bought(50, OPTIONS.model_copy(update={"mode": "head"}))
    assert options.mode == "head" and "the head moves" in told


@pytest.mark.parametrize("left", [0.0, -50.0])
def test_with_no_time_left_nothing_is_started_and_it_is_said(left: float) -> None:
    options, told = tried_to_buy(left)
    assert options is None and "the body stays as it is" in told


def test_few_steps_that_were_asked_for_are_taken_as_they_are() -> None:
    few = OPTIONS.model_copy(update={"steps": 5})
    options, told = bought(30.0, few)
    assert options == few and "all layers move for 0.1 passes" in told
    assert fitted(few, FULL, 12.0) == few and fitted(few, FULL, 11.0) is None


@pytest.mark.parametrize("left", [76.0, 88.0])
def test_where_there_is_no_time_for_the_steps_that_were_asked_for_there_are_fewer(left: float) -> None:
    asked = OPTIONS.model_copy(update={"mode": "head", "steps": 45})
    options, _ = bought(left, asked)
    assert options.steps is not None and 35 < options.steps < 45


def test_of_less_than_a_pass_only_the_rows_that_are_read_have_states() -> None:
    light = Cost(epoch=20.0, steps=50, once=100.0)
    few = OPTIONS.model_copy(update={"mode": "partial", "steps": 10})
    assert light.of(0.2) == pytest.approx(24.0) and light.of(2) == pytest.approx(140.0)
    assert light.bought(24.0) == pytest.approx(0.2) and light.bought(140.0) == pytest.approx(2)
    assert fitted(few, light, 26.0) == few


@pytest.mark.parametrize(("left", "epochs"), [(1000, 4), (301.6, 3), (201.6, 2), (150, None), (-5, None)])
def test_a_training_of_a_search_may_lose_half_of_its_epochs_to_the_clock(left: float, epochs: int | None) -> None:
    options = fitted(OPTIONS, FULL, left)
    assert (options and options.epochs) == epochs


def test_time_for_the_test_rows_and_the_papers_is_kept_back() -> None:
    clock = Clock(100.0, time.perf_counter())
    assert 95 - 4 - 11.5 - 1 < clock.for_training(10.0) <= 95 - 4 - 11.5


@pytest.fixture
def run(tmp_path: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Run]:
    """A run in which time for training falls by `step` seconds whenever somebody looks at the clock."""

    def make(left: float, step: float, *sets: str, **flags: Any) -> Run:
        looks = itertools.count()
        monkeypatch.setattr(budget.Clock, "for_training", lambda self, answering: left - step * next(looks))
        data = write_csv(tmp_path / "rows.csv", intents(120))
        sets = ("training.precision=fp32", *sets)
        return tune(data, workspace=tmp_path / "workspace", model=str(tiny_folder), budget="2m", sets=sets, **flags)

    return make


def ideas(run: Run) -> list[str]:
    assert run.report.search is not None
    return [one.idea for one in run.report.search.tried]


def test_time_to_spare_goes_into_other_seeds_averages_and_other_settings(run: Callable[..., Run]) -> None:
    done = run(10_000.0, 250.0, "training.epochs=1", "training.batch_units=100000")  # a pass of a single step
    spent = ideas(done)
    assert spent[-1] == trainings.REFIT, "few rows are learnt from to the last one"
    assert spent.index(spend.DEFAULT) < spent.index(searching.SEED) < spent.index(searching.SEARCH)
    assert offering.PART_WAY in spent
    searched = [one.settings for one in done.report.search.tried if one.idea == searching.SEARCH]
    assert all("learning_rate" in settings for settings in searched)
    assert not any("batch_units" in settings for settings in searched), "what was asked for is not searched"
    assert done.version.status == "ready" and "\nbudget" not in done.report.background.recipe


def test_trainings_from_one_beginning_are_averaged_where_validation_rows_are_apart(
    run: Callable[..., Run], tmp_path: Path
) -> None:
    held = write_csv(tmp_path / "held.csv", intents(40, seed=1))
    done = run(10_000.0, 500.0, "training.epochs=1", "training.learning_rate=1e-5", validation=str(held))
    assert offering.AVERAGE in ideas(done) and trainings.REFIT not in ideas(done)


def test_what_was_the_best_on_the_way_was_registered_at_once_and_stays(run: Callable[..., Run]) -> None:
    done = run(10_000.0, 1000.0, "training.epochs=1")
    with Workspace.open(done.folder.parent.parent) as workspace:
        versions = {version.id: version for version in workspace.versions.list()}
        drafts = [version for version in versions.values() if version.status == "draft"]
        assert versions["v0001"] in drafts and "validation rows" in drafts[0].notes
        assert workspace.versions.get("live").id == done.version.id


def test_a_run_that_was_stopped_goes_on_with_what_is_left_of_its_budget(
    run: Callable[..., Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(searching.Searching, "run", stopped)
        run(10_000.0, 300.0, "training.epochs=1")
    with Workspace.open(tmp_path / "workspace") as workspace:
        assert [version.status for version in workspace.versions.list()] == ["draft"] * len(workspace.versions.list())
    heard = Listening()
    done = tune(workspace=tmp_path / "workspace", resume=True, say=heard)
    spent = ideas(done)
    assert spent.count(spend.DEFAULT) == 1 and spent.count("TF-IDF + logistic regression") == 1
    assert searching.SEARCH in spent or searching.SEED in spent, "the rest of the budget was used"
    assert done.version.status == "ready"


@pytest.mark.parametrize("limits", [{"budget": "2m"}, {}], ids=["with a budget", "without one"])
def test_what_nobody_settled_is_settled_by_nobody_after_a_stop_too(
    limits: dict[str, str], tmp_path: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fixed: list[list[str]] = []
    read = spend.Spending.read_as_it_is

    def seen(self: spend.Spending, options: TrainingOptions) -> None:
        fixed.append(list(self.fixed))
        if len(fixed) == 1:
            raise KeyboardInterrupt
        read(self, options)

    monkeypatch.setattr(spend.Spending, "read_as_it_is", seen)
    monkeypatch.setattr(spend.Spending, "_search", lambda self, planned: None)
    data, workspace = write_csv(tmp_path / "rows.csv", intents(120)), tmp_path / "workspace"
    with pytest.raises(KeyboardInterrupt):
        tune(data, workspace=workspace, model=str(tiny_folder), sets=["training.epochs=1"], **limits)
    tune(workspace=workspace, resume=True)
    assert fixed == [["epochs"], ["epochs"]]


def test_the_time_that_went_by_before_the_first_floor_counts_after_a_kill(
    run: Callable[..., Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tunewheel.workflows.tune.lay_floors", killed)
    with pytest.raises(KeyboardInterrupt):
        run(10_000.0, 300.0)
    (folder,) = (tmp_path / "workspace" / "runs").iterdir()
    left = kept.load(folder)
    assert left is not None and left.spent > 0


def test_a_run_that_is_stopped_while_it_concludes_knows_that_its_training_was_cut(
    run: Callable[..., Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cuts: list[bool] = []

    def judged(*found: Any, cut: bool, **more: Any) -> Any:
        cuts.append(cut)
        return preferred(*found, cut=cut, **more)

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tunewheel.workflows.tune.preferred", judged)
    monkeypatch.setattr(spend, "afford", lambda options, *_: (options.model_copy(update={"steps": 3}), "cut"))
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("tunewheel.workflows.tune.conclude", killed)
        run(10_000.0, 800.0)
    done = tune(workspace=tmp_path / "workspace", resume=True)
    assert cuts == [True, True] and not {searching.SEARCH, searching.SEED} & set(ideas(done))


def test_a_training_of_so_many_steps_is_followed_by_a_search_like_any_other(run: Callable[..., Run]) -> None:
    done = run(10_000.0, 800.0, "training.steps=3")
    assert {searching.SEARCH, searching.SEED} & set(ideas(done)) and "steps: 3" in done.report.background.recipe
    assert "cut short" not in done.report.search.why  # type: ignore[union-attr]


def test_the_recipe_of_a_winner_names_its_seed_where_that_is_another_than_the_run_s(
    run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    seeds: list[int] = []
    offer = offering.Offering.offer

    def another_seed_wins(self: Any, training: Any, began: float, trial: Any, *more: Any) -> float:
        if training.idea == searching.SEED:
            seeds.append(training.seed)
            self.best = offering.Best(training, trial, self.learner.tuned(trial))
            return float(self.best.candidate.score)
        return 0.0 if seeds else offer(self, training, began, trial, *more)

    monkeypatch.setattr(offering.Offering, "offer", another_seed_wins)
    done = run(10_000.0, 800.0, "training.seeds=2", "training.steps=3")
    recipe = yaml.safe_load(done.report.background.recipe)
    assert recipe["training"]["seed"] == seeds[-1] != recipe["seed"] and recipe["training"]["seeds"] == 1


def test_a_training_has_the_seed_of_its_recipe(
    tmp_path: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seeds: list[int] = []
    trial = Learner.trial
    monkeypatch.setattr(
        Learner, "trial", lambda self, options, seed, *more: (seeds.append(seed), trial(self, options, seed, *more))[1]
    )
    data = write_csv(tmp_path / "rows.csv", intents(120))
    sets = ("training.seed=5", "training.seeds=2", "training.steps=2", "training.precision=fp32")
    tune(data, workspace=tmp_path / "w", model=str(tiny_folder), sets=sets)
    assert seeds == [5, 6]


def test_a_training_that_was_stopped_goes_on_from_its_last_checkpoint(
    run: Callable[..., Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_on = watching.Watching.judged

    def stopped(self: Any, session: Any, step: Any) -> bool:
        if step.epoch == 1:
            raise KeyboardInterrupt
        return looked_on(self, session, step)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(watching.Watching, "judged", stopped)
        run(10_000.0, 400.0, "training.epochs=3")
    heard = Listening()
    done = tune(workspace=tmp_path / "workspace", resume=True, say=heard)
    assert "Going on from step" in heard.said and ideas(done).count(spend.DEFAULT) == 1


def test_the_best_is_not_trained_a_second_time_after_a_stop_where_no_version_holds_it(
    run: Callable[..., Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: Any) -> None:
        raise KeyboardInterrupt

    trained: list[int] = []
    trial = Learner.trial
    monkeypatch.setattr(
        Learner,
        "trial",
        lambda self, options, seed, *more: (trained.append(seed), trial(self, options, seed, *more))[1],
    )
    monkeypatch.setattr(anytime.Anytime, "draft_of", lambda *_: None)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(searching.Searching, "run", stopped)
        run(10_000.0, 300.0, "training.epochs=1")
    (folder,) = (tmp_path / "workspace" / "runs").iterdir()
    left = kept.load(folder)
    assert left is not None and (folder / "checkpoints" / left.weights).is_file() and len(trained) == 1
    monkeypatch.setattr(spend.Spending, "_search", lambda self, planned: None)
    done = tune(workspace=tmp_path / "workspace", resume=True)
    assert len(trained) == 1 and done.version.status == "ready" and trainings.REFIT in ideas(done)
    assert not (folder / "checkpoints").exists()


@pytest.mark.parametrize(("asked", "may_move_less"), [("training.mode=full", False), ("training.epochs=1", True)])
def test_what_moves_is_not_changed_where_it_was_asked_for(
    run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch, asked: str, may_move_less: bool
) -> None:
    layers: list[int] = []
    monkeypatch.setattr(spend, "afford", lambda _, known, *__: (layers.append(known), (None, "too little"))[1])
    run(10_000.0, 300.0, asked)
    assert (layers[0] > 1) is may_move_less


def test_on_few_rows_the_weights_between_are_kept_unless_all_the_way_is_proved_better(run: Callable[..., Run]) -> None:
    sets = ("training.epochs=1", "training.learning_rate=1e-9", "training.head_learning_rate=1e-9")  # nothing moves
    done = run(10_000.0, 400.0, *sets)
    tried = done.report.search.tried  # type: ignore[union-attr]
    part = next(one for one in tried if one.idea == offering.PART_WAY)
    assert part.settings["share"] == offering.SHARES[0]


def test_a_recipe_in_which_everything_is_settled_is_trained_with_other_seeds_only(run: Callable[..., Run]) -> None:
    first = run(10_000.0, 3000.0, "training.epochs=1")
    recipe = first.folder / "recipe.yaml"
    recipe.write_text(first.report.background.recipe)
    done = run(10_000.0, 800.0, recipe=recipe)
    assert searching.SEARCH not in ideas(done) and spend.DEFAULT in ideas(done)


def test_when_there_is_no_time_to_train_the_best_plain_model_goes_live(run: Callable[..., Run]) -> None:
    done = run(-1.0, 0.0)
    assert spend.DEFAULT not in ideas(done)
    assert done.report.judgement.main != "Fine-tuned" and "there was time for" in done.report.search.why
    with Workspace.open(done.folder.parent.parent) as workspace:
        assert workspace.versions.get("live").id == done.version.id


def test_where_the_rest_would_not_move_the_body_far_the_frozen_encoder_gets_the_time(
    run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spend, "QUICK_UNITS", 0)
    monkeypatch.setattr(readings, "STEP_OVER_READING", 1e9)
    done = run(30.0, 0.0)
    assert spend.DEFAULT not in ideas(done) and FROZEN in ideas(done)
    assert done.report.judgement.main != "Fine-tuned"


def test_a_budget_of_seconds_ends_before_a_body_is_loaded(tmp_path: Path, tiny_folder: Path) -> None:
    data = write_csv(tmp_path / "rows.csv", intents(120))
    done = tune(data, workspace=tmp_path / "workspace", model=str(tiny_folder), budget="6s")
    assert done.version.kind == "floor" and len(ideas(done)) == 2


def test_floors_learn_from_something_even_when_the_time_is_over() -> None:
    over = Clock(60.0, time.perf_counter() - 100)
    assert budget.floors_bytes(over) == budget.LEAST_FOR_FLOORS
    assert budget.floors_bytes(None) is None
    assert budget.floors_bytes(Clock(600.0, time.perf_counter())) > budget.LEAST_FOR_FLOORS
