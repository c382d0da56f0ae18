"""The search of a run with two trainings side by side: what comes of both counts, and neither is needed."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from listening import Listening
from small_texts import intents, write_csv

from tunewheel.evaluation.search import Tried
from tunewheel.records import Batch, Scores, Step
from tunewheel.training.options import TrainingOptions
from tunewheel.workflows.run import Run
from tunewheel.workflows.tune import tune
from tunewheel.workflows.tuning import budget, companion, kept, searching, spend, watching
from tunewheel.workflows.tuning.budget import Cost
from tunewheel.workflows.tuning.kept import Training
from tunewheel.workflows.tuning.trainings import Came

SETTINGS = ("training.precision=fp32", "training.epochs=2", "training.batch_units=512", "training.lanes=1")
TWO = "two trainings run side by side"


@pytest.fixture(autouse=True)
def worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two are always worth it, and there is memory for both."""
    monkeypatch.setattr(budget, "COMPANION_SECONDS", 0.0)
    monkeypatch.setattr(searching, "WORTH_TWO", 100.0)
    monkeypatch.setattr(searching.torch, "get_num_threads", lambda: 2)


@pytest.fixture
def run(tmp_path: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Run]:
    """A run in which time for training falls whenever somebody looks at the clock."""

    def make(say: Listening, step: float = 250.0) -> Run:
        looks = itertools.count()
        monkeypatch.setattr(budget.Clock, "for_training", lambda self, answering: 10_000.0 - step * next(looks))
        data = write_csv(tmp_path / "rows.csv", intents(120))
        return tune(
            data, workspace=tmp_path / "team", model=str(tiny_folder), budget="2m", sets=SETTINGS, say=say, seed=1
        )  # fmt: skip

    return make


def searched(run: Run) -> list[Tried]:
    assert run.report.search is not None
    return [one for one in run.report.search.tried if one.idea in (searching.SEARCH, searching.SEED)]


def side_by_side(tried: list[Tried]) -> bool:
    return any(
        one.began < other.began < one.began + one.seconds for one, other in itertools.permutations(tried, 2)
    )  # fmt: skip


def test_two_trainings_at_a_time_are_tried_and_told_as_any_other(run: Callable[..., Run], tmp_path: Path) -> None:
    heard = Listening()
    done = run(heard)
    tried = searched(done)
    assert TWO in heard.said and side_by_side(tried)
    assert len({str(one.settings) for one in tried}) == len(tried) > 2, "none is tried twice"
    assert all(one.validation is not None and 0 < one.validation <= 1 for one in tried)
    assert not (done.folder.parent.parent / "runs" / "beside").exists() and done.version.status == "ready"


def test_the_memory_of_both_is_told(run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(companion.Outcome, "from_json", lambda told, made=companion.Outcome.from_json: huge(made(told)))
    assert run(Listening()).summary()["peak_memory_mb"] > 1_000_000


def huge(outcome: companion.Outcome) -> companion.Outcome:
    return replace(outcome, peak_mb=1e6)


def test_where_the_other_process_is_lost_the_search_goes_on_alone(
    run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = companion.Companion.begin

    def killed(self: companion.Companion, *order: Any) -> None:
        begin(self, *order)
        self._process.kill()

    monkeypatch.setattr(companion.Companion, "begin", killed)
    heard = Listening()
    done = run(heard)
    assert "The training beside was lost" in heard.said and len(searched(done)) > 1
    assert not side_by_side(searched(done)) and done.version.status == "ready"


def test_after_a_stop_both_trainings_are_gone_on_with(
    run: Callable[..., Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_on = watching.Watching.judged

    def stopped(self: Any, session: Any, step: Any) -> bool:
        if self.suggestion:
            raise KeyboardInterrupt
        return looked_on(self, session, step)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(watching.Watching, "judged", stopped)
        run(Listening())
    (folder,) = (tmp_path / "team" / "runs").iterdir()
    left = kept.load(folder)
    assert left is not None and len(left.under_way) == 2
    assert not (folder / "beside").exists()
    monkeypatch.setattr(spend.Spending, "_search", lambda self, planned: None)
    done = tune(workspace=tmp_path / "team", resume=True, say=Listening())
    settings = [one.settings for one in searched(done)]
    assert all(training.settings in settings for training in left.under_way)


AROUND = TrainingOptions(epochs=5, lanes=2)


def searching_with(
    tmp_path: Path, body: Path, left: float = 500.0, half: float = 14.0, came: list[Came] | None = None
) -> searching.Searching:
    """A search with `left` seconds, whose trainings take ten seconds a pass, or so many on half of the cores; `came` is
    what came of trainings before it."""
    rows = Batch({"ids": np.arange(1_000)})
    learner = SimpleNamespace(
        layers=2, seed=0, body=SimpleNamespace(folder=body), train=rows, validation=rows, held=[],
        task=SimpleNamespace(best_by="accuracy"),
    )  # fmt: skip
    trainings = SimpleNamespace(left=lambda: left, room=lambda: left, folder=tmp_path, best=None, came=came or [])
    spending = SimpleNamespace(
        trainings=trainings, learner=learner, kept=SimpleNamespace(count=1, body=""), fixed=(), say=Listening(),
        price=lambda options, cores=0, at_once=1: Cost(half if options.lanes == 1 else 10.0, 5), measuring=0.0,
    )  # fmt: skip
    return searching.Searching(spending, AROUND)  # type: ignore[arg-type]


def test_two_at_a_time_need_time_memory_cores_and_a_gain(
    tmp_path: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "WORTH_TWO", 0.9)
    assert searching_with(tmp_path, tiny_folder).has_room_for_two
    assert not searching_with(tmp_path, tiny_folder, left=100.0).has_room_for_two, "not even in all cores"
    assert not searching_with(tmp_path, tiny_folder, left=140.0).has_room_for_two, "not on half of them"
    assert not searching_with(tmp_path, tiny_folder, half=19.0).has_room_for_two, "no gain"
    for name, value in (("MOST_HANDED", 0), ("SPARE_MEMORY", 1e9)):
        with monkeypatch.context() as patch:
            patch.setattr(searching, name, value)
            assert not searching_with(tmp_path, tiny_folder).has_room_for_two
    monkeypatch.setattr(searching.torch, "get_num_threads", lambda: 1)
    assert not searching_with(tmp_path, tiny_folder).has_room_for_two


def step(number: int, accuracy: float) -> Step:
    return Step(number, 4, 0, 0.0, 0.0, 0.0, 0, Scores({"accuracy": accuracy}))


def test_the_study_learns_what_trainings_came_to_and_what_an_earlier_start_had_asked_for(
    tmp_path: Path, tiny_folder: Path
) -> None:
    asked = AROUND.model_copy(update={"learning_rate": 5e-5})
    came = [
        Came(Training(1, "Suggested settings", AROUND, 0), 0.8, True, 1.0, [step(1, 0.5), step(4, 0.8)]),
        Came(Training(2, searching.SEARCH, asked, 0), 0.9, True, 1.0, [step(2, 0.7)]),
        Came(Training(3, searching.SEARCH, asked, 0), 0.1, False, 1.0, [step(1, 0.1)]),
        Came(Training(4, "Suggested settings", AROUND, 0, body="another"), 0.2, True, 1.0, []),
    ]
    study = searching_with(tmp_path, tiny_folder, came=came).study
    known = study._study.get_trials()
    assert [(trial.value, trial.intermediate_values) for trial in known] == [(0.8, {1: 0.5, 4: 0.8}), (0.9, {2: 0.7})]
    assert [line["score"] for line in study.tried] == [0.9], "only what a study asked for is written down"


def test_where_memory_is_short_between_trainings_the_search_ends_and_the_run_goes_on(
    tmp_path: Path, tiny_folder: Path
) -> None:
    search = searching_with(tmp_path, tiny_folder)

    def short(*_: object, **__: object) -> Cost:
        raise RuntimeError("DefaultCPUAllocator: not enough memory")

    search.spending.price = short  # type: ignore[method-assign]
    search.run()
    assert search.say.said.count("not enough memory") == searching.MOST_FAILURES  # type: ignore[attr-defined]
