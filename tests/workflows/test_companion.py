"""A companion: another process of a run that trains beside it, and what happens to either when one of them is gone."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from listening import Listening
from small_texts import intents

from tunewheel import tasks
from tunewheel.records import Source
from tunewheel.training import checkpoints
from tunewheel.training.options import TrainingOptions
from tunewheel.workflows.rows.sets import Sets
from tunewheel.workflows.tuning.body import Body
from tunewheel.workflows.tuning.companion import Beside, Companion, Lost
from tunewheel.workflows.tuning.handover import hand_over, taken_over
from tunewheel.workflows.tuning.kept import Training
from tunewheel.workflows.tuning.learn import Learner
from tunewheel.workflows.tuning.orders import Order

OPTIONS = TrainingOptions(epochs=2, batch_units=512, precision="fp32", lanes=1, keep="last", warm_head=True)
ENDLESS = OPTIONS.model_copy(update={"epochs": 1_000, "batch_units": 16, "keep": "best", "patience": 1_000})


@pytest.fixture
def learner(tiny_folder: Path, tmp_path: Path) -> Learner:
    kind = tasks.find("text_classification")
    task = kind(kind.Options())
    rows = [task.parse(row, Source("rows.csv", i, "")) for i, row in enumerate(intents(120))]
    task.facts = task.learn(rows)
    body = Body.of("tiny", tiny_folder, task)
    learner = Learner(body, Sets(rows[:90], rows[90:], [], ""), 0, Listening(), tmp_path / "states")
    learner.before(OPTIONS)
    return learner


@pytest.fixture
def companion(learner: Learner, tmp_path: Path) -> Iterator[Companion]:
    with Companion(learner, tmp_path / "beside", 1) as companion:
        yield companion


def asked(companion: Companion, options: TrainingOptions, folder: Path, judge: object = None) -> Beside:
    companion.begin(Training(1, "Search", options, 5), folder / "checkpoints" / "trial001", 3_600.0, judge)
    assert companion.beside is not None
    return companion.beside


class Strict:
    """Gives up whatever it hears of."""

    def __init__(self) -> None:
        self.heard: list[tuple[float, float]] = []

    def report(self, share: float, score: float) -> bool:
        self.heard.append((share, score))
        return True


def test_what_was_handed_over_is_what_is_taken_over(learner: Learner, tmp_path: Path) -> None:
    hand_over(learner, tmp_path / "there")
    other = taken_over(tmp_path / "there")
    assert other.held == learner.held and other.task.facts == json.loads(json.dumps(learner.task.facts))
    for mine, theirs in ((learner.train, other.train), (learner.validation, other.validation)):
        assert mine.by == theirs.by and set(mine.arrays) == set(theirs.arrays)
        assert all(np.array_equal(array, theirs[name]) for name, array in mine.arrays.items())
        assert all(isinstance(array, np.memmap) for array in theirs.arrays.values())
    assert all(np.array_equal(tensor, other.head[name]) for name, tensor in learner.head.items())


@pytest.mark.parametrize("more", [{}, {"mode": "partial", "layers": 1}, {"mode": "lora"}], ids=["all", "upper", "lora"])
def test_a_training_beside_comes_to_what_it_would_have_come_to_here(
    more: dict[str, object], learner: Learner, companion: Companion, tmp_path: Path
) -> None:
    options = OPTIONS.model_copy(update=more)
    beside = asked(companion, options, tmp_path)
    here = learner.trial(options, 5, tmp_path / "here")
    outcome = beside.result.result(300)
    assert (outcome.ended, outcome.score) == ("finished", pytest.approx(here.score)) and outcome.peak_mb > 0
    assert [step.loss for step in outcome.curve] == pytest.approx([step.loss for step in here.curve], abs=1e-4)
    there = learner.restored(options, 5, beside.weights).state_dict()
    for name, tensor in here.module.state_dict().items():
        np.testing.assert_allclose(there[name], tensor, atol=1e-4, err_msg=name)
    assert {n for n, p in here.module.named_parameters() if p.requires_grad} == {
        n for n, p in learner.restored(options, 5, beside.weights).named_parameters() if p.requires_grad
    }


def test_the_search_hears_of_every_validation_and_may_give_a_training_up(companion: Companion, tmp_path: Path) -> None:
    strict = Strict()
    beside = asked(companion, ENDLESS, tmp_path, strict)
    outcome = beside.result.result(300)
    assert outcome.ended == "pruned" and len(strict.heard) == 1 and not beside.weights.exists()
    assert asked(companion, OPTIONS, tmp_path).result.result(300).ended == "finished", "it is there for the next one"


def test_a_process_that_was_killed_is_told_as_lost(companion: Companion, tmp_path: Path) -> None:
    beside = asked(companion, ENDLESS, tmp_path)
    companion._process.kill()
    with pytest.raises(Lost, match="ended"):
        beside.result.result(300)


def test_what_cannot_be_trained_is_told_with_its_reason_and_the_next_one_is_trained(
    companion: Companion, tmp_path: Path
) -> None:
    beside = asked(companion, OPTIONS.model_copy(update={"mode": "partial", "layers": 99}), tmp_path)
    with pytest.raises(Lost, match="layers"):
        beside.result.result(300)
    assert asked(companion, OPTIONS, tmp_path).result.result(300).ended == "finished"


def test_a_training_that_is_let_go_keeps_what_it_has_learnt(learner: Learner, tmp_path: Path) -> None:
    with Companion(learner, tmp_path / "beside", 1) as companion:
        strict = Strict()
        strict.report = lambda share, score: bool(strict.heard.append((share, score)))  # type: ignore[method-assign]
        asked(companion, ENDLESS, tmp_path, strict)
        until(lambda: len(strict.heard) > 2)
    saved = checkpoints.find(tmp_path / "checkpoints" / "trial001")
    assert saved is not None and json.loads((saved / "session.json").read_text())["step"] > 2
    assert not (tmp_path / "beside").exists()


def test_a_process_that_waits_for_orders_ends_at_once(learner: Learner, tmp_path: Path) -> None:
    with Companion(learner, tmp_path / "beside", 1) as companion:
        with pytest.raises(Lost):
            asked(companion, OPTIONS.model_copy(update={"mode": "partial", "layers": 99}), tmp_path).result.result(300)
        began = time.monotonic()
    assert time.monotonic() - began < 10


def test_one_that_is_far_too_late_is_ended(
    companion: Companion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tunewheel.workflows.tuning.companion.GRACE", -1e6)
    beside = asked(companion, ENDLESS, tmp_path)
    until(lambda: companion.waited(0.1))
    with pytest.raises(Lost):
        beside.result.result(0)


def test_a_copy_for_which_there_is_no_room_leaves_nothing_behind(
    learner: Learner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(bench: object, folder: Path) -> None:
        folder.mkdir()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tunewheel.workflows.tuning.companion.hand_over", full)
    with pytest.raises(OSError, match="No space"):
        Companion(learner, tmp_path / "beside", 1)
    assert not (tmp_path / "beside").exists()


def test_a_process_whose_run_was_killed_ends_too(learner: Learner, tmp_path: Path) -> None:
    """The run is a shell here, which is killed while its child learns."""
    folder = tmp_path / "beside"
    hand_over(learner, folder)
    order = Order(ENDLESS, 0, str(tmp_path / "trial"), str(tmp_path / "weights"), time.perf_counter() + 600)
    (folder / "order").write_text(json.dumps(order.to_json()) + "\n" + '{"give_up": false}\n' * 10_000)
    command = f"{sys.executable} -m tunewheel.workflows.tuning.companion_child {folder} 1"
    script = f"{command} <{folder}/order >{folder}/told & echo $!; wait"
    with subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE, text=True) as shell:
        assert shell.stdout is not None
        child = int(shell.stdout.readline())
        until(lambda: (folder / "told").exists() and (folder / "told").stat().st_size > 0)
        assert is_there(child)
        shell.kill()
        shell.wait()
        until(lambda: not is_there(child))


def until(done: object, seconds: float = 300.0) -> None:
    deadline = time.monotonic() + seconds
    while not done():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return not Path(f"/proc/{process}/stat").exists() or Path(f"/proc/{process}/stat").read_text().split()[2] != "Z"
