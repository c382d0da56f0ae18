"""What was chosen on few rows is judged on other divisions of them, within the time that was kept back for it."""

import itertools
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from listening import Listening
from small_texts import intents, write_csv

from tunewheel.records import Ratio, Scores
from tunewheel.workflows.run import Run
from tunewheel.workflows.tune import tune
from tunewheel.workflows.tuning import budget, repeats, searching
from tunewheel.workflows.tuning.divisions import Repeat
from tunewheel.workflows.tuning.kept import Kept, Training, load
from tunewheel.workflows.tuning.offering import Best
from tunewheel.workflows.tuning.readings import Readings
from tunewheel.workflows.tuning.repeats import ANEW, Repeating
from tunewheel.workflows.tuning.searching import SEED, Searching

SETTINGS = ("training.precision=fp32", "training.epochs=2", "training.batch_units=512", "training.lanes=1")


@pytest.fixture
def run(tmp_path: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Run]:
    """A run that searches nothing, in which time for training falls whenever somebody looks at the clock."""
    looks = itertools.count()
    monkeypatch.setattr(budget.Clock, "for_training", lambda self, answering: 10_000.0 - 400 * next(looks))
    monkeypatch.setattr(Searching, "run", lambda self: None)
    data = write_csv(tmp_path / "rows.csv", intents(120))

    def make(say: Listening, *, resume: bool = False, flags: tuple[str, ...] = ()) -> Run:
        team = tmp_path / "team"
        if resume:
            return tune(workspace=team, resume=True, say=say)
        sets = (*SETTINGS, *flags)
        return tune(data, workspace=team, model=str(tiny_folder), budget="2m", sets=sets, say=say, seed=1)

    return make


def folder_of(team: Path) -> Path:
    (folder,) = (team / "runs").iterdir()
    return folder


def divisions(run: Run) -> list[dict[str, Any]]:
    assert run.report.search is not None
    return [dict(one.settings) for one in run.report.search.tried if one.idea == ANEW]


@pytest.mark.parametrize("flags", [(), ("training.keep=best",)], ids=["as suggested", "who keeps the best weights"])
def test_a_run_on_few_rows_is_decided_by_other_divisions_and_says_so(
    run: Callable[..., Run], tmp_path: Path, flags: tuple[str, ...]
) -> None:
    done = run(Listening(), flags=flags)
    found = divisions(done)
    assert [one["division"] for one in found] == list(range(1, len(found) + 1)) and len(found) > 2
    assert all(0 <= score <= 1 for one in found for name, score in one.items() if name != "division")
    assert done.report.search is not None and f"on {len(found)} other divisions of the rows" in done.report.search.why
    kept = load(folder_of(tmp_path / "team"))
    assert kept is not None and len(kept.repeats) == len(found)
    assert not (folder_of(tmp_path / "team") / "checkpoints" / "anew").exists()


def test_rows_that_time_divides_are_searched_as_before(
    tmp_path: Path, tiny_folder: Path, run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{**row, "day": f"2026-01-{1 + number % 28:02d}"} for number, row in enumerate(intents(120))]
    searched: list[float] = []
    monkeypatch.setattr(Searching, "run", lambda self: searched.append(self.trainings.reserved))
    done = tune(
        write_csv(tmp_path / "dated.csv", rows), workspace=tmp_path / "dated", model=str(tiny_folder), budget="2m",
        sets=SETTINGS, say=Listening(), time="day",
    )  # fmt: skip
    assert searched == [0.0] and not divisions(done)


def another(self: Searching) -> None:
    """A search that ends with other settings as the best."""
    options = self.options.model_copy(update={"epochs": 1})
    training = self.spending.numbered(SEED, options)
    trial = self.learner.trial(options, training.seed, self.trainings.folder / "checkpoints" / "another")
    self.trainings.go_back_to(Best(training, trial, self.learner.tuned(trial)))


@pytest.mark.parametrize(("means", "epochs"), [((0.9, 0.5), 2), ((0.5, 0.9), 1)])
def test_the_run_ends_with_the_settings_that_are_better_on_other_divisions(
    run: Callable[..., Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, means: tuple[float, float], epochs: int
) -> None:
    monkeypatch.setattr(Searching, "run", another)
    monkeypatch.setattr(repeats, "mean_of", lambda repeats, number: means[0] if number == 1 else means[1])
    done = run(Listening())
    kept = load(folder_of(tmp_path / "team"))
    assert kept is not None and kept.best is not None and kept.best.options.epochs == epochs
    assert f"epochs: {epochs}" in done.report.background.recipe
    assert len(divisions(done)[0]) == 4, "both were judged on each"


def test_a_run_that_was_stopped_while_it_judged_goes_on_where_it_was(
    run: Callable[..., Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged = Repeating._judged

    def stopped(self: Repeating, division: int, *more: Any) -> Repeat | None:
        if division == 2:
            raise KeyboardInterrupt
        return judged(self, division, *more)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Searching, "run", another)
        patch.setattr(Repeating, "_judged", stopped)
        run(Listening())
    monkeypatch.setattr(repeats, "mean_of", lambda repeats, number: 0.9 if number == 1 else 0.5)
    monkeypatch.setattr(Searching, "run", lambda self: pytest.fail("it had searched already"))
    done = run(Listening(), resume=True)
    found = [one["division"] for one in divisions(done)]
    assert found == list(range(1, len(found) + 1)) and len(found) > 2
    kept = load(folder_of(tmp_path / "team"))
    assert kept is not None and kept.best is not None and kept.best.number == 1, "its weights were gone"


def test_too_little_memory_ends_the_divisions_and_not_the_run(
    run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    def short(self: Repeating, *asked: Any) -> Repeat:
        raise MemoryError("no room for another module")

    monkeypatch.setattr(Repeating, "_judged", short)
    heard = Listening()
    assert run(heard).version.status == "ready" and "no room for another module" in heard.said


class Trainings:
    """Trainings of a run with so many seconds left."""

    def __init__(self, folder: Path, left: float) -> None:
        self.folder, self.best, self.reserved, self.kept = folder, best(1), 0.0, Kept(600.0)
        sets = SimpleNamespace(validation=[], groups=lambda examples: None)
        self.learner = SimpleNamespace(say=Listening(), sets=sets, train_units=100, held_units=10)
        self.readings = Readings()
        self.anytime = SimpleNamespace(plain=[])
        self.seconds, self.kept_back = left, 0.0

    def left(self) -> float:
        return self.seconds - self.reserved

    def save(self) -> None:
        pass

    def go_back_to(self, best: Any) -> None:
        self.best = best


def best(number: int, hits: int = 5, seconds: float = 10.0) -> Any:
    """What came of a training: right on so many of ten validation rows."""
    training = Training(number, SEED, searching.TrainingOptions(), 0)
    right = Ratio((np.arange(10) < hits).astype(float), np.ones(10))
    validation, task = Scores({"accuracy": right.value}, {"accuracy": right}), SimpleNamespace(best_by="accuracy")
    candidate = SimpleNamespace(validation=validation, task=task)
    return SimpleNamespace(training=training, share=0.5, trial=SimpleNamespace(seconds=seconds), candidate=candidate)


def divided(number: int) -> Any:
    """Rows that can be divided in four ways."""
    return SimpleNamespace(validation=[SimpleNamespace(key="2" if number in (2, 3) or number > 5 else str(number))])


@pytest.fixture
def judging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Trainings]:
    """Trainings whose suggested settings (1) and found ones (2; 0: nothing was found) score so much on each division,
    25 seconds each; what was found is right on so many `hits` of ten validation rows, the suggested on five. What
    was found took so many seconds to train (`slow`)."""

    def make(
        suggested: float, found: float, left: float = 1_000.0, known: list[Repeat] | None = None, hits: int = 8,
        slow: float = 10.0,
    ) -> Trainings:  # fmt: skip
        trainings = Trainings(tmp_path, left)
        trainings.kept.repeats = known or []
        repeating = Repeating(trainings, divided)  # type: ignore[arg-type]

        def judged(division: int, sets: Any, contestants: list[Any]) -> Repeat:
            trainings.seconds -= 25 * len(contestants)
            scores = {1: suggested, 2: found}
            numbers = [one.training.number for one in contestants]
            return Repeat(division, {"frozen": 0.5}, {number: scores[number] for number in numbers})

        def search() -> None:
            trainings.kept_back = trainings.reserved
            trainings.best = best(2, hits, slow) if found else trainings.best

        monkeypatch.setattr(repeating, "_judged", judged)
        trainings.best = best(2, hits) if known and found else trainings.best
        repeating.around(search)
        return trainings

    return make


def test_what_was_found_must_be_better_on_other_divisions_and_of_equals_the_suggested_stays(
    judging: Callable[..., Trainings],
) -> None:
    assert judging(0.8, 0.9).best.training.number == 2
    assert judging(0.8, 0.8).best.training.number == 1
    back = judging(0.8, 0.7)
    assert back.best.training.number == 1 and "80.0 on 4 other divisions" in back.learner.say.said


def test_divisions_end_with_the_ways_to_divide(judging: Callable[..., Trainings]) -> None:
    trainings = judging(0.8, 0.0)
    assert [(one.division, set(one.tuned)) for one in trainings.kept.repeats] == [(d, {1}) for d in (1, 2, 4, 5)]


def test_only_so_many_divisions_are_judged_as_there_is_time_for(judging: Callable[..., Trainings]) -> None:
    assert len(judging(0.8, 0.9, left=100.0).kept.repeats) == 2


def test_where_only_one_can_be_judged_nothing_is_searched(judging: Callable[..., Trainings]) -> None:
    trainings = judging(0.8, 0.9, left=50.0)
    assert trainings.kept_back == 0.0 and trainings.best.training.number == 1
    assert [set(one.tuned) for one in trainings.kept.repeats] == [{1}, {1}]


def test_where_nothing_can_be_judged_what_is_found_must_be_proved(judging: Callable[..., Trainings]) -> None:
    lucky = judging(0.8, 0.9, left=10.0)
    assert (
        not lucky.kept.repeats
        and lucky.best.training.number == 1
        and "nothing that was found is" in lucky.learner.say.said
    )
    assert judging(0.8, 0.9, left=10.0, hits=10).best.training.number == 2


def test_the_search_leaves_no_more_than_half_of_the_time(judging: Callable[..., Trainings]) -> None:
    assert judging(0.8, 0.9, left=80.0).kept_back == 40.0
    assert judging(0.8, 0.9, left=1e6).kept_back < 200.0


def test_where_there_is_no_time_to_judge_both_the_one_that_stays_is_judged(judging: Callable[..., Trainings]) -> None:
    trainings = judging(0.8, 0.9, left=80.0, hits=10, slow=60.0)
    assert trainings.kept_back == 40.0 and trainings.best.training.number == 2
    assert [set(one.tuned) for one in trainings.kept.repeats] == [{2}]


def test_divisions_of_an_earlier_start_count_where_all_were_judged_on_them(judging: Callable[..., Trainings]) -> None:
    known = [Repeat(1, {"frozen": 0.5}, {1: 0.1, 2: 0.9})]
    kept = judging(0.8, 0.7, known=[*known]).kept
    assert [one.division for one in kept.repeats] == [1, 2, 4, 5] and kept.repeats[0].tuned == {1: 0.1, 2: 0.9}
    alone = [Repeat(1, {"frozen": 0.5}, {1: 0.1})]
    assert judging(0.8, 0.7, known=alone).kept.repeats[0].tuned == {1: 0.8, 2: 0.7}
